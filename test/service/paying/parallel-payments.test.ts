import { beforeAll, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { assertSessionBalances } from '../../../lib/domain/payment/session.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, paid, type PayingWorld } from '../../support/paying.ts';

const database = withDatabase();
let world: PayingWorld;

beforeAll(async () => {
  // Above any number of payments here: what the cap does is tested on its own.
  world = await createPayingWorld(database, { timeoutMs: 60_000, overrides: { inFlightMax: 10_000 } });
});

const usd = (dollars: number) => toMicroUsd(BigInt(dollars) * 1_000_000n);
const farDeadline = (deps: PayingWorld['deps']) => (deps.clock.now() + 120_000) as ReturnType<typeof deps.clock.now>;

/** Sends payments at once and says what came of them. */
async function payAtOnce(count: number, amount: string, limit: ReturnType<typeof usd>) {
  const session = await world.open({ limit });
  const results = await Promise.all(
    Array.from({ length: count }, () =>
      processPayment(world.deps, world.request(session, { amount, deadline: farDeadline(world.deps) })),
    ),
  );
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  const refusals = results.flatMap((result) => (result.ok ? [] : [result.error.reason]));
  return { proofs: results.filter(({ ok }) => ok).length, refusals, budget: books!.budget };
}

describe('payments at the same time', () => {
  test('three of 10.00 against 25.00: exactly two succeed', async () => {
    const { proofs, refusals, budget } = await payAtOnce(3, '10000000', usd(25));
    expect(proofs).toBe(2);
    expect(refusals).toEqual(['budget_exceeded']);
    expect(budget).toEqual({ available: usd(5), reserved: 0n, spent: usd(20) });
  });

  test('a thousand against a budget for five hundred: exactly five hundred proofs, and no other refusal', async () => {
    const { proofs, refusals, budget } = await payAtOnce(1_000, '10000', usd(5));
    expect(proofs).toBe(500);
    expect(new Set(refusals)).toEqual(new Set(['budget_exceeded']));
    expect(budget).toEqual({ available: 0n, reserved: 0n, spent: usd(5) });
  });

  test('a hundred duplicates of one: one reservation, one digest, equal answers', async () => {
    const session = await world.open();
    const request = world.request(session, { deadline: farDeadline(world.deps) });
    const results = await Promise.all(Array.from({ length: 100 }, () => processPayment(world.deps, request)));
    const payments = results.map(paid);
    for (const payment of payments) expect(payment).toEqual(payments[0]);
    expect(payments[0]?.attempt).toBe(1);
    const books = await world.ledger.readSession(session);
    expect(books?.budget).toEqual({ available: 9_500_000n, reserved: 0n, spent: 500_000n });
  });

  test('more than may be in flight all succeed in the end, without a retry by the caller', async () => {
    const session = await world.open({ limit: usd(100) });
    const deps = { ...world.deps, inFlightMax: 4 };
    const results = await Promise.all(
      Array.from({ length: 24 }, () => processPayment(deps, world.request(session, { deadline: farDeadline(deps) }))),
    );
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  });
});
