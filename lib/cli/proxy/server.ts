import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readBounded } from '../../domain/bounded-bytes.ts';
import { IDENTITY_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { LOOPBACK } from '../../domain/loopback.ts';
import { close, listen } from '../../local/loopback/server.ts';
import { errorAnswer, type ForwardedAnswer } from '../../sigv4/forwarding.ts';
import type { SignedRequest } from '../../sigv4/verification.ts';
import { resign, type ResignerOptions } from './resigner.ts';

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 64;
const PATH_SHOWN_MAX_CHARS = 200;

export interface ProxyServer {
  /** Such as `http://127.0.0.1:8403`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** One line per request: nothing of its headers or bodies. */
export interface ProxyEvent {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/**
 * Listens on 127.0.0.1 and hands every request to `resign`. A name other than the loopback's in Host is refused, so that no
 * web page can reach it under a name of its own.
 *
 * @param port 0 takes a free one
 * @throws Error where the port is taken
 */
export async function startProxy(
  options: ResignerOptions,
  { port, onAnswer }: { readonly port: number; readonly onAnswer: (event: ProxyEvent) => void },
): Promise<ProxyServer> {
  let bound = port;
  const server = createServer((request, response) => {
    void serve(options, { request, response, port: bound }).then(onAnswer, () => response.destroy());
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.on('upgrade', (_request, socket) => socket.destroy());
  server.on('connect', (_request, socket) => socket.destroy());
  bound = await listen(server, port);
  return {
    url: `http://${LOOPBACK}:${bound}`,
    port: bound,
    close: () => close(server),
  };
}

async function serve(
  options: ResignerOptions,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly port: number },
): Promise<ProxyEvent> {
  const { request, response, port } = exchange;
  const result = await answer(options, request, port);
  send(response, result);
  const path = (request.url ?? '').split('?')[0]!.slice(0, PATH_SHOWN_MAX_CHARS);
  return { method: request.method ?? '', path, status: result.status };
}

async function answer(options: ResignerOptions, request: IncomingMessage, port: number): Promise<ForwardedAnswer> {
  const headers = pairsOf(request.rawHeaders);
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value.toLowerCase());
  if (hosts.length !== 1 || ![`${LOOPBACK}:${port}`, `localhost:${port}`].includes(hosts[0]!)) {
    return errorAnswer(403, 'AccessDeniedException', 'The proxy answers to 127.0.0.1 and localhost only');
  }
  // Kept open where it is left early, so that the refusal still arrives.
  const body = await readBounded(request.iterator({ destroyOnReturn: false }), IDENTITY_BODY_MAX_BYTES);
  if (body === null) {
    const expected = `expected at most ${IDENTITY_BODY_MAX_BYTES} bytes`;
    return errorAnswer(413, 'ValidationException', `The request body is too large: ${expected}`);
  }
  const signed: SignedRequest = { method: request.method ?? '', target: request.url ?? '', headers, body };
  return resign(options, signed);
}

function pairsOf(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
}

function send(response: ServerResponse, { status, headers, body }: ForwardedAnswer): void {
  // The connection is not kept after a body that was too large to read.
  const connection = status === 413 ? { connection: 'close' } : {};
  response.writeHead(status, { ...headers, ...connection, 'content-length': body.byteLength });
  response.end(body);
}
