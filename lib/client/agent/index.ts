export type { AgentTool, AgentToolContext, AgentToolSchema } from './agent-tool.ts';
export type { AllowList } from './allow-list.ts';
export { createFetchTool, type FetchToolEvent, type FetchToolOptions } from './fetching/fetch-tool.ts';
export type { FetchedOutput } from './fetching/fetch-output.ts';
export { createGuardedFetch, type GuardOptions, type Resolve } from './guard/guard-options.ts';
export { createReadingTools, type ReadingToolOptions } from './reading-tools.ts';
export { CallRefused, ToolPaymentError, type ClientCode } from './refusal.ts';
export type {
  ApprovalRequest,
  Approve,
  OfCall,
  PreSignRequest,
  ProofHeaders,
  Refusal,
  ToolCall,
  ToolHandler,
  ToolLimits,
  ToolOutcome,
  ToolPayment,
  ToolPaymentEvent,
  ToolPaymentOptions,
  ToolRequest,
} from './tool-options.ts';
export { createToolPayments, type ToolPayments } from './tool-payments.ts';
export type {
  ManagerClient,
  PaymentHeaderInput,
  PaymentManager,
  PaymentManagerOptions,
  PaymentRequiredRequest,
  ProcessPaymentCall,
} from './manager/manager-options.ts';
export {
  InsufficientBudget,
  InvalidPaymentInstrument,
  PaymentError,
  PaymentInstrumentConfigurationRequired,
  PaymentInstrumentNotFound,
  PaymentSessionConfigurationRequired,
  PaymentSessionExpired,
  PaymentSessionNotFound,
} from './manager/payment-errors.ts';
export { createPaymentManager } from './manager/payment-manager.ts';
