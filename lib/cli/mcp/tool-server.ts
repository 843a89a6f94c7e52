import type { McpServer, McpServerFactory } from '@modelcontextprotocol/server';
import type { AgentTool } from '../../client/agent/index.ts';
import { memberOf } from '../../json/record.ts';

/** The member of a call's `_meta` by which its client names the purchase: repeated under it, the call is paid once. */
const PURCHASE_ID_META = 'bursar/purchase-id';

/** Makes the servers of these tools, one for each connection. */
export async function createToolServer(tools: readonly AgentTool[], version: string): Promise<McpServerFactory> {
  const { fromJsonSchema, McpServer: Server } = await import('@modelcontextprotocol/server');
  return () => {
    const server = new Server({ name: 'bursar', title: 'Bursar', version }, { capabilities: { tools: {} } });
    for (const tool of tools) register(server, tool, fromJsonSchema(tool.inputSchema as never));
    return server;
  };
}

type Schema = ReturnType<typeof import('@modelcontextprotocol/server').fromJsonSchema>;

function register(server: McpServer, { name, description, isReadOnly, execute }: AgentTool, inputSchema: Schema): void {
  const annotations = { readOnlyHint: isReadOnly, destructiveHint: !isReadOnly, openWorldHint: true };
  server.registerTool(name, { description, inputSchema, annotations }, async (input, { mcpReq }) => {
    const purchaseId = memberOf(mcpReq._meta, PURCHASE_ID_META);
    const toolCallId = typeof purchaseId === 'string' ? purchaseId : undefined;
    const output = await execute(input, { toolCallId, signal: mcpReq.signal });
    if (memberOf(output, 'kind') !== 'refused') return { content: [{ type: 'text', text: JSON.stringify(output) }] };
    const text = String(memberOf(output, 'message'));
    return { content: [{ type: 'text', text }], isError: true, _meta: { 'bursar/refusal': output } };
  });
}
