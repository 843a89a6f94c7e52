import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { withdraw, type WithdrawalDeps, type WithdrawalRequest } from '../../../lib/service/paying/withdrawals.ts';
import { withDatabase } from '../../support/database.ts';
import { paid } from '../../support/paying.ts';
import { startStoreHop, type Fault, type StoreHop } from '../../support/store-hop.ts';
import { createWithdrawingWorld, type WithdrawingWorld } from '../../support/withdrawing.ts';

const database = withDatabase();
let hop: StoreHop;
let world: WithdrawingWorld;
let deps: WithdrawalDeps;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  world = await createWithdrawingWorld(database, hop.endpoint);
  ({ deps } = world);
  hop.setFaults(null);
});

async function attempt(own: WithdrawalDeps, asked: WithdrawalRequest): Promise<Result<Payment, Refusal> | null> {
  try {
    return await withdraw(own, asked);
  } catch (error) {
    if (error instanceof OutcomeUnknown || error instanceof NotNow) return null;
    throw error;
  }
}

/** Asks again with the same token until there is an outcome: "busy" is the only refusal that a fault may cause. */
async function askUntilSigned(asked: WithdrawalRequest): Promise<Payment> {
  for (let tries = 0; tries < 6; tries += 1) {
    const result = await attempt(deps, { ...asked, deadline: addMs(world.clock.now(), 15_000) });
    if (result !== null && result.ok) return result.value;
    if (result !== null && result.error.reason !== 'busy') throw new Error(`refused: ${result.error.reason}`);
    world.clock.advance(6_000);
  }
  throw new Error('no outcome');
}

const FAULTS: readonly Fault[] = ['lose_request', 'lose_reply', 'throttle', 'fail_after_apply'];
/** Gate, token and instrument, session, intent, reserve with another look at the gate, decide, settle. */
const STORE_CALLS = 9;

describe('a store call of a withdrawal that fails', () => {
  test('is one of nine', async () => {
    hop.forget();
    paid(await withdraw(deps, world.request()));
    expect(hop.calls).toHaveLength(STORE_CALLS);
  });

  for (const fault of FAULTS) {
    for (let position = 0; position < STORE_CALLS; position += 1) {
      test(`(${fault} at call ${position + 1}, once) signs one transfer in the end`, async () => {
        let seen = 0;
        hop.setFaults(() => (seen++ === position ? fault : null));
        const payment = await askUntilSigned(world.request());
        hop.setFaults(null);
        await world.sweepTwice();
        expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
      });

      test(`(${fault} from call ${position + 1} to the end) leaves nothing held, and a token that signs once`, async () => {
        const asked = world.request();
        let seen = 0;
        hop.setFaults(() => (seen++ >= position ? fault : null));
        const lost = await attempt(deps, asked);
        hop.setFaults(null);
        await world.sweepTwice();
        const payment = await askUntilSigned(asked);
        if (lost !== null && lost.ok) expect(payment).toEqual(lost.value);
        await world.sweepTwice();
        expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
      });
    }
  }

  test('and whose reserve comes late is asked again, not denied for good', async () => {
    const asked = world.request();
    let late: (() => Promise<unknown>) | null = null;
    const { ledger } = deps;
    const slow: WithdrawalDeps = {
      ...deps,
      ledger: {
        ...ledger,
        // The first reserve arrives when the second attempt has begun.
        reserve: async (reservation) => {
          if (late === null) {
            late = () => ledger.reserve(reservation);
            throw new OutcomeUnknown('no answer');
          }
          await late();
          return ledger.reserve(reservation);
        },
      },
    };
    expect(await withdraw(slow, asked)).toMatchObject({ ok: false, error: { reason: 'busy' } });
    const payment = await askUntilSigned(asked);
    expect(payment.attempt).toBeGreaterThan(2);
    await world.sweepTwice();
    expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
    expect(world.signed).toHaveLength(1);
  });
});

describe('a process that dies during a withdrawal', () => {
  /** Stores and a signer that never answer again from the nth effect on, before or after it took place. */
  function dying(at: number, when: 'before' | 'after'): { own: WithdrawalDeps; dead: Promise<void> } {
    let effects = 0;
    const { promise: dead, resolve: die } = Promise.withResolvers<void>();
    const forever = new Promise<never>(() => undefined);
    const mortal =
      <A extends unknown[], R>(effect: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        effects += 1;
        if (effects < at) return effect(...args);
        if (effects === at) {
          if (when === 'after') await effect(...args);
          die();
        }
        return forever;
      };
    const mortals = <T extends object>(port: T): T =>
      Object.fromEntries(
        Object.entries(port).map(([name, effect]) => [
          name,
          mortal(effect as (...args: unknown[]) => Promise<unknown>),
        ]),
      ) as T;
    const signer = { ...deps.signers.SeedVault, sign: mortal(deps.signers.SeedVault.sign) };
    const own = {
      ...deps,
      ledger: mortals(deps.ledger),
      sessions: mortals(deps.sessions),
      signers: { SeedVault: signer, AwsKms: signer },
    };
    return { own, dead };
  }

  // The token's payment, session, intent, reserve, sign, decide, settle.
  const EFFECTS = 7;

  for (const when of ['before', 'after'] as const) {
    for (let at = 1; at <= EFFECTS; at += 1) {
      test(`${when} its effect ${at} leaves books that the sweeper makes whole, and a token that signs once`, async () => {
        const asked = world.request();
        const { own, dead } = dying(at, when);
        void withdraw(own, asked);
        await dead;
        await world.sweepTwice();
        const payment = await askUntilSigned(asked);
        await world.sweepTwice();
        expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
        // One nonce for all attempts: the chain settles at most one of them, whatever was signed.
        const { nonce } = payment.terms;
        expect(nonce).toMatch(/^0x[0-9a-f]{64}$/);
      });
    }
  }
});
