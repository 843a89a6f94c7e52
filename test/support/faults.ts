import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { addMs, type EpochMs } from '../../lib/domain/time.ts';
import { sweepOnce } from '../../lib/service/sweeping/sweep.ts';
import type { SweepDeps } from '../../lib/service/sweeping/sweep-report.ts';
import type { TestClock } from './paying.ts';
import type { Fault, StoreHop } from './store-hop.ts';

export const FAULTS: readonly Fault[] = ['lose_request', 'lose_reply', 'throttle', 'fail_after_apply'];

const TRIES_MAX = 6;

/** Spoils the nth call of the store, counted from 0, or all from there on. */
export function spoilCalls(hop: StoreHop, fault: Fault, position: number, which: 'one' | 'rest'): void {
  let seen = 0;
  hop.setFaults(() => {
    const at = seen++;
    return at === position || (which === 'rest' && at > position) ? fault : null;
  });
}

/** What a call came to; `null` where its outcome is unknown, or nothing happened yet. */
export async function outcomeOf(call: Promise<Result<Payment, Refusal>>): Promise<Result<Payment, Refusal> | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof OutcomeUnknown || error instanceof NotNow) return null;
    throw error;
  }
}

/** Asks again with the same token, as an SDK does, until there is an outcome: "busy" is the only refusal that a fault may cause. */
export async function askUntilSigned(
  clock: TestClock,
  ask: (deadline: EpochMs) => Promise<Result<Payment, Refusal>>,
): Promise<Payment> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const result = await outcomeOf(ask(addMs(clock.now(), 15_000)));
    if (result !== null && result.ok) return result.value;
    if (result !== null && result.error.reason !== 'busy') throw new Error(`refused: ${result.error.reason}`);
    clock.advance(6_000);
  }
  throw new Error(`no outcome after ${TRIES_MAX} tries`);
}

/** Two sweeps after the lease: what must be enough to finish anything. */
export async function sweepTwice(clock: TestClock, deps: SweepDeps): Promise<void> {
  clock.advance(20_000);
  await sweepOnce(deps);
  clock.advance(61_000);
  await sweepOnce(deps);
}

/** A process that dies. */
export interface DyingProcess {
  /** The same port, whose methods never answer again once the process is dead. */
  port<T extends object>(port: T): T;
  /** Resolves at its death. */
  readonly dead: Promise<void>;
}

/** Dies at its nth effect, counted from 1 over all of its ports: before it takes place, or after. */
export function dyingProcess(at: number, when: 'before' | 'after'): DyingProcess {
  let effects = 0;
  const { promise: dead, resolve: die } = Promise.withResolvers<void>();
  const forever = new Promise<never>(() => undefined);
  const mortal =
    (effect: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      effects += 1;
      if (effects < at) return effect(...args);
      if (effects === at) {
        if (when === 'after') await effect(...args);
        die();
      }
      return forever;
    };
  const port = <T extends object>(own: T): T =>
    Object.fromEntries(
      Object.entries(own).map(([name, member]) => [name, typeof member === 'function' ? mortal(member) : member]),
    ) as T;
  return { port, dead };
}
