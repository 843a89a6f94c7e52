import { isRecord, memberOf } from '../../json/record.ts';

/**
 * A transport of an MCP client, as both lines of the official SDK have it: `@modelcontextprotocol/sdk` and
 * `@modelcontextprotocol/client`.
 */
export interface McpTransport {
  start(): Promise<void>;
  send(message: object, options?: object): Promise<void>;
  close(): Promise<void>;
  // As a method, so that a handler of narrower messages fits as well.
  onmessage?: { handle(message: object, extra?: object): void }['handle'] | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
}

export type RequestId = string | number;

/** The answer to a request. @see https://www.jsonrpc.org/specification */
export interface Answer {
  readonly id: RequestId;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A call of a tool. */
export interface ToolCall {
  readonly id: RequestId;
  readonly method: 'tools/call';
  readonly params: { readonly name: string; readonly arguments?: unknown; readonly _meta?: object };
}

/** In the envelope of a request since revision 2026-07-28. */
const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
/** @see https://github.com/x402-foundation/x402/blob/main/specs/transports-v2/mcp.md */
const PAYMENT_EXTENSION = 'org.x402/payment';

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}

export function toAnswer(message: object): Answer | null {
  const id = memberOf(message, 'id');
  if (!isId(id) || memberOf(message, 'method') !== undefined) return null;
  const [result, error] = [memberOf(message, 'result'), memberOf(message, 'error')];
  return isRecord(result) || isRecord(error) ? { id, result, error } : null;
}

export function toToolCall(message: object): ToolCall | null {
  const [id, method, params] = [memberOf(message, 'id'), memberOf(message, 'method'), memberOf(message, 'params')];
  if (!isId(id) || method !== 'tools/call' || typeof memberOf(params, 'name') !== 'string') return null;
  const meta = memberOf(params, '_meta');
  return meta === undefined || isRecord(meta) ? (message as ToolCall) : null;
}

/** The request that a notification cancels; `null` for any other message. */
export function cancelledIdOf(message: object): RequestId | null {
  if (memberOf(message, 'method') !== 'notifications/cancelled') return null;
  const id = memberOf(memberOf(message, 'params'), 'requestId');
  return isId(id) ? id : null;
}

export function withCancelledId(message: object, requestId: RequestId): object {
  return { ...message, params: { ...(memberOf(message, 'params') as object), requestId } };
}

/** A member of `_meta`, of parameters or of a result. */
export function metaOf(value: unknown, name: string): unknown {
  return memberOf(memberOf(value, '_meta'), name);
}

export function withMeta<T extends object>(value: T, added: object): T {
  return { ...value, _meta: { ...(memberOf(value, '_meta') as object | undefined), ...added } };
}

/** The call as the server gets it: without what is meant for this client, and saying that it can pay where there is a place for that. */
export function toSent(call: ToolCall, ownNames: readonly string[]): ToolCall {
  const { _meta = {}, ...params } = call.params;
  const meta = Object.entries(_meta).filter(([name]) => !ownNames.includes(name));
  if (meta.length === 0) return { ...call, params };
  const told = meta.map(
    ([name, value]) => [name, name === CLIENT_CAPABILITIES ? withExtension(value) : value] as const,
  );
  return { ...call, params: { ...params, _meta: Object.fromEntries(told) } };
}

function withExtension(capabilities: unknown): unknown {
  if (!isRecord(capabilities)) return capabilities;
  const extensions = memberOf(capabilities, 'extensions');
  return { ...capabilities, extensions: { ...(isRecord(extensions) ? extensions : {}), [PAYMENT_EXTENSION]: {} } };
}

/** A result of a call that says by a text that something went wrong. */
export function toErrorResult(call: ToolCall, text: string, kept: { readonly _meta?: object } = {}): object {
  const isModern = metaOf(call.params, PROTOCOL_VERSION) !== undefined;
  return {
    ...kept,
    ...(isModern ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
  };
}
