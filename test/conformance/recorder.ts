import { Readable } from 'node:stream';

/** One request of a client and what came back, both as they stood on the wire. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  };
}

/** An answer that is made up at the client's edge. `lost` sends the request all the same, and loses what came back. */
export interface Fault {
  readonly status: number;
  readonly name: string;
  readonly when: 'instead' | 'lost';
}

export interface Recorder {
  readonly exchanges: Exchange[];
  /** Used up one by one, each by the next request. */
  readonly faults: Fault[];
}

interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Handler = (args: { readonly request: WireRequest }) => Promise<{ readonly response: WireResponse }>;

/** What the official clients let others add to themselves; a part of their own type. */
export interface Recordable {
  readonly middlewareStack: { add(middleware: never, options: never): void };
}

/** Listens to every attempt of a client, closest to the wire. Changes nothing but where a fault is asked for. */
export function record(client: Recordable): Recorder {
  const recorder: Recorder = { exchanges: [], faults: [] };
  const middleware =
    (next: Handler): Handler =>
    async (args) => {
      const fault = recorder.faults.shift();
      const { response } =
        fault?.when === 'instead' ? { response: madeUp(fault) } : await next(args as { request: WireRequest });
      const text = await readText(response.body);
      recorder.exchanges.push(toExchange(args.request, response, text));
      if (fault !== undefined) return { response: madeUp(fault) };
      return { response: Object.assign(response, { body: Readable.from(text === '' ? [] : [Buffer.from(text)]) }) };
    };
  client.middlewareStack.add(middleware as never, { step: 'deserialize', priority: 'low', name: 'recorder' } as never);
  return recorder;
}

function toExchange(
  { method, path, query, headers, body }: WireRequest,
  response: WireResponse,
  text: string,
): Exchange {
  return {
    method,
    path,
    query: query ?? {},
    headers: lowerNames(headers),
    body: body instanceof Uint8Array ? new TextDecoder().decode(body) : typeof body === 'string' ? body : '',
    answer: { status: response.statusCode, headers: lowerNames(response.headers), text },
  };
}

function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function readText(body: unknown): Promise<string> {
  if (body === undefined || body === null) return '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function madeUp({ status, name }: Fault): WireResponse {
  const text = JSON.stringify({ __type: name, message: 'made up at the edge of the client' });
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': name };
  return { statusCode: status, headers, body: Readable.from([Buffer.from(text)]) };
}
