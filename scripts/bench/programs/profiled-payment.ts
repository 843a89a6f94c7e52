// The paying function once more, in one file with a map of its sources, so that a profile can be read by them.
export { handler } from '../../../lambdas/process-payment.ts';
