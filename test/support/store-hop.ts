import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { close, listen } from '../../lib/local/loopback/server.ts';

/** One request to the database as the hop saw it. */
export interface SeenCall {
  /** `GetItem`, `UpdateItem`, ... */
  readonly operation: string;
  /** Which round trip it belonged to: requests that are sent without waiting for each other's answers share one. */
  readonly round: number;
  /** Capacity units as the database counts them, tables and indexes together. */
  units: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the hop does to a call, besides passing it on. */
export type Fault =
  /** The request never arrives. */
  | 'lose_request'
  /** The request is applied; its reply never arrives. */
  | 'lose_reply'
  /** The database answers that it is too busy; nothing is applied. */
  | 'throttle'
  /** The database answers that another transaction has the item, before applying. */
  | 'conflict'
  /** The request is applied; the database answers that an earlier try of it is still at work. */
  | 'in_progress'
  /** The database answers 500 after applying. */
  | 'fail_after_apply';

export interface StoreHop {
  readonly endpoint: string;
  readonly calls: readonly SeenCall[];
  /** Forgets what it has seen. */
  forget(): void;
  /** Whether to hold back answers until no further request comes, so that round trips can be counted. */
  countRounds(on: boolean): void;
  /** Decides on the fault of each call; `null` passes it on untouched. */
  setFaults(choose: ((call: SeenCall) => Fault | null) | null): void;
  close(): Promise<void>;
}

/** A hop in front of a DynamoDB endpoint that counts what passes and can lose or refuse it. Changes no answer otherwise. */
export async function startStoreHop(target: string): Promise<StoreHop> {
  const { hostname, port } = new URL(target);
  let calls: SeenCall[] = [];
  let choose: ((call: SeenCall) => Fault | null) | null = null;
  const rounds = createRounds();

  const pass = (
    incoming: IncomingMessage,
    body: string,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { ...incoming.headers, 'content-length': `${Buffer.byteLength(body)}` };
      const out = httpRequest({ hostname, port, method: 'POST', path: '/', headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text: Buffer.concat(chunks).toString() }),
        );
      });
      out.on('error', reject);
      out.end(body);
    });

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const call: SeenCall = { operation, round: rounds.current(), units: 0, body };
    calls.push(call);
    await rounds.end();
    const fault = choose?.(call) ?? null;
    if (fault === 'lose_request') return void incoming.socket.destroy();
    if (fault === 'conflict') return answerConflict(outgoing, operation, body);
    if (fault === 'throttle') return answerError(outgoing, 400, 'ProvisionedThroughputExceededException');
    const reply = await pass(incoming, JSON.stringify({ ...body, ReturnConsumedCapacity: 'INDEXES' }));
    call.units = unitsOf(reply.text);
    if (fault === 'lose_reply') return void incoming.socket.destroy();
    if (fault === 'in_progress') return answerError(outgoing, 400, 'TransactionInProgressException');
    if (fault === 'fail_after_apply') return answerError(outgoing, 500, 'InternalServerError');
    outgoing.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.0' });
    outgoing.end(reply.text);
    return undefined;
  };

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const ownPort = await listen(server, 0);
  return {
    endpoint: `http://127.0.0.1:${ownPort}`,
    get calls() {
      return calls;
    },
    forget: () => {
      calls = [];
    },
    countRounds: rounds.turn,
    setFaults: (chosen) => {
      choose = chosen;
    },
    close: () => close(server),
  };
}

/** No code here computes for so long between two requests that it sends without waiting. */
const ROUND_QUIET_MS = 100;

function createRounds() {
  let on = false;
  let round = 0;
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  return {
    turn: (value: boolean) => {
      on = value;
    },
    current: () => round,
    /** Resolves once no request has come for a while; all that waited till then were one round trip. */
    end: (): Promise<void> => {
      if (!on) return Promise.resolve();
      clearTimeout(timer);
      timer = setTimeout(() => {
        round += 1;
        for (const go of waiting) go();
        waiting = [];
      }, ROUND_QUIET_MS);
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  };
}

function answerConflict(outgoing: ServerResponse, operation: string, { TransactItems: parts }: SeenCall['body']): void {
  if (operation !== 'TransactWriteItems') return answerError(outgoing, 400, 'TransactionConflictException');
  const reasons = (parts as readonly unknown[]).map((_, place) => ({
    Code: place === 0 ? 'TransactionConflict' : 'None',
  }));
  return answerError(outgoing, 400, 'TransactionCanceledException', { CancellationReasons: reasons });
}

function answerError(outgoing: ServerResponse, status: number, name: string, members: object = {}): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  outgoing.end(
    JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'planted by the test', ...members }),
  );
}

function unitsOf(text: string): number {
  const reply = JSON.parse(text) as { ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[] };
  const consumed = reply.ConsumedCapacity;
  if (consumed === undefined) return 0;
  return (Array.isArray(consumed) ? consumed : [consumed]).reduce(
    (sum, { CapacityUnits = 0 }) => sum + CapacityUnits,
    0,
  );
}
