import type { McpTransport } from '../../client/mcp/index.ts';
import { clipPrintable } from '../../json/quotation.ts';
import { isRecord, memberOf } from '../../json/record.ts';

/** What a transport of the SDK has besides, where it speaks HTTP. */
type HttpTransport = McpTransport & {
  readonly hasPerRequestStream?: boolean;
  setProtocolVersion?: ((version: string) => void) | undefined;
};

export interface RelayOptions {
  /** Towards the client. */
  readonly client: McpTransport;
  /** Towards the server; started already. */
  readonly server: HttpTransport;
  readonly onError: (error: unknown) => void;
}

/** Which end was closed first. */
export type End = 'client' | 'server';

type RequestId = string | number;

/** A request of the client that is not answered yet. */
interface OpenRequest {
  /** Of its progress. */
  readonly token: unknown;
  /** Where the request has a stream of its own, which is closed to cancel it. */
  readonly stop: AbortController | undefined;
}

/** JSON-RPC leaves these to servers. */
const UNREACHABLE_CODE = -32_000;
const REASON_MAX_CHARS = 400;
const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';

/**
 * Passes every message on as it is, both ways, and resolves once both ends are closed. Knows of the protocol only what its transports
 * do not find out by themselves: the revision that was agreed on, the request that a message of the server belongs to, and that
 * a request with a stream of its own is cancelled by closing it.
 */
export async function relay({ client, server, onError }: RelayOptions): Promise<End> {
  const open = new Map<RequestId, OpenRequest>();
  const ended = Promise.withResolvers<End>();
  let initializing: RequestId | null = null;

  const toServer = async (message: object): Promise<void> => {
    const id = requestIdOf(message);
    if (id === null) {
      const cancelled = memberOf(memberOf(message, 'params'), 'requestId');
      const stop = isCancellation(message) ? open.get(cancelled as RequestId)?.stop : undefined;
      return stop === undefined ? server.send(message) : stop.abort();
    }
    if (memberOf(message, 'method') === 'initialize') initializing = id;
    const meta = memberOf(memberOf(message, 'params'), '_meta');
    const hasOwnStream = server.hasPerRequestStream === true && memberOf(meta, PROTOCOL_VERSION) !== undefined;
    const stop = hasOwnStream ? new AbortController() : undefined;
    open.set(id, { token: memberOf(meta, 'progressToken'), stop });
    try {
      await server.send(message, stop === undefined ? undefined : { requestSignal: stop.signal });
    } catch (error) {
      open.delete(id);
      if (stop?.signal.aborted === true) return;
      const reason = clipPrintable(error instanceof Error ? error.message : String(error), REASON_MAX_CHARS);
      await client.send({ jsonrpc: '2.0', id, error: { code: UNREACHABLE_CODE, message: reason } });
    }
  };

  const toClient = (message: object): Promise<void> => {
    const id = memberOf(message, 'id') as RequestId | undefined;
    if (id === undefined || memberOf(message, 'method') !== undefined) {
      return client.send(message, { relatedRequestId: relatedTo(message, open) });
    }
    if (id === initializing) {
      const version = memberOf(memberOf(message, 'result'), 'protocolVersion');
      if (typeof version === 'string') server.setProtocolVersion?.(version);
      initializing = null;
    }
    open.delete(id);
    return client.send(message);
  };

  client.onmessage = (message) => void toServer(message).catch(onError);
  server.onmessage = (message) => void toClient(message).catch(onError);
  for (const [end, transport] of [
    ['client', client],
    ['server', server],
  ] as const) {
    transport.onclose = () => ended.resolve(end);
    transport.onerror = onError;
  }
  await client.start();
  const first = await ended.promise;
  await Promise.allSettled([client.close(), server.close()]);
  return first;
}

function requestIdOf(message: object): RequestId | null {
  const id = memberOf(message, 'id');
  const isRequest = typeof memberOf(message, 'method') === 'string';
  return isRequest && (typeof id === 'string' || typeof id === 'number') ? id : null;
}

function isCancellation(message: object): boolean {
  return memberOf(message, 'method') === 'notifications/cancelled' && isRecord(memberOf(message, 'params'));
}

/** The request on whose stream a message of the server goes to the client: that of its progress, else the last that is open. */
function relatedTo(message: object, open: ReadonlyMap<RequestId, OpenRequest>): RequestId | undefined {
  const token = memberOf(memberOf(message, 'params'), 'progressToken');
  const ids = [...open].filter((each) => token === undefined || each[1].token === token).map(([id]) => id);
  return ids.at(-1);
}
