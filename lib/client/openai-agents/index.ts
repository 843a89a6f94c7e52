export type { PaymentsOptions } from './options.ts';
export { createPayments, type Payments } from './payments.ts';
