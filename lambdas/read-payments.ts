import { composeReadPayments } from '../lib/service/compose/read-payments.ts';

export const handler = composeReadPayments(process.env);
