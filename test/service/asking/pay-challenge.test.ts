import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Result } from '../../../lib/domain/result.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import {
  payChallenge,
  type PaidChallenge,
  type PayChallengeRequest,
} from '../../../lib/service/asking/pay-challenge.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
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

const OTHER_PAYEE = '0x000000000000000000000000000000000000dEaD';
const pay = (request: PayChallengeRequest) => payChallenge(world.deps, request);
const ask = (overrides: Partial<PayChallengeRequest> = {}) => askingRequest(world, session, overrides);

function payment(result: Result<PaidChallenge, Refusal>) {
  return paid(result.ok ? { ok: true, value: result.value.payment } : result);
}

async function refusalOf(request: PayChallengeRequest): Promise<Refusal> {
  const result = await pay(request);
  if (result.ok) throw new Error('it was paid');
  return result.error;
}

const spent = async () => (await world.ledger.readSession(session))!.budget.spent;

describe('of the offers of a 402', () => {
  test('the cheapest that is allowed is paid, wherever it stands', async () => {
    const accepts = [
      offer({ amount: '300000' }),
      offer({ amount: '1', network: 'eip155:8453' }),
      offer({ amount: '200000' }),
      'no object',
      offer({ amount: '200000', payTo: OTHER_PAYEE }),
      { scheme: 'unheard-of' },
    ];
    const result = await pay(ask({ challenge: challengeOf(accepts) }));
    expect(payment(result).amount).toBe(200_000n);
    expect(result.ok && result.value.presentation.entry).toEqual(accepts[2]);
    expect(await spent()).toBe(200_000n);
  });

  test('none is paid above the price that the caller lets it cost, and at it one is', async () => {
    const challenge = challengeOf([offer({ amount: '500000' })]);
    expect(await refusalOf(ask({ challenge, maxPrice: toMicroUsd(499_999n) }))).toMatchObject({
      reason: 'no_payable_offer',
      offers: [{ verdict: { code: 'price_above_max' } }],
    });
    expect(payment(await pay(ask({ challenge, maxPrice: toMicroUsd(500_000n) }))).amount).toBe(500_000n);
  });

  test('those for a stranger’s resource are not paid, unless the caller lets them pass', async () => {
    const challenge = challengeOf([offer()], { resource: { url: 'https://other.example/report' } });
    expect(await refusalOf(ask({ challenge }))).toMatchObject({
      reason: 'no_payable_offer',
      offers: [{ verdict: { code: 'foreign_resource' } }],
    });
    expect(await spent()).toBe(0n);
    expect(payment(await pay(ask({ challenge, resourceRule: 'any' }))).status).toBe('SIGNED');
    const related = challengeOf([offer()], { resource: { url: 'http://seller.example/' } });
    expect(payment(await pay(ask({ challenge: related }))).status).toBe('SIGNED');
    expect(await refusalOf(ask({ challenge: related, resourceRule: 'same-origin' }))).toMatchObject({
      reason: 'no_payable_offer',
    });
  });

  test('none within the budget has the books say so, with the figures, and the token stays refused', async () => {
    session = await world.open({
      limit: toMicroUsd(100_000n),
      budget: { available: toMicroUsd(100_000n), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    });
    const request = ask({ challenge: challengeOf([offer({ amount: '300000' }), offer({ amount: '200000' })]) });
    const denial = { reason: 'budget_exceeded', requested: 200_000n, available: 100_000n };
    expect(await refusalOf(request)).toMatchObject(denial);
    const cheap = challengeOf([offer({ amount: '1' })]);
    expect(await refusalOf({ ...request, challenge: cheap })).toMatchObject(denial);
    expect(payment(await pay(ask({ challenge: cheap }))).amount).toBe(1n);
  });
});

describe('a client token that has a payment', () => {
  test('is answered from it: the second 402 has other offers, another order and other prices, and one payment is made', async () => {
    const request = ask({ challenge: challengeOf([offer({ amount: '300000' }), offer({ amount: '200000' })]) });
    const first = payment(await pay(request));
    const second = challengeOf([
      offer({ amount: '1', payTo: OTHER_PAYEE }),
      offer({ amount: '200001' }),
      offer({ amount: '200000' }),
    ]);
    const again = await pay({ ...request, challenge: second });
    expect(payment(again)).toEqual(first);
    expect(again.ok && again.value.presentation.entry).toEqual(offer({ amount: '200000' }));
    expect(await spent()).toBe(200_000n);
  });

  test('is presented as what was signed where the 402 does not offer that any more', async () => {
    const request = ask({ challenge: challengeOf([offer({ amount: '200000' })]) });
    const first = payment(await pay(request));
    const again = await pay({ ...request, challenge: challengeOf([offer({ amount: '7', payTo: OTHER_PAYEE })]) });
    expect(payment(again)).toEqual(first);
    expect(again.ok && again.value.presentation.entry).toMatchObject({
      amount: '200000',
      payTo: first.offer.payTo,
      network: first.offer.network,
    });
    const none = await pay({ ...request, challenge: challengeOf(['no object']) });
    expect(payment(none)).toEqual(first);
    expect(none.ok && none.value.presentation.entry).toMatchObject({ amount: '200000', scheme: 'exact' });
  });

  test('is answered from it though no offer would be chosen now: none is payable, or the quote has ended', async () => {
    const request = ask();
    const first = payment(await pay(request));
    const stranger = challengeOf([offer()], { resource: { url: 'https://other.example/' } });
    expect(payment(await pay({ ...request, challenge: stranger }))).toEqual(first);
    expect(payment(await pay({ ...request, quoteId: `q1-1-${'0'.repeat(64)}` }))).toEqual(first);
    expect(payment(await pay({ ...request, maxPrice: toMicroUsd(1n) }))).toEqual(first);
  });

  test('is answered from it within another session, which pays nothing', async () => {
    const request = ask();
    const first = payment(await pay(request));
    const other = await world.open();
    expect(payment(await pay({ ...request, sessionId: other.sessionId }))).toEqual(first);
    expect((await world.ledger.readSession(other))!.budget.spent).toBe(0n);
  });

  test('is the same payment in ProcessPayment, from either side', async () => {
    const { clientToken } = ask();
    const first = payment(await pay(ask({ clientToken })));
    expect(paid(await processPayment(world.deps, world.request(session, { clientToken })))).toEqual(first);
    expect(await processPayment(world.deps, world.request(session, { clientToken, amount: '7' }))).toMatchObject({
      ok: false,
      error: { reason: 'other_terms' },
    });

    const processed = paid(await processPayment(world.deps, world.request(session, { amount: '7' })));
    const request = world.request(session, { amount: '8' });
    const eight = paid(await processPayment(world.deps, request));
    expect(payment(await pay(ask({ clientToken: request.clientToken })))).toEqual(eight);
    expect(eight.id).not.toBe(processed.id);
    expect(await spent()).toBe(500_015n);
  });

  test('whose first try died is paid with the offer that was chosen then', async () => {
    const dearer = challengeOf([offer({ amount: '300000' })]);
    const request = ask({ challenge: dearer });
    const dying = {
      ...world.deps,
      ledger: { ...world.deps.ledger, reserve: () => new Promise<never>(() => undefined) },
    };
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const putIntent: typeof dying.ledger.putIntent = async (intent) => {
      const outcome = await world.deps.ledger.putIntent(intent);
      resolve();
      return outcome;
    };
    void payChallenge({ ...dying, ledger: { ...dying.ledger, putIntent } }, request);
    await written;
    clock.advance(20_000);
    const again = { ...request, challenge: challengeOf([offer({ amount: '1' })]), deadline: ask().deadline };
    expect(payment(await pay(again)).amount).toBe(300_000n);
    expect(await spent()).toBe(300_000n);
  });
});

test('eight at once under one token, each with another price, are one payment', async () => {
  const request = ask();
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      pay({ ...request, challenge: challengeOf([offer({ amount: `${index + 1}` })]) }),
    ),
  );
  const ids = new Set(results.filter((each) => each.ok).map((each) => payment(each).id));
  expect(ids.size).toBe(1);
  const again = payment(await pay(request));
  expect(await spent()).toBe(again.amount);
});

describe('replayOnly', () => {
  test('never pays', async () => {
    expect(await refusalOf(ask({ replayOnly: true }))).toEqual({ reason: 'no_payment' });
    expect(await spent()).toBe(0n);
  });

  test('answers with what there is', async () => {
    const request = ask();
    const first = payment(await pay(request));
    expect(payment(await pay({ ...request, replayOnly: true }))).toEqual(first);
  });
});

describe('what is no 402 of x402 is refused before anything is read', () => {
  test.each([
    ['a page', { headers: {}, body: '<html>' }],
    ['nothing', { headers: {}, body: '' }],
    ['no offers', challengeOf([])],
    ['a broken header', { headers: { 'payment-required': '!' }, body: '' }],
    ['offers that are no list', challengeOf('x' as never)],
  ])('%s', async (what, challenge) => {
    const reads: string[] = [];
    const ledger = new Proxy(world.deps.ledger, {
      get: (target, name: keyof typeof world.deps.ledger) => {
        reads.push(name);
        return target[name];
      },
    });
    const result = await payChallenge({ ...world.deps, ledger }, ask({ challenge }));
    expect(result).toMatchObject({ ok: false, error: { reason: 'challenge_unreadable' } });
    if (what === 'a page') {
      const message =
        'it speaks none of the protocols that Bursar pays by: neither its headers nor its body are of x402';
      expect(result).toMatchObject({ error: { message } });
    }
    expect(reads).toEqual([]);
  });
});

test('who is not let in gets no replay either', async () => {
  const request = ask();
  payment(await pay(request));
  const principal = { ...request.principal, userId: 'somebody-else' };
  expect(await refusalOf({ ...request, principal })).toMatchObject({ reason: 'session_not_found' });
});
