export type { PaymentsMiddlewareOptions } from './options.ts';
export { createPaymentsMiddleware } from './middleware.ts';
