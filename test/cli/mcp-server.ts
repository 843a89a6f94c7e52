import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { LINES } from '../client/mcp/lines.ts';
import { askX402, asResult } from '../client/mcp/tools-world.ts';

/** A server of MCP for tests to run: sells `search`, tells its environment, and ends when told to. */
await LINES[1]!.serve(new StdioServerTransport(), ({ name, meta }) => {
  switch (name) {
    case 'environment':
      return { content: [{ type: 'text', text: JSON.stringify(process.env) }] };
    case 'end':
      process.exit(0);
  }
  if (meta['x402/payment'] === undefined) return asResult(askX402());
  return { content: [{ type: 'text', text: 'found' }] };
});
