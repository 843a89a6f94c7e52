import {
  JsonBlock,
  TextBlock,
  ToolResultBlock,
  type JSONSchema,
  type JSONValue,
  type Tool,
  type ToolContext,
} from '@strands-agents/sdk';
import type { AgentTool } from '../agent/index.ts';
import { emitting } from '../frameworks/emitting.ts';
import { isRefusal } from '../frameworks/output.ts';
import type { Asking } from './asking.ts';
import { toRefusedBlock } from './result.ts';

/** A tool of the plugin in the form of Strands. @param find the tool as it is when it is called */
export function toStrandsTool(
  { name, description, inputSchema }: AgentTool,
  find: () => AgentTool,
  asking: Asking,
): Tool {
  const run = async ({ toolUse, cancelSignal, interrupt }: ToolContext): Promise<ToolResultBlock> => {
    const { toolUseId, input } = toolUse;
    const answer = await asking.pay({ tool: name, toolUseId, interrupt }, async (approve) =>
      find().execute(input, { toolCallId: toolUseId, signal: cancelSignal, approve }),
    );
    return isRefusal(answer) ? toRefusedBlock(toolUseId, answer) : toBlock(toolUseId, answer);
  };
  return {
    name,
    description,
    toolSpec: { name, description, inputSchema: { ...inputSchema, required: [...inputSchema.required] } as JSONSchema },
    // It has nothing to tell on its way.
    stream: (context) => emitting<never, ToolResultBlock>(async () => run(context)),
  };
}

function toBlock(toolUseId: string, result: unknown): ToolResultBlock {
  const content = typeof result === 'string' ? new TextBlock(result) : new JsonBlock({ json: result as JSONValue });
  return new ToolResultBlock({ toolUseId, status: 'success', content: [content] });
}
