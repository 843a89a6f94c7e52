import { composeProcessPayment } from '../lib/functions/process-payment.ts';

export const handler = composeProcessPayment(process.env);
