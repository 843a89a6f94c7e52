import { composeProcessPayment } from '../lib/service/compose/process-payment.ts';

export const handler = composeProcessPayment(process.env);
