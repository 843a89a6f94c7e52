import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { NoAnswer } from './failures.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Exchange {
  readonly headers: readonly string[];
  readonly body: string;
  /** For the connection, and again for the whole of the answer. */
  readonly timeoutMs: number;
  readonly answerMaxBytes: number;
}

/** Connections to one endpoint that are kept and used again, over HTTP/1.1. */
export interface Connections {
  /** Sends one request once. @throws NoAnswer for anything but a whole answer */
  exchange(exchange: Exchange): Promise<Answer>;
  /** Opens connections ahead of the first requests; whether they come about shows when they are used. */
  open(count: number): void;
  close(): void;
}

/** As many as a client of the SDK has; the sweeper keeps below. */
const SOCKETS_MAX = 50;
/** After a rest, Lambda's freeze among them, connections that AWS closed meanwhile are noticed before one is used. */
const REST_MIN_MS = 1_000;

export function createConnections(endpoint: URL): Connections {
  const isTls = endpoint.protocol === 'https:';
  const host = endpoint.hostname.replace(/^\[|\]$/g, '');
  const port = endpoint.port === '' ? (isTls ? 443 : 80) : Number(endpoint.port);
  // Not by imports: of `node:http` that would load undici with it, and of the other two what plain HTTP has no use for.
  const { Agent, request } = isTls ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const openedAhead = stashIn(agent, () =>
    isTls
      ? process.getBuiltinModule('node:tls').connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) })
      : connectTcp({ host, port }),
  );
  const target = { agent, host, port, method: 'POST', path: '/' };
  let lastUseMs = Date.now();

  return {
    exchange: async ({ headers, body, timeoutMs, answerMaxBytes }) => {
      if (Date.now() - lastUseMs > REST_MIN_MS) await letSocketsClose();
      try {
        return await new Promise<Answer>((resolve, reject) => {
          const out = request({ ...target, headers });
          let sent = false;
          const fail = (what: string) => {
            clearTimeout(timer);
            out.destroy();
            reject(new NoAnswer(what, sent));
          };
          const timer = setTimeout(() => fail(sent ? 'no answer in time' : 'no connection in time'), timeoutMs);
          out.on('socket', (socket) => {
            if (!socket.connecting) {
              sent = true;
              return;
            }
            socket.once(isTls ? 'secureConnect' : 'connect', () => {
              sent = true;
              timer.refresh();
            });
          });
          out.on('error', (error) => fail(describe(error)));
          out.on('response', (reply) => {
            collect(reply, answerMaxBytes, fail, (answerBody) => {
              clearTimeout(timer);
              resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: answerBody });
            });
          });
          out.end(body);
        });
      } finally {
        lastUseMs = Date.now();
      }
    },
    open: (count) => {
      for (let opened = 0; opened < count; opened += 1) openedAhead.open();
    },
    close: () => {
      openedAhead.close();
      agent.destroy();
    },
  };
}

/** Has an agent take connections that were opened before it asked for one. */
function stashIn(agent: Agent, connect: () => Socket) {
  const stash = new Map<Socket, () => void>();
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    for (const [socket, forget] of stash) {
      forget();
      if (!socket.destroyed && socket.writable) return socket.ref();
    }
    return create(options, done);
  };
  return {
    open: () => {
      // It keeps no process alive that has nothing else to do.
      const socket = connect().unref();
      const forget = () => {
        stash.delete(socket);
        socket.off('close', forget).off('error', forget);
      };
      // A connection that nobody waits for may fail; who needs one then opens another.
      socket.on('close', forget).on('error', forget);
      stash.set(socket, forget);
    },
    close: () => {
      for (const socket of stash.keys()) socket.destroy();
    },
  };
}

function collect(
  reply: IncomingMessage,
  maxBytes: number,
  fail: (what: string) => void,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  reply.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) fail(`an answer of more than ${maxBytes} bytes`);
    else chunks.push(chunk);
  });
  reply.on('error', (error) => fail(describe(error)));
  reply.on('end', () => {
    if (!reply.complete) fail('an answer that broke off');
    else done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  });
}

/** Lets Node hear of all that came in while the process did something else, or nothing. */
async function letSocketsClose(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The kind of a network failure. Not its message, which could hold what an answer began with. */
function describe(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' ? `the connection failed: ${error.code}` : 'the connection failed';
}
