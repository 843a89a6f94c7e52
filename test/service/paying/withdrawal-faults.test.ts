import { signersOf } from '../../support/wallet-lists.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { withdraw, type WithdrawalDeps, type WithdrawalRequest } from '../../../lib/service/paying/withdrawals.ts';
import { withDatabase } from '../../support/database.ts';
import { askUntilSigned, dyingProcess, FAULTS, outcomeOf, spoilCalls } from '../../support/faults.ts';
import { paid } from '../../support/paying.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';
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

const sign = (asked: WithdrawalRequest) =>
  askUntilSigned(world.clock, (deadline) => withdraw(deps, { ...asked, deadline }));

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
        spoilCalls(hop, fault, position, 'one');
        const payment = await sign(world.request());
        hop.setFaults(null);
        await world.sweepTwice();
        expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
      });

      test(`(${fault} from call ${position + 1} to the end) leaves nothing held, and a token that signs once`, async () => {
        const asked = world.request();
        spoilCalls(hop, fault, position, 'rest');
        const lost = await outcomeOf(withdraw(deps, asked));
        hop.setFaults(null);
        await world.sweepTwice();
        const payment = await sign(asked);
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
    const payment = await sign(asked);
    expect(payment.attempt).toBeGreaterThan(2);
    await world.sweepTwice();
    expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
    expect(world.signed).toHaveLength(1);
  });
});

describe('a process that dies during a withdrawal', () => {
  /** Of stores and signer. */
  function dying(at: number, when: 'before' | 'after'): { own: WithdrawalDeps; dead: Promise<void> } {
    const { port, dead } = dyingProcess(at, when);
    const signer = port(deps.signers.SeedVault);
    const own = {
      ...deps,
      ledger: port(deps.ledger),
      sessions: port(deps.sessions),
      signers: signersOf(signer),
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
        const payment = await sign(asked);
        await world.sweepTwice();
        expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
        // One nonce for all attempts: the chain settles at most one of them, whatever was signed.
        const { nonce } = payment.terms;
        expect(nonce).toMatch(/^0x[0-9a-f]{64}$/);
      });
    }
  }
});
