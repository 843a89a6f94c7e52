import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { startStoreHop, type Fault, type StoreHop } from '../../support/store-hop.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  hop.setFaults(null);
});

async function expectBooks(session: Session, spent: bigint): Promise<void> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  expect(books?.budget).toEqual({ available: 10_000_000n - spent, reserved: 0n, spent });
  expect(books?.open.size).toBe(0);
}

/** Two sweeps after the lease: what must be enough to finish anything. */
async function sweepTwice(): Promise<void> {
  clock.advance(20_000);
  await sweepOnce(world.sweepDeps);
  clock.advance(61_000);
  await sweepOnce(world.sweepDeps);
}

/** Asks again with the same token, as an SDK does, until there is an outcome. */
async function askUntilPaid(session: Session, request: Parameters<typeof processPayment>[1]): Promise<Payment> {
  for (let tries = 0; tries < 5; tries += 1) {
    const result = await attempt(world.deps, { ...request, deadline: addMs(clock.now(), 15_000) });
    if (result !== null && result.ok) return result.value;
    if (result !== null && result.error.reason !== 'busy') throw new Error(`refused: ${result.error.reason}`);
    clock.advance(6_000);
  }
  throw new Error(`no outcome for session ${session.sessionId}`);
}

async function attempt(
  deps: ProcessPaymentDeps,
  request: Parameters<typeof processPayment>[1],
): Promise<Result<Payment, Refusal> | null> {
  try {
    return await processPayment(deps, request);
  } catch (error) {
    if (error instanceof OutcomeUnknown || error instanceof NotNow) return null;
    throw error;
  }
}

const FAULTS: readonly Fault[] = ['lose_request', 'lose_reply', 'throttle', 'fail_after_apply'];
/** Four reads and the look-up of the token, intent, reserve with another look at the gate, decide, settle. */
const STORE_CALLS = 10;

describe('a store call that fails', () => {
  test('is one of the ten that a first payment makes', async () => {
    const session = await world.open();
    hop.forget();
    paid(await processPayment(world.deps, world.request(session)));
    expect(hop.calls).toHaveLength(STORE_CALLS);
  });

  for (const fault of FAULTS) {
    for (let position = 0; position < STORE_CALLS; position += 1) {
      test(`(${fault} at call ${position + 1}, once) costs nobody money`, async () => {
        const session = await world.open();
        let seen = 0;
        hop.setFaults(() => (seen++ === position ? fault : null));
        const payment = await askUntilPaid(session, world.request(session));
        hop.setFaults(null);
        await sweepTwice();
        await expectBooks(session, payment.amount);
      });

      test(`(${fault} from call ${position + 1} to the end) leaves nothing held and nothing uncounted`, async () => {
        const session = await world.open();
        const request = world.request(session);
        let seen = 0;
        hop.setFaults(() => (seen++ >= position ? fault : null));
        const lost = await attempt(world.deps, request);
        hop.setFaults(null);
        await sweepTwice();
        const payment = await askUntilPaid(session, request);
        if (lost !== null && lost.ok) expect(payment).toEqual(lost.value);
        await sweepTwice();
        await expectBooks(session, payment.amount);
      });
    }
  }
});

describe('a process that dies', () => {
  /** A ledger and a signer that never answer again from the nth effect on, before or after it took place. */
  function dying(at: number, when: 'before' | 'after'): { deps: ProcessPaymentDeps; dead: Promise<void> } {
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
    const mortalLedger = Object.fromEntries(
      Object.entries(world.deps.ledger).map(([name, effect]) => [
        name,
        mortal(effect as (...args: unknown[]) => Promise<unknown>),
      ]),
    ) as unknown as Ledger;
    const signer = world.deps.signers.SeedVault;
    const mortalSigner = { ...signer, sign: mortal(signer.sign) };
    const signers = { SeedVault: mortalSigner, AwsKms: mortalSigner };
    return { deps: { ...world.deps, ledger: mortalLedger, signers }, dead };
  }

  // Token, gate and session reads, intent, reserve, gate, sign, decide, settle.
  const EFFECTS = 9;

  for (const when of ['before', 'after'] as const) {
    for (let at = 1; at <= EFFECTS; at += 1) {
      test(`${when} its effect ${at} leaves books that the sweeper makes whole, and a token that pays once`, async () => {
        const session = await world.open();
        const request = world.request(session);
        const { deps, dead } = dying(at, when);
        void processPayment(deps, request);
        await dead;
        await sweepTwice();
        const books = await world.ledger.readSession(session);
        assertSessionBalances(books!);
        expect(books?.open.size).toBe(0);
        const payment = await askUntilPaid(session, request);
        await sweepTwice();
        await expectBooks(session, payment.amount);
      });
    }
  }

  test('has what it held taken back by the retry that takes its payment over, before any sweep', async () => {
    const session = await world.open();
    const request = world.request(session);
    const { deps, dead } = dying(7, 'before');
    void processPayment(deps, request);
    await dead;
    expect((await world.ledger.readSession(session))?.open.size).toBe(1);
    clock.advance(20_000);
    const payment = await askUntilPaid(session, request);
    expect(payment.attempt).toBe(2);
    await expectBooks(session, payment.amount);
  });
});
