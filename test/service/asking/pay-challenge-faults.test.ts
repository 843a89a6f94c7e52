import { signersOf } from '../../support/wallet-lists.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { ok } from '../../../lib/domain/result.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import type { ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { askUntilSigned, dyingProcess, FAULTS, outcomeOf, spoilCalls, sweepTwice } from '../../support/faults.ts';
import { offer } from '../../support/functions.ts';
import { createPayingWorld, createTestClock, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';

const database = withDatabase();
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;
let session: Session;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  hop.setFaults(null);
  session = await world.open();
});

/** What the first try is given, and what each later one is: another price, in another place. */
const FIRST = challengeOf([offer({ amount: '300000' }), offer({ amount: '200000' })]);
const LATER = challengeOf([offer({ amount: '100000' }), offer({ amount: '400000' })]);

const ask = async (deps: ProcessPaymentDeps, request: PayChallengeRequest) => {
  const result = await payChallenge(deps, request);
  return result.ok ? ok(result.value.payment) : result;
};
const askAgain = (request: PayChallengeRequest) =>
  askUntilSigned(clock, (deadline) => ask(world.deps, { ...request, challenge: LATER, deadline }));

async function expectBooks(spent: bigint): Promise<void> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  expect(books?.budget).toEqual({ available: 10_000_000n - spent, reserved: 0n, spent });
}

/** The token, gate, manager, session and instrument; intent; reserve with another look at the gate; decide; settle. */
const STORE_CALLS = 10;

describe('a store call that fails while a 402 is paid', () => {
  test('is one of ten, as many as ProcessPayment makes', async () => {
    hop.forget();
    await ask(world.deps, askingRequest(world, session, { challenge: FIRST }));
    expect(hop.calls).toHaveLength(STORE_CALLS);
  });

  for (const fault of FAULTS) {
    for (let position = 0; position < STORE_CALLS; position += 1) {
      test(`(${fault} at call ${position + 1}) leaves one payment, though the next 402 offers other prices`, async () => {
        const request = askingRequest(world, session, { challenge: FIRST });
        spoilCalls(hop, fault, position, 'rest');
        const lost = await outcomeOf(ask(world.deps, request));
        hop.setFaults(null);
        const payment = await askAgain(request);
        if (lost !== null && lost.ok) expect(payment).toEqual(lost.value);
        // What was chosen is what the intent says: once it is written, the cheaper offer of the later 402 is not looked at.
        expect([200_000n, 100_000n]).toContain(payment.amount);
        expect(await askAgain({ ...request, challenge: FIRST })).toEqual(payment);
        await sweepTwice(clock, world.sweepDeps);
        await expectBooks(payment.amount);
      });
    }
  }
});

describe('a process that dies while it pays a 402', () => {
  // Token, gate and session reads, intent, reserve, gate, sign, decide, settle.
  const EFFECTS = 9;
  const INTENT = 4;

  for (const when of ['before', 'after'] as const) {
    for (let at = 1; at <= EFFECTS; at += 1) {
      test(`${when} its effect ${at} leaves a token that pays once, with the choice of its intent`, async () => {
        const { port, dead } = dyingProcess(at, when);
        const signer = port(world.deps.signers.SeedVault);
        const deps = { ...world.deps, ledger: port(world.deps.ledger), signers: signersOf(signer) };
        const request = askingRequest(world, session, { challenge: FIRST });
        void ask(deps, request);
        await dead;
        await sweepTwice(clock, world.sweepDeps);
        const payment = await askAgain(request);
        const wasWritten = at > INTENT || (at === INTENT && when === 'after');
        expect(payment.amount).toBe(wasWritten ? 200_000n : 100_000n);
        await expectBooks(payment.amount);
      });
    }
  }
});
