export type { McpTransport } from './messages.ts';
export type { PayingTransportOptions, PaymentOfCall } from './paying-options.ts';
export { createPayingTransport } from './paying-transport.ts';
