import { tool, type FunctionTool } from '@openai/agents';
import type { AgentTool } from '../agent/index.ts';
import { isRefusal, toRefused } from '../frameworks/output.ts';
import type { Quote } from '../frameworks/quote.ts';
import type { Approvals } from './approvals.ts';

/** A tool of our own in the form of OpenAI Agents. @param quote what a call would cost; `null` for a tool that pays nothing */
export function toOpenAiTool(own: AgentTool, approvals: Approvals, quote: Quote | null): FunctionTool {
  const { name, description, inputSchema } = own;
  return tool({
    name,
    description,
    strict: false,
    parameters: { ...inputSchema, additionalProperties: true } as never,
    needsApproval: async (context, input, callId = '') =>
      quote !== null && approvals.isNeeded(context, { tool: name, callId }, async () => quote(input)),
    execute: async (input, context, details) => {
      const toolCallId = details?.toolCall?.callId;
      const approve = approvals.approveBy(context, { tool: name, callId: toolCallId ?? '' });
      const answer = await own.execute(input, { toolCallId, signal: details?.signal, approve });
      return isRefusal(answer) ? toRefused(answer) : answer;
    },
  });
}
