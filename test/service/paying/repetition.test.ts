import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { LEASE_MARGIN_MS } from '../../../lib/domain/limits.ts';
import type { RepetitionGuard } from '../../../lib/domain/ports/books.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createRepetitionGuard } from '../../../lib/ledger/dynamodb/books/repetition-guard.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const WINDOW_SECONDS = 30;
const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let deps: ProcessPaymentDeps;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  const client = createStoreClient({ maxAttempts: 3 });
  const guard = createRepetitionGuard({ tableName: world.registryTable, client });
  deps = { ...world.deps, repetitions: { guard, windowSeconds: WINDOW_SECONDS } };
});

const spentOf = async (session: { readonly managerId: string; readonly sessionId: string }) =>
  (await world.ledger.readSession(session))?.budget;

describe('where the same terms may not be paid again within half a minute', () => {
  test('a purchase under a fresh token is refused, names the first one, and signs and holds nothing', async () => {
    const session = await world.open();
    const first = paid(await processPayment(deps, world.request(session)));
    const until = addMs(clock.now(), WINDOW_SECONDS * 1_000);
    expect(await processPayment(deps, world.request(session))).toEqual({
      ok: false,
      error: { reason: 'repeated_purchase', paymentId: first.id, until },
    });
    expect(await spentOf(session)).toEqual({ available: 9_500_000n, reserved: 0n, spent: 500_000n });
  });

  test('the refused token pays when the time is over, and not a millisecond before', async () => {
    const session = await world.open();
    const { createdAt } = paid(await processPayment(deps, world.request(session)));
    const again = world.request(session);
    for (const wait of [0, WINDOW_SECONDS * 1_000 - 1]) {
      clock.advance(addMs(createdAt, wait) - clock.now());
      const deadline = addMs(clock.now(), 15_000);
      expect(await processPayment(deps, { ...again, deadline })).toMatchObject({
        error: { reason: 'repeated_purchase' },
      });
    }
    clock.advance(1);
    const deadline = addMs(clock.now(), 15_000);
    expect(paid(await processPayment(deps, { ...again, deadline })).status).toBe('SIGNED');
    expect((await spentOf(session))?.spent).toBe(1_000_000n);
  });

  test('it is not denied either where the first one left too little, so that its token stays free', async () => {
    const session = await world.open({ limit: toMicroUsd(600_000n) });
    const first = paid(await processPayment(deps, world.request(session)));
    for (const payers of [deps.payers, createPayerCache()]) {
      const again = world.request(session);
      const refused = await processPayment({ ...deps, payers }, again);
      expect(refused).toMatchObject({ error: { reason: 'repeated_purchase', paymentId: first.id } });
      expect(await processPayment({ ...deps, payers }, again)).toEqual(refused);
    }
    clock.advance(WINDOW_SECONDS * 1_000);
    const late = world.request(session);
    expect(await processPayment(deps, late)).toMatchObject({ error: { reason: 'budget_exceeded' } });
    expect(await processPayment(deps, late)).toMatchObject({ error: { reason: 'budget_exceeded' } });
  });

  test('the first one reads no payment to know that it is the first', async () => {
    const session = await world.open();
    paid(await processPayment(deps, world.request(session, { amount: '1' })));
    const readPayment = () => Promise.reject(new Error('a payment is read'));
    paid(await processPayment({ ...deps, ledger: { ...deps.ledger, readPayment } }, world.request(session)));
  });

  test('the first token is replayed as ever', async () => {
    const session = await world.open();
    const request = world.request(session);
    const first = paid(await processPayment(deps, request));
    expect(paid(await processPayment(deps, request))).toEqual(first);
  });

  test('another amount, and the same terms in another session, are other purchases', async () => {
    const session = await world.open();
    const other = await world.open();
    paid(await processPayment(deps, world.request(session)));
    paid(await processPayment(deps, world.request(session, { amount: '500001' })));
    paid(await processPayment(deps, world.request(other)));
  });

  test('of twenty at the same time one pays', async () => {
    const session = await world.open();
    const results = await Promise.all(Array.from({ length: 20 }, () => processPayment(deps, world.request(session))));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await spentOf(session))?.spent).toBe(500_000n);
  });

  test('a payment that was given up stands in nobody’s way', async () => {
    const session = await world.open();
    const broken = { type: 'SeedVault' as const, sign: async () => Promise.reject(new NotNow('slow down')) };
    const failing = { ...deps, signers: signersOf(broken) };
    expect(await processPayment(failing, world.request(session))).toMatchObject({ error: { reason: 'busy' } });
    expect(paid(await processPayment(deps, world.request(session))).status).toBe('SIGNED');
  });

  test('a payment that was given up and is taken up again keeps its place from one that saw it given up', async () => {
    const session = await world.open();
    const first = world.request(session);
    const { repetitions } = deps;
    const broken = { type: 'SeedVault' as const, sign: async () => Promise.reject(new NotNow('slow down')) };
    await processPayment({ ...deps, signers: signersOf(broken) }, first);
    let retried = false;
    const guard: RepetitionGuard = {
      take: async (termsKey, claim, instead) => {
        if (instead !== null) {
          paid(await processPayment(deps, first));
          retried = true;
        }
        return repetitions!.guard.take(termsKey, claim, instead);
      },
    };
    const late = await processPayment(
      { ...deps, repetitions: { guard, windowSeconds: WINDOW_SECONDS } },
      world.request(session),
    );
    expect(retried).toBe(true);
    expect(late).toMatchObject({ error: { reason: 'repeated_purchase' } });
    expect(await spentOf(session)).toEqual({ available: 9_500_000n, reserved: 0n, spent: 500_000n });
  });

  test('a payment whose handler died stands in the way until its lease has ended, and no longer', async () => {
    const session = await world.open();
    const request = world.request(session);
    await new Promise<void>((reserving) => {
      const reserve = () => {
        reserving();
        return new Promise<never>(() => {});
      };
      void processPayment({ ...deps, ledger: { ...deps.ledger, reserve } }, request);
    });
    clock.advance(request.deadline + LEASE_MARGIN_MS - 1 - clock.now());
    const deadline = addMs(clock.now(), 15_000);
    const next = { ...world.request(session), deadline };
    expect(await processPayment(deps, next)).toMatchObject({ error: { reason: 'repeated_purchase' } });
    clock.advance(1);
    expect(paid(await processPayment(deps, next)).status).toBe('SIGNED');
  });
});

test('is not asked where nobody wants it: equal purchases are as many payments', async () => {
  const session = await world.open();
  for (let count = 0; count < 4; count += 1) paid(await processPayment(world.deps, world.request(session)));
  expect((await spentOf(session))?.spent).toBe(2_000_000n);
});
