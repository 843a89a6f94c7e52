import type { PaymentId } from '../../lib/domain/ids.ts';
import { SWEEP_PAGE_ITEMS, SWEEP_SHARDS } from '../../lib/domain/limits.ts';
import type { DueVisit } from '../../lib/domain/ports/books.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs, toEpochMs, type Clock, type EpochMs } from '../../lib/domain/time.ts';
import type { SweepDeps } from '../../lib/service/sweeping/sweep-report.ts';
import { makePayment, makeSession } from './payments.ts';

/** One call of a sweeper to the store. */
export interface ModelCall {
  readonly operation: 'query' | 'read' | 'write';
  readonly shard: number | null;
  readonly id: PaymentId | null;
}

/** What each call costs: time on the wire, and time of the one processor that all calls share. */
export interface CallCost {
  readonly waitMs: number;
  readonly cpuMs: number;
}

export interface SweepModel {
  readonly calls: ModelCall[];
  /** A sweeper of these books with a processor of its own. */
  sweeper(cost: CallCost, before?: (call: ModelCall) => Promise<void> | void): SweepDeps;
  /** Visits that are left, in the order of their shards. */
  left(): readonly DueVisit[];
  readonly reported: { readonly event: string }[];
}

/** Books of signed and settled payments, evenly spread over sessions and shards, that become due one after the other. */
export function createSweepModel(
  clock: Clock,
  { payments, sessions, firstDueAt, everyMs }: SweepModelOptions,
): SweepModel {
  const calls: ModelCall[] = [];
  const reported: { readonly event: string }[] = [];
  const open = Array.from({ length: sessions }, () => makeSession());
  const stored = new Map<PaymentId, { payment: Payment; visit: DueVisit | null; since: EpochMs | null }>();
  const shards: DueVisit[][] = Array.from({ length: SWEEP_SHARDS }, () => []);
  for (let count = 0; count < payments; count += 1) {
    const dueAt = toEpochMs(Math.floor(firstDueAt + count * everyMs));
    const payment = makePayment(open[count % sessions]!, { status: 'SIGNED', leaseUntil: dueAt });
    const visit = { id: payment.id, shard: count % SWEEP_SHARDS, dueAt };
    stored.set(payment.id, { payment, visit, since: null });
    shards[visit.shard]!.push(visit);
  }
  const take = (visit: DueVisit): void => {
    const all = shards[visit.shard]!;
    all.splice(all.indexOf(visit), 1);
  };
  const sessionsById = new Map(open.map((session) => [session.sessionId, session]));
  const fulfilled = <T>(value: T) => ({ status: 'fulfilled', value }) as const;

  const sweeper = ({ waitMs, cpuMs }: CallCost, before: (call: ModelCall) => Promise<void> | void): SweepDeps => {
    let idleAt = 0;
    const call = async <T>(made: ModelCall, effect: () => T): Promise<T> => {
      calls.push(made);
      await before(made);
      idleAt = Math.max(idleAt, clock.now()) + cpuMs;
      await clock.sleep(Math.ceil(idleAt - clock.now()) + waitMs);
      return effect();
    };
    const query = <T>(shard: number, effect: () => T) => call({ operation: 'query', shard, id: null }, effect);
    const read = <T>(effect: () => T) => call({ operation: 'read', shard: null, id: null }, effect);
    const write = <T>(id: PaymentId, effect: () => T) => call({ operation: 'write', shard: null, id }, effect);
    const never = () => Promise.reject(new Error('settled payments need nothing of this'));
    return {
      clock,
      report: (problem) => reported.push(problem),
      ledger: { readPayment: never, decide: never, settle: never, release: never },
      reads: {
        readPayments: (ids) => read(() => ids.map((id) => fulfilled(stored.get(id)?.payment ?? null))),
        readSessions: (keys) =>
          read(() => keys.map(({ sessionId }) => fulfilled<Session | null>(sessionsById.get(sessionId) ?? null))),
      },
      index: {
        dueVisits: (shard, now, after) =>
          query(shard, () => {
            const from = after === null ? 0 : shards[shard]!.findIndex((visit) => compare(visit, after) > 0);
            const rest = from === -1 ? [] : shards[shard]!.slice(from, from + SWEEP_PAGE_ITEMS);
            return rest.filter(({ dueAt }) => dueAt <= now);
          }),
        hasVisits: (shard) => query(shard, () => shards[shard]!.length > 0),
        dropVisit: (id) =>
          write(id, () => {
            const item = stored.get(id)!;
            if (item.visit !== null) take(item.visit);
            item.visit = null;
          }),
        postponeVisit: never,
        handOver: never,
        putOff: (seen, until) =>
          write(seen.id, () => {
            const item = stored.get(seen.id)!;
            if (item.visit === null || item.visit.dueAt !== seen.dueAt) return null;
            take(item.visit);
            const moved = { ...seen, dueAt: until };
            item.visit = moved;
            item.since ??= seen.dueAt;
            const all = shards[seen.shard]!;
            const at = all.findIndex((each) => compare(each, moved) > 0);
            all.splice(at === -1 ? all.length : at, 0, moved);
            return item.since;
          }),
      },
    };
  };
  return {
    calls,
    reported,
    sweeper: (cost, before = () => undefined) => sweeper(cost, before),
    left: () => shards.flat(),
  };
}

export interface SweepModelOptions {
  readonly payments: number;
  readonly sessions: number;
  readonly firstDueAt: EpochMs;
  /** Between one payment and the next. */
  readonly everyMs: number;
}

/** As the index orders them. */
function compare(a: DueVisit, b: DueVisit): number {
  return a.dueAt - b.dueAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** An invocation that may take as long as the deployment lets it. */
export function invocation(clock: Clock, timeoutMs: number) {
  return { deadline: addMs(clock.now(), timeoutMs), meanwhile: async () => undefined };
}
