import type { Ledger, SweepIndex, SweepReads } from '../../lib/domain/ports/books.ts';
import type { TopUps } from '../../lib/domain/ports/top-ups.ts';
import type { TrueUps } from '../../lib/domain/ports/true-ups.ts';
import type { WindowBooks } from '../../lib/domain/ports/windows.ts';
import { applyCall, type Books, type BooksCall, type Carry } from './model-ledger.ts';

/** A ledger whose every request is carried to the books by somebody else. */
export function ledgerOver(carry: Carry): Ledger {
  const call = portCalls(carry);
  return {
    readSession: call('readSession'),
    readGate: call('readGate'),
    readPayment: call('readPayment'),
    putIntent: call('putIntent'),
    reserve: call('reserve'),
    takeOver: call('takeOver'),
    decide: call('decide'),
    supersede: call('supersede'),
    settle: call('settle'),
    release: call('release'),
  };
}

/** True-ups whose every request is carried to the books by somebody else. */
export function trueUpsOver(carry: Carry): TrueUps {
  return { trueUp: portCalls(carry)('trueUp') };
}

/** Top-ups whose every request is carried to the books by somebody else. */
export function topUpsOver(carry: Carry): TopUps {
  const call = portCalls(carry);
  return { findTopUp: call('findTopUp'), raiseLimit: call('raiseLimit') };
}

/** An index of visits whose every request is carried to the books by somebody else. */
export function indexOver(carry: Carry): SweepIndex {
  const call = portCalls(carry);
  return {
    dueVisits: call('dueVisits'),
    hasVisits: call('hasVisits'),
    dropVisit: call('dropVisit'),
    handOver: call('handOver'),
    postponeVisit: call('postponeVisit'),
    putOff: call('putOff'),
  };
}

/** Windows whose every request is carried to the books by somebody else. */
export function windowsOver(carry: Carry): WindowBooks {
  const call = portCalls(carry);
  return { readWindow: call('readWindow'), change: call('change'), fold: call('fold') };
}

/** Reading pages one item after the other, which is no more than the port promises. */
export function readsOver(ledger: Pick<Ledger, 'readPayment' | 'readSession'>): SweepReads {
  return {
    readPayments: (ids) => Promise.allSettled(ids.map((id) => ledger.readPayment(id))),
    readSessions: (keys) => Promise.allSettled(keys.map((key) => ledger.readSession(key))),
  };
}

function portCalls(carry: Carry) {
  return (method: BooksCall['method']) =>
    (...args: unknown[]): Promise<never> =>
      carry({ method, args } as unknown as BooksCall) as Promise<never>;
}

/** Applies each request at once, in the order of the calls, to books that a caller holds. */
export function carryTo(holder: { books: Books }): Carry {
  return async (call) => {
    const applied = applyCall(holder.books, call);
    holder.books = applied.books;
    return applied.reply;
  };
}

/** A ledger over books that a caller holds; each call is answered in the order of the calls. */
export function createModelLedger(holder: { books: Books }): Ledger {
  return ledgerOver(carryTo(holder));
}
