import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;

beforeEach(async () => {
  Object.assign(process.env, database.environment);
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
});

const CLIENT_TOKEN = 'p'.repeat(40);
const pay = (session: Parameters<PayingWorld['request']>[0], overrides: Parameters<PayingWorld['request']>[1] = {}) =>
  processPayment(world.deps, world.request(session, { clientToken: CLIENT_TOKEN, ...overrides }));

function refusalOf(result: Result<Payment, Refusal>): Refusal {
  if (result.ok) throw new Error('expected a refusal');
  return result.error;
}

describe('one client token', () => {
  test('pays once, however often the price rises after it', async () => {
    const session = await world.open();
    const first = paid(await pay(session));
    for (let price = 500_001; price < 500_020; price += 1) {
      expect(refusalOf(await pay(session, { amount: `${price}` }))).toMatchObject({
        reason: 'other_terms',
        payment: { id: first.id, status: 'SIGNED', amount: 500_000n },
      });
    }
    // It is read, and nothing is written to close what is final.
    const supersede = () => Promise.reject(new Error('something is closed'));
    const asked = world.request(session, { clientToken: CLIENT_TOKEN, amount: '1' });
    const refused = await processPayment({ ...world.deps, ledger: { ...world.ledger, supersede } }, asked);
    expect(refusalOf(refused)).toMatchObject({ reason: 'other_terms', payment: { id: first.id } });
    expect((await world.ledger.readSession(session))?.budget.spent).toBe(500_000n);
  });

  test('pays once, in whatever session it is used again', async () => {
    const first = paid(await pay(await world.open()));
    const other = await world.open();
    expect(refusalOf(await pay(other))).toMatchObject({
      reason: 'other_terms',
      payment: { sessionId: first.sessionId },
    });
    expect((await world.ledger.readSession(other))?.budget.spent).toBe(0n);
  });

  test('whose payment was never signed and is over is closed for good by other terms', async () => {
    const session = await world.open();
    const broken = { ...world.deps.signers.SeedVault, sign: () => Promise.reject(new Error('no key')) };
    const failing = { ...world.deps, signers: signersOf(broken) };
    const request = world.request(session, { clientToken: CLIENT_TOKEN });
    await expect(processPayment(failing, request)).rejects.toThrow('no key');
    expect(refusalOf(await pay(session, { amount: '500001' }))).toMatchObject({
      reason: 'other_terms',
      payment: { status: 'DENIED', denial: { reason: 'superseded' } },
    });
    expect(refusalOf(await pay(session))).toEqual({ reason: 'superseded' });
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 0n });
  });

  test('whose payment is at work is waited for before other terms are refused', async () => {
    const session = await world.open();
    const { promise: signing, resolve: sign } = Promise.withResolvers<void>();
    const { sign: signNow } = world.deps.signers.SeedVault;
    const slow = {
      ...world.deps.signers.SeedVault,
      sign: async (...args: Parameters<typeof signNow>) => {
        await signing;
        return signNow(...args);
      },
    };
    const waiting = {
      ...clock,
      sleep: async (ms: number) => {
        sign();
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        clock.advance(ms);
      },
    };
    const deps = { ...world.deps, clock: waiting, signers: signersOf(slow) };
    const first = processPayment(deps, world.request(session, { clientToken: CLIENT_TOKEN }));
    await expect.poll(async () => (await world.ledger.readSession(session))?.open.size).toBe(1);
    const other = processPayment(deps, world.request(session, { clientToken: CLIENT_TOKEN, amount: '1' }));
    expect(refusalOf(await other)).toMatchObject({ reason: 'other_terms', payment: { status: 'SIGNED' } });
    expect(paid(await first).amount).toBe(500_000n);
  });
});

describe('a request for a replay only', () => {
  test('answers with the proof that the token has, whatever is offered now, and pays nothing', async () => {
    const session = await world.open();
    const first = paid(await pay(session));
    const again = paid(await pay(session, { amount: '900000', replayOnly: true }));
    expect(again).toEqual(first);
    expect((await world.ledger.readSession(session))?.budget.spent).toBe(500_000n);
  });

  test('answers that there is no payment where there is none, and writes nothing', async () => {
    const session = await world.open();
    expect(refusalOf(await pay(session, { replayOnly: true }))).toEqual({ reason: 'no_payment' });
    paid(await pay(session));
  });

  test('answers that there is no payment where it was given up, and leaves it to be taken up again', async () => {
    const session = await world.open();
    const broken = { ...world.deps.signers.SeedVault, sign: () => Promise.reject(new Error('no key')) };
    const request = world.request(session, { clientToken: CLIENT_TOKEN });
    await expect(processPayment({ ...world.deps, signers: signersOf(broken) }, request)).rejects.toThrow('no key');
    expect(refusalOf(await pay(session, { replayOnly: true }))).toEqual({ reason: 'no_payment' });
    expect(paid(await pay(session)).attempt).toBe(2);
  });

  test('answers with a final denial as it was', async () => {
    const session = await world.open();
    const denied = refusalOf(await pay(session, { amount: '99000000' }));
    expect(denied).toMatchObject({ reason: 'budget_exceeded' });
    expect(refusalOf(await pay(session, { replayOnly: true }))).toEqual(denied);
  });
});

test('a payment is replayed after its network is allowed no longer, and nothing new is paid there', async () => {
  const session = await world.open();
  const first = paid(await pay(session));
  const deps = { ...world.deps, allowedNetworks: new Set(['eip155:1']) };
  const request = world.request(session, { clientToken: CLIENT_TOKEN });
  expect(paid(await processPayment(deps, request))).toEqual(first);
  expect(refusalOf(await processPayment(deps, world.request(session)))).toMatchObject({ code: 'unsupported_network' });
});

test('a window that ran down before signing is frozen anew by the retry, and never signed as it is', async () => {
  const session = await world.open();
  const request = world.request(session, { clientToken: CLIENT_TOKEN });
  const slow = {
    ...world.ledger,
    reserve: async (...args: Parameters<typeof world.ledger.reserve>) => {
      const outcome = await world.ledger.reserve(...args);
      clock.advance(55_000);
      return outcome;
    },
  };
  const late = { ...request, deadline: addMs(clock.now(), 900_000) };
  expect(refusalOf(await processPayment({ ...world.deps, ledger: slow }, late))).toMatchObject({ reason: 'busy' });
  const payment = paid(await processPayment(world.deps, { ...late, deadline: addMs(clock.now(), 15_000) }));
  expect(payment.terms.validBefore * 1_000 - clock.now()).toBeGreaterThan(50_000);
});
