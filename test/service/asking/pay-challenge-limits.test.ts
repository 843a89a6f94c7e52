import { beforeEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../../lib/domain/payment/charge.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { NotNow, type Signer } from '../../../lib/domain/ports/services.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import type { ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
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

const PRICE = 500_000n;
const ask = (overrides: Partial<PayChallengeRequest> = {}) => askingRequest(world, session, overrides);

async function pay(request: PayChallengeRequest, overrides: Partial<ProcessPaymentDeps> = {}) {
  const result = await payChallenge({ ...world.deps, ...overrides }, request);
  return result.ok ? ({ ok: true, value: result.value.payment } as const) : result;
}

const throttled: Signer = { type: 'SeedVault', sign: () => Promise.reject(new NotNow('throttled')) };
const unsigned: ProcessPaymentDeps['signers'] = { SeedVault: throttled, AwsKms: throttled };

describe('a limit of the spend policy', () => {
  const cap: Charge = { kind: 'session', key: 'payeeCap', quantity: PRICE, max: 900_000n };
  const counting = { chargesOf: () => [cap] };
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
