import type { McpTransport } from '../../client/mcp/index.ts';
import type { CliDeps } from '../program/command.ts';

/** A server of MCP, as it is named on the command line. */
export type McpServerAddress =
  | { readonly kind: 'http'; readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly args: readonly string[];
      /** Besides those that every program gets, such as PATH. */
      readonly env: Readonly<Record<string, string>>;
    };

/** One message, such as a large result. */
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;

/** A transport to a server, not started. A proof that goes through it follows no redirect to another origin. */
export async function connectServer(address: McpServerAddress, send: typeof fetch): Promise<McpTransport> {
  if (address.kind === 'http') {
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const { url, headers } = address;
    return new StreamableHTTPClientTransport(url, {
      fetch: send,
      requestInit: { headers: { ...headers } },
      redirectPolicy: 'same-origin',
    });
  }
  const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const { command, args, env } = address;
  return new StdioClientTransport({
    command,
    args: [...args],
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'inherit',
    maxBufferSize: MESSAGE_MAX_BYTES,
  });
}

/** A transport to the client that has started this process, not started. */
export async function openStdio({ pipes }: Pick<CliDeps, 'pipes'>): Promise<McpTransport> {
  const { StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
  return new StdioServerTransport(pipes.input, pipes.output, { maxBufferSize: MESSAGE_MAX_BYTES });
}
