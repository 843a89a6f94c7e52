import { dynamicTool, jsonSchema, type JSONSchema7, type Tool } from 'ai';
import type { AgentTool } from '../agent/index.ts';
import { isRefusal, toRefused } from '../frameworks/output.ts';
import { approveBy } from './approval.ts';
import type { PaymentsOptions } from './options.ts';
import { toModelOutput } from './output.ts';

/** A tool of our own in the form of the AI SDK. */
export function toAiTool(own: AgentTool, options: PaymentsOptions): Tool {
  const { description, inputSchema } = own;
  return dynamicTool({
    description,
    inputSchema: jsonSchema({ ...inputSchema, required: [...inputSchema.required] } as JSONSchema7),
    execute: async (input, { toolCallId, messages, abortSignal: signal }) => {
      const approve = approveBy({ messages, toolCallId }, options);
      const answer = await own.execute(input, { toolCallId, signal, approve });
      return isRefusal(answer) ? toRefused(answer) : answer;
    },
    toModelOutput: ({ output }) => toModelOutput(output),
  });
}
