import type { ChainTrouble } from '../../domain/ports/chains.ts';

/** Asks one endpoint one thing, as JSON-RPC has it. `null` is an answer too. Throws `EndpointFailure`. */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** What an endpoint says of a request that it refuses. Its words are a stranger's. */
interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** One endpoint gave no usable answer. Without `cause`, which would quote its URL. */
export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
  readonly code: ChainTrouble;
  /** Present with `rpc_error`. */
  readonly rpc: RpcError | null;

  constructor(code: ChainTrouble, detail = '', rpc: RpcError | null = null) {
    super(detail === '' ? code : `${code} ${detail}`);
    this.code = code;
    this.rpc = rpc;
  }
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly answerMaxBytes: number;
}

/** Of EIP-1474, and of providers that put HTTP's status there. */
const RATE_LIMIT_CODES: ReadonlySet<number> = new Set([-32_005, 429]);

/**
 * Sends one request of JSON-RPC over HTTP and reads at most so many bytes of the answer. Follows no redirect.
 * @param signal ends it before its own time is up
 */
export async function askEndpoint(
  url: string,
  { method, params }: { readonly method: string; readonly params: readonly unknown[] },
  {
    fetch: send,
    timeoutMs,
    answerMaxBytes,
    signal,
  }: CallLimits & { readonly fetch: typeof fetch; readonly signal: AbortSignal },
): Promise<unknown> {
  let text: string;
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new EndpointFailure(response.status === 429 ? 'rate_limited' : 'http_status', `${response.status}`);
    }
    text = await readBounded(response, answerMaxBytes);
  } catch (error) {
    if (error instanceof EndpointFailure) throw error;
    const isLate = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
    throw new EndpointFailure(isLate ? 'timeout' : 'unreachable');
  }
  return resultOf(text);
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > maxBytes) throw new EndpointFailure('oversized', `above ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @see https://www.jsonrpc.org/specification#response_object */
function resultOf(text: string): unknown {
  const { result, error } = parseRecord(text);
  if (error === undefined || error === null) {
    if (result === undefined) throw new EndpointFailure('garbage');
    return result;
  }
  const { code, message, data } = toRecord(error);
  if (typeof code !== 'number' || typeof message !== 'string') throw new EndpointFailure('garbage');
  if (RATE_LIMIT_CODES.has(code)) throw new EndpointFailure('rate_limited', `${code}`);
  throw new EndpointFailure('rpc_error', `${code}`, { code, message, data });
}

function parseRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    throw new EndpointFailure('garbage');
  }
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
