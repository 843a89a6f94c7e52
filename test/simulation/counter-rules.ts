import type { Charge } from '../../lib/domain/payment/charge.ts';
import { toEntryKey, type EntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import type { SessionKey } from '../../lib/domain/payment/session.ts';
import { assertWindowBalances } from '../../lib/domain/payment/window.ts';
import { checkWindows } from '../support/explorer/invariants.ts';
import type { Books, BooksCall } from '../support/model-ledger.ts';
import { keyOfSession } from '../support/model-operator.ts';

/** What watches the counters of policies. It counts by what the policy said of each attempt, and not by what the books were told. */
export interface CounterRules {
  /** A handler was told what its payment is counted for. */
  judged(who: string, charges: readonly Charge[]): void;
  sent(who: string, call: BooksCall, at: number): void;
  applied(before: Books, after: Books, call: BooksCall, at: number): void;
  /** When everything has come to rest and every session has returned what it had of windows. */
  ended(books: Books, at: number): void;
}

interface Counter {
  total: bigint;
  /** What it came to, and when. */
  readonly past: { readonly at: number; readonly total: bigint }[];
}

/** Clocks differ by two seconds each way. */
const SKEW_MS = 4_000;

export function createCounterRules(): CounterRules {
  const said = new Map<string, readonly Charge[]>();
  const beganAt = new Map<string, number>();
  const owed = new Map<EntryKey, readonly Charge[]>();
  const counted = new Set<EntryKey>();
  const counters = new Map<string, Counter>();
  const senders = new WeakMap<BooksCall, string>();

  const counterOf = (name: string): Counter => {
    const counter = counters.get(name) ?? { total: 0n, past: [] };
    counters.set(name, counter);
    return counter;
  };
  const add = (name: string, quantity: bigint, at: number): bigint => {
    const counter = counterOf(name);
    counter.total += quantity;
    counter.past.push({ at, total: counter.total });
    return counter.total;
  };

  const reserved = (session: SessionKey, entry: EntryKey, at: number): void => {
    if (counted.has(entry)) return;
    counted.add(entry);
    for (const charge of owed.get(entry) ?? []) {
      const total = add(nameOf(charge, session), charge.quantity, at);
      if (total > charge.max) throw new Error(`over the limit: ${total} of ${charge.key} is counted, of ${charge.max}`);
    }
  };
  const released = (session: SessionKey, entry: EntryKey, now: number, at: number): void => {
    for (const charge of owed.get(entry) ?? []) {
      // What is given back of a window that has closed is nobody's.
      if (charge.kind === 'window' && charge.closesAt <= now) continue;
      add(nameOf(charge, session), -charge.quantity, at);
    }
    counted.delete(entry);
  };
  /** A limit denies where at some time since the handler began it had no room, with what was reserved under it. */
  const denied = (call: BooksCall, payment: Payment, at: number): void => {
    if (payment.denial?.reason !== 'policy_exceeded') return;
    const { key, asked, max } = payment.denial;
    const who = senders.get(call) ?? '';
    const since = beganAt.get(who) ?? 0;
    const charge = said.get(who)?.find((each) => each.key === key);
    if (charge === undefined) throw new Error(`a false denial: ${payment.id} is not counted for ${key}`);
    const { past } = counterOf(nameOf(charge, payment));
    const before = past.findLast((moment) => moment.at < since)?.total ?? 0n;
    const most = past.reduce((sum, moment) => (moment.at >= since && moment.total > sum ? moment.total : sum), before);
    if (most + asked > max) return;
    throw new Error(
      `a false denial: ${payment.id} asks ${asked} of ${key}, of which ${most} of ${max} was counted at ${at}`,
    );
  };

  const checkBooks = ({ sessions, windows }: Books, before: Books, at: number): void => {
    const shared = checkWindows({ sessions, windows }, at + SKEW_MS);
    if (shared !== null) throw new Error(shared);
    for (const [key, session] of sessions) {
      if (before.sessions.get(key) === session) continue;
      for (const [counter, used] of session.counters) {
        const { total } = counterOf(`${key}/${counter}`);
        if (used !== total) throw new Error(`I2: ${counter} of ${key} holds ${used}, and ${total} was counted`);
      }
    }
    for (const [key, window] of windows) {
      if (before.windows.get(key) !== window) assertWindowBalances(window);
    }
  };

  return {
    judged: (who, charges) => void said.set(who, charges),
    sent: (who, call, at) => {
      if (!beganAt.has(who)) beganAt.set(who, at);
      senders.set(call, who);
      if (call.method === 'reserve') owed.set(call.args[0].entry, said.get(who) ?? []);
    },
    applied: (before, after, call, at) => {
      if (after === before) return;
      if (call.method === 'reserve') reserved(call.args[0].session, call.args[0].entry, at);
      if (call.method === 'release') released(call.args[0].session, call.args[0].entry, call.args[0].now, at);
      if (call.method === 'putIntent') denied(call, call.args[0], at);
      if (call.method === 'decide') denied(call, after.payments.get(call.args[0])!, at);
      checkBooks(after, before, at);
    },
    ended: ({ payments, windows }, at) => {
      const signed = new Map<string, bigint>();
      for (const payment of payments.values()) {
        if (payment.status !== 'SIGNED') continue;
        for (const charge of owed.get(toEntryKey(payment.id, payment.attempt)) ?? []) {
          const name = nameOf(charge, payment);
          signed.set(name, (signed.get(name) ?? 0n) + charge.quantity);
        }
      }
      for (const [name, { total }] of counters) {
        const sum = signed.get(name) ?? 0n;
        const window = [...windows.values()].find(({ key }) => key === name);
        const isClosed = window !== undefined && window.closesAt <= at;
        // Of a window that has closed something may have been released later.
        if (isClosed ? total < sum : total !== sum) {
          throw new Error(`I8: ${total} is counted for ${name}, and ${sum} was signed`);
        }
        if (window === undefined || isClosed) continue;
        if (window.grants.size > 0) throw new Error(`I11: ${name} has granted what nobody can use for ever`);
        if (window.spent !== sum) throw new Error(`I8: ${window.spent} of ${name} is spent, and ${sum} was signed`);
      }
    },
  };
}

/** A counter of a session is its own, a window is everybody's. */
function nameOf({ kind, key }: Charge, session: SessionKey): string {
  return kind === 'window' ? key : `${keyOfSession(session)}/${key}`;
}
