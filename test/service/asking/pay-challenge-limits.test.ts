import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { toChecksumAddress } from '../../../lib/chains/evm/address.ts';
import type { Charge } from '../../../lib/domain/payment/charge.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { NotNow, type Signer } from '../../../lib/domain/ports/services.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { chargingBy } from '../../support/policies.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
});

const FACILITATOR = toChecksumAddress(`0x${'fa'.repeat(20)}`);
const PRICE = 500_000n;
const ask = (overrides: Partial<PayChallengeRequest> = {}) => askingRequest(world, session, overrides);

async function pay(request: PayChallengeRequest, overrides: Partial<ProcessPaymentDeps> = {}) {
  const result = await payChallenge({ ...world.deps, ...overrides }, request);
  return result.ok ? ({ ok: true, value: result.value.payment } as const) : result;
}

const throttled: Signer = { type: 'SeedVault', sign: () => Promise.reject(new NotNow('throttled')) };
const unsigned: ProcessPaymentDeps['signers'] = signersOf(throttled);

describe('a limit of the spend policy', () => {
  const cap: Charge = { kind: 'session', key: 'payeeCap', quantity: PRICE, max: 900_000n };
  const counting = { policies: chargingBy(() => [cap]) };
  const used = async () => (await world.ledger.readSession(session))!.counters.get('payeeCap');

  test('counts what is paid by a whole 402, and denies what is above it', async () => {
    paid(await pay(ask(), counting));
    expect(await used()).toBe(PRICE);
    const denial = { reason: 'policy_exceeded', key: 'payeeCap', used: PRICE, asked: PRICE };
    expect(await pay(ask(), counting)).toMatchObject({ ok: false, error: denial });
    expect(await used()).toBe(PRICE);
  });

  test('counts a payment that is taken up again after a failure', async () => {
    const request = ask();
    expect(await pay(request, { ...counting, signers: unsigned })).toMatchObject({ error: { what: 'signer' } });
    expect(await used()).toBe(0n);
    paid(await pay(request, counting));
    expect(await used()).toBe(PRICE);
  });
});

describe('a ceiling', () => {
  const ceiling = offer({ scheme: 'upto', extra: { facilitatorAddress: FACILITATOR } });
  const listed = { facilitators: new Set([FACILITATOR]) };
  const barred = { reason: 'invalid_challenge', code: 'unsupported_facilitator' };

  async function expectNothingSpent(): Promise<void> {
    const { budget, inFlight } = (await world.ledger.readSession(session))!;
    expect([budget.spent, budget.reserved, inFlight]).toEqual([0n, 0n, 0]);
  }

  test('is paid to a facilitator of the deployment’s list alone', async () => {
    const challenge = challengeOf([ceiling]);
    expect(await pay(ask({ challenge }))).toMatchObject({
      error: { reason: 'no_payable_offer', offers: [{ verdict: { code: 'unsupported_facilitator' } }] },
    });
    await expectNothingSpent();
    expect(paid(await pay(ask({ challenge }), listed)).offer).toMatchObject({ facilitator: FACILITATOR });
  });

  test('that was begun is not signed once its facilitator is off the list, by either operation', async () => {
    const request = ask({ challenge: challengeOf([ceiling]) });
    const listedAndUnsigned = { ...listed, signers: unsigned };
    expect(await pay(request, listedAndUnsigned)).toMatchObject({ error: { what: 'signer' } });
    expect(await pay(request)).toMatchObject({ ok: false, error: barred });
    const { clientToken } = request;
    const entry = { paymentInput: { cryptoX402: { version: '2', payload: ceiling } }, clientToken };
    expect(await processPayment(world.deps, world.request(session, entry))).toMatchObject({ ok: false, error: barred });
    await expectNothingSpent();
    expect(paid(await pay(request, listed)).offer).toMatchObject({ scheme: 'upto' });
  });

  test('that was signed is replayed whatever the list says by then', async () => {
    const request = ask({ challenge: challengeOf([ceiling]) });
    const first = paid(await pay(request, listed));
    expect(paid(await pay(request))).toEqual(first);
    expect(paid(await pay({ ...request, replayOnly: true }))).toEqual(first);
  });
});
