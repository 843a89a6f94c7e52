import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LOOPBACK } from '../../domain/loopback.ts';
import { close, listen, PortTaken } from '../../local/loopback/server.ts';
import { CliError, EXIT } from '../terminal/outcome.ts';

const HEADERS_TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 256;
const KEY_BYTES = 16;

export interface HttpDoor {
  /** With the key in its path. */
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpDoorOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly handle: (request: Request) => Promise<Response>;
}

/**
 * Listens on 127.0.0.1 and hands on what asks for the one path that has the key in it, under a name of the loopback: what answers
 * there spends money, and any program of this machine, or page in a browser, may ask.
 */
export async function openHttpDoor({ port, randomBytes, handle }: HttpDoorOptions): Promise<HttpDoor> {
  const path = `/${Buffer.from(randomBytes(KEY_BYTES)).toString('hex')}/mcp`;
  let bound = port;
  const server = createServer((request, response) => {
    serve(request, response, { path, port: bound, handle }).catch(() => response.destroy());
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  // An answer may be a stream that stays open.
  server.requestTimeout = 0;
  server.maxConnections = CONNECTIONS_MAX;
  try {
    bound = await listen(server, port);
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    throw new CliError(EXIT.failed, `port ${port} is taken`, { hint: 'choose another with --port', cause: error });
  }
  return { url: `http://${LOOPBACK}:${bound}${path}`, close: () => close(server) };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { path, port, handle }: Pick<HttpDoorOptions, 'handle'> & { readonly path: string; readonly port: number },
): Promise<void> {
  const { method = 'GET', url = '', headers } = incoming;
  const isOwn = [`${LOOPBACK}:${port}`, `localhost:${port}`].includes(headers.host?.toLowerCase() ?? '');
  // No page asks on behalf of a person here: clients of MCP are programs, and send no Origin.
  if (!isOwn || headers.origin !== undefined || url !== path) {
    outgoing.writeHead(404).end();
    return;
  }
  const left = new AbortController();
  outgoing.once('close', () => left.abort());
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const response = await handle(
    new Request(`http://${LOOPBACK}:${port}${path}`, {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        [value].flat().map((each) => [name, each ?? ''] as [string, string]),
      ),
      signal: left.signal,
      ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {}),
    } as RequestInit),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as never), outgoing);
}
