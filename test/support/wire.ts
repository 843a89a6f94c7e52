import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it came over the wire. */
export interface WireRequest {
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Counts connections from 1, so that tests see which requests shared one. */
  readonly connection: number;
}

export interface WireAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it stands, or something to write as JSON. */
  readonly body: string | object;
}

/** What the server does with a request, besides answering it. */
export type WireFault =
  /** Cuts the connection without a byte. */
  | 'drop'
  /** Says nothing, for ever. */
  | 'stall'
  /** Sends the head and half of the body, then cuts the connection. */
  | 'half_a_body'
  /** Sends the head and half of the body, and no more. */
  | 'stalled_body';

export type WireReply = WireAnswer | WireFault;

export interface Wire {
  readonly endpoint: string;
  readonly requests: WireRequest[];
  /** Connections that were opened. */
  readonly connections: number;
  /** Decides on each request; `{}` with status 200 unless set. */
  reply: (request: WireRequest) => WireReply;
  /** Closes every connection, as a server does that is tired of waiting. */
  closeAll(): void;
  /** What an environment needs to have both transports talk to it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const REGION = 'eu-west-1';

/** Speaks the AWS JSON protocols' side of the wire as a test tells it to. */
export async function startWire(): Promise<Wire> {
  const numbers = new Map<Socket, number>();
  const requests: WireRequest[] = [];
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: WireRequest = {
      operation: String(incoming.headers['x-amz-target']).split('.')[1] ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
      connection: numbers.get(incoming.socket) ?? 0,
    };
    requests.push(request);
    const reply = wire.reply(request);
    if (reply === 'stall') return;
    if (reply === 'drop') return void incoming.socket.destroy();
    const { status = 200, headers = {}, body } = typeof reply === 'string' ? { body: { Item: {} } } : reply;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    outgoing.writeHead(status, { 'content-length': Buffer.byteLength(text), ...headers });
    if (typeof reply !== 'string') return void outgoing.end(text);
    outgoing.write(text.slice(0, text.length / 2), () => {
      if (reply === 'half_a_body') incoming.socket.destroy();
    });
    return undefined;
  };
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.on('connection', (socket) => numbers.set(socket, numbers.size + 1));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wire: Wire = {
    endpoint,
    requests,
    get connections() {
      return numbers.size;
    },
    reply: () => ({ body: {} }),
    closeAll: () => server.closeAllConnections(),
    environment: {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'AKIDWIRE',
      AWS_SECRET_ACCESS_KEY: 'not-a-secret',
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_KMS: endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return wire;
}
