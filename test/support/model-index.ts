import type { PaymentId } from '../../lib/domain/ids.ts';
import { SWEEP_PAGE_ITEMS, SWEEP_SHARDS } from '../../lib/domain/limits.ts';
import type { DueVisit } from '../../lib/domain/ports/books.ts';
import type { EpochMs } from '../../lib/domain/time.ts';
import { shardOf } from '../../lib/ledger/dynamodb/books/keys.ts';
import type { Applied, Books, BooksCall } from './model-ledger.ts';

/** Where a payment stands in the index of visits. */
export interface Visit {
  readonly dueAt: EpochMs;
  /** When the first of the visits was due that have failed since the last that did not. */
  readonly failingSince: EpochMs | null;
}

type IndexCall = Extract<
  BooksCall,
  { readonly method: 'dueVisits' | 'hasVisits' | 'dropVisit' | 'handOver' | 'postponeVisit' | 'putOff' }
>;

/** Applies one request of the sweeper's to the index of visits. */
export function applyIndexCall(books: Books, call: IndexCall): Applied {
  switch (call.method) {
    case 'dueVisits': {
      const [shard, now, after] = call.args;
      const rest = visitsOf(books, shard).filter((visit) => visit.dueAt <= now && isAfter(visit, after));
      return { books, reply: rest.slice(0, SWEEP_PAGE_ITEMS) };
    }
    case 'hasVisits':
      return { books, reply: visitsOf(books, call.args[0]).length > 0 };
    case 'dropVisit':
    // The sweeper sees it no more.
    case 'handOver':
      return { books: changeVisit(books, call.args[0], call.args[1], null), reply: undefined };
    case 'postponeVisit': {
      const [id, attempt, dueAt] = call.args;
      return { books: changeVisit(books, id, attempt, { dueAt, failingSince: null }), reply: undefined };
    }
    case 'putOff':
      return putOff(books, ...call.args);
  }
}

/** All visits that are due at an instant, of all shards, in the order of their time. */
export function allDueVisits(books: Books, now: EpochMs): readonly DueVisit[] {
  const all = [...books.visits].map(([id, { dueAt }]) => ({ id, shard: shardOf(id, SWEEP_SHARDS), dueAt }));
  return all.filter(({ dueAt }) => dueAt <= now).toSorted(compare);
}

function visitsOf(books: Books, shard: number): readonly DueVisit[] {
  const all = [...books.visits].map(([id, { dueAt }]) => ({ id, shard: shardOf(id, SWEEP_SHARDS), dueAt }));
  return all.filter((visit) => visit.shard === shard).toSorted(compare);
}

/** As the index orders them. */
function compare(a: DueVisit, b: DueVisit): number {
  return a.dueAt - b.dueAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function isAfter(visit: DueVisit, after: DueVisit | null): boolean {
  return after === null || compare(visit, after) > 0;
}

/** Fenced by the attempt, and only where the payment is on the index. */
function changeVisit(books: Books, id: PaymentId, attempt: number, to: Visit | null): Books {
  if (books.payments.get(id)?.attempt !== attempt || !books.visits.has(id)) return books;
  const visits = new Map(books.visits);
  if (to === null) visits.delete(id);
  else visits.set(id, to);
  return { ...books, visits };
}

function putOff(books: Books, { id, dueAt }: DueVisit, until: EpochMs): Applied {
  const visit = books.visits.get(id);
  if (visit === undefined || visit.dueAt !== dueAt) return { books, reply: null };
  const failingSince = visit.failingSince ?? dueAt;
  return {
    books: { ...books, visits: new Map(books.visits).set(id, { dueAt: until, failingSince }) },
    reply: failingSince,
  };
}
