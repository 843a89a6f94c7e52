import { Client as ClientV2, InMemoryTransport as InMemoryTransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport as InMemoryTransportV1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Server as ServerV2 } from '@modelcontextprotocol/server';
import type { McpTransport } from '../../../lib/client/mcp/index.ts';

/** A call of a tool as its server sees it. */
export interface SeenCall {
  readonly name: string;
  readonly input: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => Promise<void>;
}

/** Answers with a result, or throws an error with `code` and `data`, which become those of JSON-RPC. */
export type ToolHandler = (call: SeenCall) => object | Promise<object>;

export interface CallOptions {
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
  readonly timeoutMs?: number;
}

export interface ToolResult {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** One line of the official SDK, as a client and as a server. */
export interface Line {
  readonly name: string;
  pair(): [McpTransport, McpTransport];
  serve(transport: McpTransport, handle: ToolHandler): Promise<{ close(): Promise<void> }>;
  connect(transport: McpTransport): Promise<{
    call(name: string, input: object, options?: CallOptions): Promise<ToolResult>;
    list(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
    close(): Promise<void>;
    /** What the client has reported besides. */
    readonly errors: readonly Error[];
  }>;
}

const INFO = { name: 'tools', version: '1.0.0' };
const SERVED = { capabilities: { tools: {} } };

const v1: Line = {
  name: '@modelcontextprotocol/sdk',
  pair: () => InMemoryTransportV1.createLinkedPair(),
  serve: async (transport, handle) => {
    const server = new ServerV1(INFO, SERVED);
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
      const { _meta: meta = {}, signal } = extra;
      const progress = (done: number) =>
        extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken: meta.progressToken!, progress: done },
        });
      return (await handle({ name: params.name, input: params.arguments, meta, signal, progress })) as never;
    });
    await server.connect(transport as never);
    return server;
  },
  connect: async (transport) => {
    const client = new ClientV1(INFO);
    const errors: Error[] = [];
    client.onerror = (error) => errors.push(error);
    await client.connect(transport as never);
    return {
      errors,
      list: () => client.listTools(),
      close: () => client.close(),
      call: (name, input, options = {}) =>
        client.callTool(toParams(name, input, options), undefined, toRequestOptions(options)) as Promise<ToolResult>,
    };
  },
};

const v2: Line = {
  name: '@modelcontextprotocol/client and /server',
  pair: () => InMemoryTransportV2.createLinkedPair(),
  serve: async (transport, handle) => {
    const server = new ServerV2(INFO, SERVED);
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
      const { _meta: meta = {}, signal } = mcpReq;
      const progress = (done: number) =>
        mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken: meta.progressToken!, progress: done },
        });
      return (await handle({ name: params.name, input: params.arguments, meta, signal, progress })) as never;
    });
    await server.connect(transport as never);
    return server;
  },
  connect: async (transport) => {
    const client = new ClientV2(INFO);
    const errors: Error[] = [];
    client.onerror = (error) => errors.push(error);
    await client.connect(transport as never);
    return {
      errors,
      list: () => client.listTools(),
      close: () => client.close(),
      call: (name, input, options = {}) =>
        client.callTool(toParams(name, input, options), toRequestOptions(options)) as Promise<ToolResult>,
    };
  },
};

export const LINES: readonly Line[] = [v1, v2];

/** Each line's client with each line's server. */
export const COMBINATIONS = LINES.flatMap((client) => LINES.map((server) => ({ client, server })));

function toParams(name: string, input: object, { meta }: CallOptions) {
  return { name, arguments: input as Record<string, unknown>, ...(meta === undefined ? {} : { _meta: meta }) };
}

/** A call that nobody answers is over before its test would be. */
const ANSWER_MAX_MS = 5_000;

function toRequestOptions({ signal, onProgress, timeoutMs = ANSWER_MAX_MS }: CallOptions) {
  return {
    timeout: timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onprogress: ({ progress }: { progress: number }) => onProgress(progress) }),
  };
}
