import { tool, ToolMessage, type ToolRuntime } from 'langchain';
import type { AgentTool } from '../agent/index.ts';
import { isRefusal } from '../frameworks/output.ts';
import { approveBy, type Interrupt } from './asking.ts';
import { toRefusedMessage } from './message.ts';
import type { PaymentsMiddlewareOptions } from './options.ts';

/** What the graph hands to its tools; its type lacks the interrupt. */
type Runtime = ToolRuntime & { readonly interrupt?: Interrupt };

/** A tool of the middleware in the form of LangChain. */
export function toLangChainTool(own: AgentTool, options: PaymentsMiddlewareOptions) {
  const { name, description, inputSchema: schema } = own;
  return tool(
    async (input: unknown, { toolCallId, signal, interrupt }: Runtime) => {
      const approve = approveBy(interrupt, options);
      const artifact = await own.execute(input, { toolCallId, signal, approve });
      if (isRefusal(artifact)) return toRefusedMessage({ name, toolCallId }, artifact);
      const content = typeof artifact === 'string' ? artifact : JSON.stringify(artifact);
      return new ToolMessage({ name, tool_call_id: toolCallId, content, artifact });
    },
    { name, description, schema },
  );
}
