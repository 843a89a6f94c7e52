import { composeReadPayments } from '../lib/functions/read-payments.ts';

export const handler = composeReadPayments(process.env);
