export type { AgentTool, AgentToolContext, AgentToolSchema } from './agent-tool.ts';
export type { AllowList } from './allow-list.ts';
export { createFetchTool, type FetchToolEvent, type FetchToolOptions } from './fetch-tool.ts';
export type { FetchedOutput } from './fetch-output.ts';
export { createGuardedFetch, type GuardOptions, type Resolve } from './guard-options.ts';
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
