import { beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { toPaymentId } from '../../../lib/service/paying/payment-draft.ts';
import { scopeOf, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import {
  createPayingWorld,
  createTestClock,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { mppHeader } from '../../support/mpp.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// A whole 402 under a client token that has a payment already, in whatever state that is.

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;
let signatures: number;
let replays: number;

beforeEach(async () => {
  clock = createTestClock();
  signatures = 0;
  replays = 0;
  const signer = {
    ...testSigner,
    sign: (...args: Parameters<typeof testSigner.sign>) => {
      signatures += 1;
      return testSigner.sign(...args);
    },
  };
  const observer = {
    offered: () => undefined,
    stated: () => undefined,
    begin: () => () => undefined,
    replayed: () => {
      replays += 1;
    },
    signed: () => undefined,
  };
  world = await createPayingWorld(database, { clock, overrides: { signers: signersOf(signer), observer } });
  session = await world.open();
});

const ask = (overrides: Partial<PayChallengeRequest> = {}) => askingRequest(world, session, overrides);
const again = (request: PayChallengeRequest, overrides: Partial<PayChallengeRequest> = {}) => ({
  ...request,
  deadline: ask().deadline,
  ...overrides,
});

async function pay(
  request: PayChallengeRequest,
  overrides: Partial<ProcessPaymentDeps> = {},
): Promise<Payment | Refusal> {
  const result = await payChallenge({ ...world.deps, ...overrides }, request);
  return result.ok ? result.value.payment : result.error;
}

const unsigned = signersOf({ ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) });

/** A request whose payment was begun and given up. */
async function givenUp(overrides: Partial<PayChallengeRequest> = {}): Promise<PayChallengeRequest> {
  const request = ask(overrides);
  expect(await pay(request, { signers: unsigned })).toEqual({ reason: 'busy', what: 'signer' });
  return request;
}

/** A request whose payment stays at its signer until it is let go. */
async function atWork() {
  const request = ask();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: signing, resolve: go } = Promise.withResolvers<void>();
  const slow = {
    ...testSigner,
    sign: async (...args: Parameters<typeof testSigner.sign>) => {
      reach();
      await signing;
      return testSigner.sign(...args);
    },
  };
  const outcome = pay(request, { signers: signersOf(slow) });
  await reached;
  const waiting = {
    ...clock,
    sleep: async (ms: number) => {
      go();
      await outcome;
      clock.advance(ms);
    },
  };
  return { request, outcome, waiting };
}

describe('for a replay only', () => {
  test('a payment that was given up is none, and is not taken up', async () => {
    const request = await givenUp();
    expect(await pay(again(request, { replayOnly: true }))).toEqual({ reason: 'no_payment' });
    expect([signatures, replays]).toEqual([0, 0]);
    expect(await pay(again(request))).toMatchObject({ status: 'SIGNED', attempt: 2 });
  });

  test('a payment at work is waited for', async () => {
    const { request, outcome, waiting } = await atWork();
    const replay = await pay(again(request, { replayOnly: true }), { clock: waiting });
    expect(replay).toEqual(await outcome);
    expect(replays).toBe(1);
  });

  test('a payment at work for longer than anybody waits is busy', async () => {
    const { request } = await atWork();
    expect(await pay(again(request, { replayOnly: true }))).toEqual({ reason: 'busy', what: 'payment' });
  });
});

describe('a payment that is final answers', () => {
  test('within any session and with any wallet, and nothing is written', async () => {
    const request = ask();
    const first = await pay(request);
    const other = await world.open();
    const ledger: Ledger = {
      ...world.ledger,
      supersede: () => Promise.reject(new Error('something is closed')),
      takeOver: () => Promise.reject(new Error('something is taken over')),
    };
    for (const overrides of [
      {},
      { sessionId: other.sessionId },
      { instrumentId: 'payment-instrument-000000000000009' },
    ]) {
      expect(await pay(again(request, overrides), { ledger })).toEqual(first);
    }
    expect(replays).toBe(3);
  });

  test('also where it is a denial, with the figures of then', async () => {
    session = await world.open({ limit: toMicroUsd(1n) });
    const request = ask();
    const denial = await pay(request);
    expect(denial).toMatchObject({ reason: 'budget_exceeded', available: 1n });
    const other = await world.open();
    expect(await pay(again(request, { sessionId: other.sessionId }))).toEqual(denial);
  });
});

describe('a payment that was given up', () => {
  test.each<[string, () => Promise<Partial<PayChallengeRequest>>]>([
    ['another session', async () => ({ sessionId: (await world.open()).sessionId })],
    ['another wallet', async () => ({ instrumentId: 'payment-instrument-000000000000009' })],
  ])('is closed for good by %s, and pays nothing there', async (_what, change) => {
    const request = await givenUp();
    expect(await pay(again(request, await change()))).toMatchObject({
      reason: 'other_terms',
      payment: { status: 'DENIED', denial: { reason: 'superseded' } },
    });
    expect(await pay(again(request))).toEqual({ reason: 'superseded' });
    expect([signatures, replays]).toEqual([0, 1]);
  });

  test('costs no attempt where another token has paid the same challenge since, and is answered with that payment', async () => {
    const challenge = { headers: { 'www-authenticate': mppHeader({ id: 'same' }) }, body: '' };
    const request = await givenUp({ challenge });
    const other = await pay(ask({ challenge }));
    expect(other).toMatchObject({ status: 'SIGNED' });
    const takeOver = () => Promise.reject(new Error('it is taken up'));
    expect(await pay(again(request), { ledger: { ...world.ledger, takeOver } })).toEqual(other);
  });

  test('is not taken up where the deployment lets nobody pay there any more, and says why', async () => {
    const request = await givenUp();
    const { id } = (await world.ledger.readPayment(toPaymentId(scopeOf(request))))!;
    expect(await pay(again(request), { allowedNetworks: new Set(['eip155:1']) })).toEqual({
      reason: 'invalid_challenge',
      code: 'unsupported_network',
      field: '',
      message: expect.stringMatching(new RegExp(String.raw`^payment ${id} of USD 0\.50 was begun, but .+`)) as string,
    });
    expect(signatures).toBe(0);
  });
});

test('a payment at work is waited for within another session, and is the answer', async () => {
  const { request, outcome, waiting } = await atWork();
  const other = await world.open();
  expect(await pay(again(request, { sessionId: other.sessionId }), { clock: waiting })).toEqual(await outcome);
  expect(replays).toBe(1);
  expect((await world.ledger.readSession(other))?.budget.spent).toBe(0n);
});

test('of two calls that find no payment the second is answered with that of the first', async () => {
  const request = ask({ challenge: challengeOf([offer({ amount: '200000' })]) });
  let first: Payment | Refusal | undefined;
  const putIntent: Ledger['putIntent'] = async (payment) => {
    first = await pay(request);
    return world.ledger.putIntent(payment);
  };
  const dearer = challengeOf([offer({ amount: '300000' })]);
  const second = await pay({ ...request, challenge: dearer }, { ledger: { ...world.ledger, putIntent } });
  expect(second).toEqual(first);
  expect(signatures).toBe(1);
  expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 200_000n });
});

test('a denial that the session shows is one write', async () => {
  session = await world.open({ limit: toMicroUsd(1n) });
  const decide = () => Promise.reject(new Error('it is decided once more'));
  expect(await pay(ask(), { ledger: { ...world.ledger, decide } })).toMatchObject({ reason: 'budget_exceeded' });
});

test('what is bought is described in the words of the offer that is paid', async () => {
  const accepts = [offer({ amount: '300000', description: 'dear' }), offer({ amount: '200000', description: 'cheap' })];
  expect(await pay(ask({ challenge: challengeOf(accepts) }))).toMatchObject({ resource: { description: 'cheap' } });
  expect(await pay(ask({ challenge: challengeOf(accepts.toReversed()) }))).toMatchObject({
    resource: { description: 'cheap' },
  });
});
