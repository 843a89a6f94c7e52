export type { McpTransport } from './messages.ts';
export type { PayingTransportEvent, PayingTransportOptions, PaymentOfCall, PaymentRefusal } from './paying-options.ts';
export { createPayingTransport } from './paying-transport.ts';
