import { isDeepStrictEqual } from 'node:util';
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Ledger, SessionStore, SweepIndex } from '../../../lib/domain/ports/books.ts';
import { createLedger } from '../../../lib/ledger/dynamodb/books/ledger.ts';
import { toSessionItem } from '../../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createSessionStore } from '../../../lib/ledger/dynamodb/books/session-store.ts';
import { createWindowBooks } from '../../../lib/ledger/dynamodb/windows/window-books.ts';
import { createSweepIndex } from '../../../lib/ledger/dynamodb/books/sweep-index.ts';
import type { TopUps } from '../../../lib/domain/ports/top-ups.ts';
import type { TrueUps } from '../../../lib/domain/ports/true-ups.ts';
import { createTrueUps } from '../../../lib/ledger/dynamodb/books/true-ups.ts';
import { createTopUps } from '../../../lib/ledger/dynamodb/top-ups/top-up-store.ts';
import type { WindowBooks } from '../../../lib/domain/ports/windows.ts';
import type { StoreClient } from '../../../lib/ledger/dynamodb/store/client.ts';
import type { Draw } from '../../../scripts/nemesis/plan.ts';
import { keyOf } from '../explorer/replay.ts';
import { applyCall, newBooks, type BooksCall } from '../model-ledger.ts';
import type { Operator } from '../model-operator.ts';
import { wiring } from '../wiring.ts';
import { parseFreezeKey } from '../../../lib/domain/payment/freeze.ts';
import type { GateKeeper } from '../../../lib/domain/ports/gate.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { drawCall, drawSubjects } from './calls.ts';

/** Books become uninteresting once all of their payments are decided; new ones begin after so many operations. */
const BOOKS_OPERATIONS = 400;

export interface ComparedStore {
  readonly database: DynamoDBClient;
  readonly client: StoreClient;
  /** Makes an empty table of books, and returns its name. */
  readonly freshBooks: () => Promise<string>;
}

export interface Compared {
  readonly operations: number;
  /** How often each method was called. */
  readonly calls: Readonly<Record<string, number>>;
  /** How often it wrote. */
  readonly writes: Readonly<Record<string, number>>;
}

/**
 * Sends the same random operations to the model and to the ledger on a database, and compares every answer. Throws at the first difference, with all that led to it.
 */
export async function compareRandomly(store: ComparedStore, draw: Draw, operations: number): Promise<Compared> {
  const calls: Record<string, number> = {};
  const writes: Record<string, number> = {};
  for (let done = 0; done < operations; done += BOOKS_OPERATIONS) {
    const count = Math.min(BOOKS_OPERATIONS, operations - done);
    for (const { method, wrote } of await compareBooks(store, draw, count)) {
      calls[method] = (calls[method] ?? 0) + 1;
      if (wrote) writes[method] = (writes[method] ?? 0) + 1;
    }
  }
  return { operations, calls, writes };
}

async function compareBooks(store: ComparedStore, draw: Draw, count: number) {
  const tableName = await store.freshBooks();
  const subjects = drawSubjects(draw);
  let books = newBooks(...subjects.sessions);
  for (const session of subjects.sessions) {
    await store.database.send(new PutItemCommand({ TableName: tableName, Item: toSessionItem(session, 'hash') }));
  }
  const table = { tableName, client: store.client };
  const ports = {
    ...createSweepIndex(table),
    ...createSessionStore(table),
    ...createWindowBooks(table),
    ...createTrueUps(table),
    ...gatePorts(createGateKeeper(table, wiring.drawDeploymentId)),
    ...createTopUps(table),
    ...createLedger({ ...wiring, ...table, singleSendClient: store.client }),
  };
  const sent: { readonly method: string; readonly wrote: boolean }[] = [];
  const history: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const call = drawCall(draw, subjects, books);
    const applied = answerOf(() => applyCall(books, call));
    const seen = await answerOfAsync(() => send(ports, call));
    const after = applied.kind === 'threw' ? books : applied.value.books;
    const expected = applied.kind === 'threw' ? applied : ({ kind: 'answered', value: applied.value.reply } as const);
    history.push(keyOf(call));
    sent.push({ method: call.method, wrote: after !== books });
    books = after;
    const [says, seenSays] = [comparable(call, expected), comparable(call, seen)];
    if (!isDeepStrictEqual(says, seenSays)) {
      throw new Error(
        `the model says ${keyOf(says)}\nthe database says ${keyOf(seenSays)}\nafter\n${history.join('\n')}`,
      );
    }
  }
  return sent;
}

type GatePorts = Pick<Operator, 'freeze' | 'thaw' | 'freezePart' | 'thawPart'>;
type Ports = Ledger & TrueUps & TopUps & SweepIndex & WindowBooks & GatePorts & Pick<SessionStore, 'deleteSession'>;

/** The keeper in the words of the model; who changed the gate and when is no matter of the books. */
function gatePorts(keeper: GateKeeper): GatePorts {
  const at = toEpochMs(0);
  return {
    freeze: async (now) => void (await keeper.freeze(null, { at: now, by: 'test' })),
    thaw: async (since) => void (await keeper.thaw(null, { since, at, by: 'test' })),
    freezePart: async (key, now) => void (await keeper.freeze(parseFreezeKey(key), { at: now, by: 'test' })),
    thawPart: async (key, since) => void (await keeper.thaw(parseFreezeKey(key), { since, at, by: 'test' })),
  };
}

function send(ports: Ports, call: BooksCall): Promise<unknown> {
  switch (call.method) {
    case 'deleteSession': {
      const [key, now] = call.args;
      return ports.deleteSession({ ...key, userId: 'user#1', now });
    }
    case 'openSession':
    case 'expireSession':
      throw new Error(`${call.method} is not of the ports that are compared`);
    default: {
      const method = ports[call.method] as (...args: readonly unknown[]) => Promise<unknown>;
      return method(...call.args);
    }
  }
}

/** What must be equal of an answer; what the store is free to answer is left out. */
function comparable(call: BooksCall, answer: Answered<unknown>): unknown {
  if (answer.kind === 'threw') return 'threw';
  if (call.method === 'deleteSession') return 'done';
  // Visits that are due at the same time come in any order.
  return call.method === 'dueVisits' ? (answer.value as readonly object[]).map(keyOf).toSorted() : answer.value;
}

type Answered<T> = { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'threw' };

function answerOf<T>(work: () => T): Answered<T> {
  try {
    return { kind: 'answered', value: work() };
  } catch {
    return { kind: 'threw' };
  }
}

async function answerOfAsync<T>(work: () => Promise<T>): Promise<Answered<T>> {
  try {
    return { kind: 'answered', value: await work() };
  } catch (error) {
    // Both throw for payments that are not there; whatever else the store throws is no answer.
    if (error instanceof Error && error.name === 'InvariantViolated') return { kind: 'threw' };
    throw error;
  }
}
