import { beforeEach, describe, expect, test } from 'vitest';
import { FREEZE_SCOPES, type FreezeScope, type FreezeSubject } from '../../../lib/domain/payment/freeze.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { GateKeeper } from '../../../lib/domain/ports/gate.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { payChallenge } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge } from '../../../lib/service/asking/quote-challenge.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import {
  createPayingWorld,
  createTestClock,
  PAY_TO,
  paid,
  wallClock,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { createWithdrawingWorld, HOME } from '../../support/withdrawing.ts';
import { wiring } from '../../support/wiring.ts';

const AGENT = 'buyer';
const BY = 'arn:aws:sts::111122223333:assumed-role/Operators/grace';
const OTHER_PAYEE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;
let gate: GateKeeper;

const keeperOf = (tableName: string) =>
  createGateKeeper({ tableName, client: toStoreClient(database.client) }, wiring.drawDeploymentId);

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
  gate = keeperOf(world.booksTable);
});

/** What a payment of this world falls under, and what it does not although it looks alike. */
function subjectOf(scope: FreezeScope, which: 'own' | 'other' = 'own', payTo = PAY_TO): FreezeSubject {
  const { managerId, userId, sessionId } = session;
  const end = which === 'own' ? '' : '#2';
  switch (scope) {
    case 'manager':
      return { scope, managerId: managerId + end };
    case 'user':
      return { scope, managerId, userId: userId + end };
    case 'agent':
      return { scope, managerId, agentName: AGENT + end };
    case 'session':
      return { scope, managerId, sessionId: sessionId + end };
    case 'instrument':
      return { scope, managerId, instrumentId: world.instrument.instrumentId + end };
    case 'payee':
      return { scope, managerId, payTo: which === 'own' ? payTo : OTHER_PAYEE };
    case 'asset': {
      const network = which === 'own' ? BASE_SEPOLIA.id : 'eip155:8453';
      return { scope, managerId, network, asset: BASE_SEPOLIA.usdc.address };
    }
  }
}

const freeze = (subject: FreezeSubject) => gate.freeze(subject, { at: clock.now(), by: BY });
const thaw = (subject: FreezeSubject) => gate.thaw(subject, { since: clock.now(), at: clock.now(), by: BY });
const ask = (overrides: Parameters<PayingWorld['request']>[1] = {}) =>
  world.request(session, { agentName: AGENT, ...overrides });

function refusalOf(result: Result<unknown, Refusal>): Refusal {
  if (result.ok) throw new Error('expected a refusal');
  return result.error;
}

describe.each(FREEZE_SCOPES)('a frozen %s', (scope) => {
  const frozen = () => ({ reason: 'frozen', scope, since: clock.now() });

  test('reserves and signs nothing new, replays what is signed, and the token that was refused pays after the thaw', async () => {
    const before = ask();
    const first = paid(await processPayment(world.deps, before));
    await freeze(subjectOf(scope));
    const refused = ask();
    // Once with what the process remembers of the payer, once without.
    const ledger = { ...world.ledger, reserve: () => Promise.reject(new Error('something is reserved')) };
    for (const request of [refused, refused]) {
      expect(refusalOf(await processPayment({ ...world.deps, ledger }, request))).toEqual(frozen());
    }
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 500_000n });
    expect(paid(await processPayment(world.deps, before))).toEqual(first);
    await thaw(subjectOf(scope));
    paid(await processPayment(world.deps, refused));
  });

  test('is that one alone: what is named alike goes on', async () => {
    await freeze(subjectOf(scope, 'other'));
    paid(await processPayment(world.deps, ask()));
  });

  test('stops a payment whose reads came before the freeze, with its money given back', async () => {
    const ledger = {
      ...world.ledger,
      putIntent: async (payment: Payment) => {
        await freeze(subjectOf(scope));
        return world.ledger.putIntent(payment);
      },
    };
    const request = ask();
    expect(refusalOf(await processPayment({ ...world.deps, ledger }, request))).toEqual(frozen());
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 0n });
    await thaw(subjectOf(scope));
    paid(await processPayment(world.deps, request));
  });
});

test('an agent that is frozen is no way around under another name, once it has begun a payment', async () => {
  const begun = ask();
  const dying = { ...world.ledger, reserve: () => Promise.reject(new TypeError('planted')) };
  await expect(processPayment({ ...world.deps, ledger: dying }, begun)).rejects.toThrow('planted');
  await freeze(subjectOf('agent'));
  const renamed = { ...begun, agentName: 'somebody else' };
  expect(refusalOf(await processPayment(world.deps, renamed))).toMatchObject({ reason: 'frozen', scope: 'agent' });
  expect((await world.ledger.readSession(session))?.inFlight).toBe(0);
});

describe('a whole 402', () => {
  const challenge = challengeOf([offer({ amount: '200000' }), offer({ amount: '300000', payTo: OTHER_PAYEE })]);

  test('is paid by the offer of another payee where one is frozen, and the quote before says so', async () => {
    await freeze(subjectOf('payee'));
    const request = askingRequest(world, session, { challenge });
    const quote = await quoteChallenge({ ...world.deps, chainReaders: new Map() }, request);
    expect(quote).toMatchObject({
      value: { offers: [{ verdict: { code: 'frozen_payee' } }, { verdict: { allowed: true } }], chosen: { index: 1 } },
    });
    expect(await payChallenge(world.deps, request)).toMatchObject({ value: { payment: { amount: 300_000n } } });
  });

  test('is not paid in a token that is frozen, whoever is the payee', async () => {
    await freeze(subjectOf('asset'));
    const refusal = refusalOf(await payChallenge(world.deps, askingRequest(world, session, { challenge })));
    const code = 'frozen_asset';
    expect(refusal).toMatchObject({
      reason: 'no_payable_offer',
      offers: [{ verdict: { code } }, { verdict: { code } }],
    });
  });

  test('is not taken up again where its payee was frozen since, and is after the thaw', async () => {
    const request = askingRequest(world, session, { challenge });
    const dying = { ...world.ledger, reserve: () => Promise.reject(new TypeError('planted')) };
    await expect(payChallenge({ ...world.deps, ledger: dying }, request)).rejects.toThrow('planted');
    await freeze(subjectOf('payee'));
    const deps = { ...world.deps, ledger: dying };
    expect(refusalOf(await payChallenge(deps, request))).toMatchObject({ reason: 'frozen', scope: 'payee' });
    await thaw(subjectOf('payee'));
    expect(await payChallenge(world.deps, request)).toMatchObject({ value: { payment: { amount: 200_000n } } });
  });
});

test.each(['manager', 'user', 'agent', 'instrument', 'payee', 'asset'] as const)(
  'a withdrawal that concerns a frozen %s signs nothing until the thaw',
  async (scope) => {
    const withdrawing = await createWithdrawingWorld(database, database.endpoint);
    ({ paying: world, clock } = withdrawing);
    gate = keeperOf(world.booksTable);
    session = await world.open();
    const request = withdrawing.request({ agentName: AGENT });
    await freeze(subjectOf(scope, 'own', HOME));
    const ledger = { ...world.ledger, reserve: () => Promise.reject(new Error('something is reserved')) };
    const refused = await withdraw({ ...withdrawing.deps, ledger }, request);
    expect(refusalOf(refused)).toMatchObject({ reason: 'frozen', scope });
    expect(withdrawing.signed).toEqual([]);
    await thaw(subjectOf(scope, 'own', HOME));
    paid(await withdraw(withdrawing.deps, request));
  },
);

const EFFECTIVE_WITHIN_MS = 5_000;

test('a freeze is effective within five seconds while others pay', async ({ annotate }) => {
  world = await createPayingWorld(database);
  gate = keeperOf(world.booksTable);
  const sessions = await Promise.all(
    [1, 2, 3, 4].map((n) => world.open({ sessionId: `payment-session-00000000000000${n}` })),
  );
  session = sessions[0]!;
  let signed = 0;
  let lastSignedAt = 0;
  const reached = Promise.withResolvers<void>();
  const paying = sessions.map(async (own) => {
    for (;;) {
      const result = await processPayment(world.deps, world.request(own, { amount: '1' }));
      if (!result.ok) return result.error;
      signed += 1;
      lastSignedAt = Math.max(lastSignedAt, result.value.decidedAt ?? 0);
      if (signed === 20) reached.resolve();
    }
  });
  await reached.promise;
  const askedAt = wallClock.now();
  const subject = subjectOf('user');
  await gate.freeze(subject, { at: askedAt, by: BY });
  const refusals = await Promise.all(paying);
  for (const refusal of refusals) expect(refusal).toMatchObject({ reason: 'frozen', scope: 'user', since: askedAt });
  const tookMs = Math.max(0, lastSignedAt - askedAt);
  await annotate(`the last of ${signed} payments was signed ${tookMs} ms after the freeze was asked for`);
  expect(tookMs).toBeLessThan(EFFECTIVE_WITHIN_MS);
});
