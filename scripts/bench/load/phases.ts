import type { Callers, Order, Outcome } from './callers.ts';

/** A kind of load, kept up for a time. */
export interface Phase {
  readonly name: string;
  readonly callers: number;
  readonly seconds: number;
  /** What a caller asks for next. */
  readonly next: (caller: number, turn: number) => Order;
  /** Whether two ask with one token at once, at this turn. */
  readonly twice: (turn: number) => boolean;
}

export interface PhaseFigures {
  readonly name: string;
  readonly callers: number;
  readonly seconds: number;
  readonly paid: number;
  readonly denied: number;
  readonly busy: number;
  readonly failures: readonly string[];
  /** Milliseconds of every answer, sorted. */
  readonly latencies: readonly number[];
}

/** Every payment whose proof was received, by its token: what must never be lost. */
export type Acknowledged = Map<string, { readonly order: Order; readonly proof: string }>;

/** Runs a phase to its end. Stops in mid-flight where `stop` says so, as the stack is then being killed. */
export async function runPhase(
  phase: Phase,
  callers: Pick<Callers, 'pay'>,
  acknowledged: Acknowledged,
  stop: AbortSignal = new AbortController().signal,
): Promise<PhaseFigures> {
  const counts = { paid: 0, denied: 0, busy: 0 };
  const failures: string[] = [];
  const latencies: number[] = [];
  const count = (order: Order, outcome: Outcome): void => {
    if (outcome.kind === 'failed') failures.push(outcome.message);
    else counts[outcome.kind] += 1;
    if (outcome.kind !== 'paid') return;
    const known = acknowledged.get(order.clientToken)?.proof ?? outcome.proof;
    if (known !== outcome.proof) failures.push('a token was answered with two proofs');
    acknowledged.set(order.clientToken, { order, proof: outcome.proof });
  };
  const started = performance.now();
  const endAt = started + phase.seconds * 1_000;
  const ask = async (order: Order): Promise<void> => {
    const askedAt = performance.now();
    const outcome = await callers.pay(order);
    // An answer that the kill cut off is none.
    if (stop.aborted && outcome.kind === 'failed') return;
    latencies.push(performance.now() - askedAt);
    count(order, outcome);
  };
  const call = async (caller: number): Promise<void> => {
    for (let turn = 0; performance.now() < endAt && !stop.aborted; turn += 1) {
      const order = phase.next(caller, turn);
      await Promise.all(phase.twice(turn) ? [ask(order), ask(order)] : [ask(order)]);
    }
  };
  await Promise.all(Array.from({ length: phase.callers }, (_, caller) => call(caller)));
  const seconds = (performance.now() - started) / 1_000;
  const { name } = phase;
  return { name, callers: phase.callers, seconds, ...counts, failures, latencies: latencies.toSorted((a, b) => a - b) };
}

/** @param share from 0 to 1 @param sorted ascending; NaN where there are none */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
