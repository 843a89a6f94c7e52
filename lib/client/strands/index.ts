export type { PaymentsPluginOptions } from './options.ts';
export { createPaymentsPlugin, type PaymentsPlugin } from './plugin.ts';
