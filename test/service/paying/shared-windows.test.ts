import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { WindowCharge } from '../../../lib/domain/payment/charge.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import type { WindowBooks } from '../../../lib/domain/ports/windows.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { createDraw } from '../../../scripts/nemesis/plan.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';
import { createPayingWorld, wallClock } from '../../support/paying.ts';
import { chargingBy } from '../../support/policies.ts';

const database = withDatabase();
let hop: StoreHop;
beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(() => hop.setFaults(null));

const SESSIONS = 50;
const PAYMENTS = 2_560;
const PRICE = 10_000n;
const RETRIES_PER_PAYMENT = 5;

interface Tried {
  changes: number;
  stale: number;
}

function counted(windows: WindowBooks, tried: Tried): WindowBooks {
  return {
    ...windows,
    change: async (ref, change) => {
      tried.changes += 1;
      const outcome = await windows.change(ref, change);
      if (outcome === 'stale') tried.stale += 1;
      return outcome;
    },
  };
}

/** Pays from all sessions at the same time, as often as a client does that is told to try again. */
async function spendDay(payments: number, max: bigint, sessionCount = SESSIONS) {
  const now = wallClock.now();
  const day = { key: 'dAy_0-user1', opensAt: addMs(now, -3_600_000), closesAt: addMs(now, 3_600_000) } as const;
  const charge: WindowCharge = { kind: 'window', ...day, quantity: PRICE, max };
  const world = await createPayingWorld(database, {
    endpoint: hop.endpoint,
    timeoutMs: 60_000,
    overrides: { policies: chargingBy(() => [charge]) },
  });
  const tried: Tried = { changes: 0, stale: 0 };
  const deps = { ...world.deps, windows: counted(world.deps.windows, tried) };
  const sessions: Session[] = [];
  for (let at = 0; at < sessionCount; at += 1) sessions.push(await world.open({ limit: toMicroUsd(10_000_000n) }));
  const outcomes = { signed: 0, denied: 0, retries: 0 };
  const work = async (session: Session, at: number): Promise<void> => {
    for (let paid = at; paid < payments; paid += sessionCount) {
      const request = world.request(session, { amount: PRICE.toString() });
      for (;;) {
        const result = await processPayment(deps, { ...request, deadline: addMs(wallClock.now(), 60_000) });
        if (!result.ok && result.error.reason === 'busy' && outcomes.retries < RETRIES_PER_PAYMENT * payments) {
          outcomes.retries += 1;
          continue;
        }
        if (!result.ok && result.error.reason !== 'policy_exceeded') throw new Error(`refused: ${result.error.reason}`);
        if (result.ok) outcomes.signed += 1;
        else outcomes.denied += 1;
        break;
      }
    }
  };
  await Promise.all(sessions.map(work));
  const window = (await world.deps.windows.readWindow({ managerId: world.manager.managerId, key: day.key }))!;
  let [spent, used, free] = [0n, 0n, 0n];
  for (const session of sessions) {
    const stored = (await world.ledger.readSession(session))!;
    assertSessionBalances(stored);
    const grant = stored.windows.get(day.key);
    spent += stored.budget.spent;
    used += grant?.used ?? 0n;
    free += grant?.free ?? 0n;
    expect((grant?.free ?? 0n) + (grant?.used ?? 0n)).toBe(window.grants.get(session.sessionId)?.amount ?? 0n);
  }
  return { outcomes, window, spent, used, free, tried };
}

test(
  '2,560 payments of 50 sessions that share a day are counted exactly, with less than one write to the day in eight',
  { timeout: 300_000 },
  async () => {
    const max = PRICE * BigInt(PAYMENTS);
    const { outcomes, window, spent, used, free, tried } = await spendDay(PAYMENTS, max);
    expect(outcomes).toMatchObject({ signed: PAYMENTS, denied: 0 });
    expect([spent, used]).toEqual([max, max]);
    expect(window.available + free).toBe(0n);
    // Every change of the day is one write to it, a first grant, a top-up or a steal-back, and raises its version by one.
    expect(window.version).toBeGreaterThanOrEqual(SESSIONS);
    expect(window.version).toBeLessThan(PAYMENTS / 8);
    // With those that met others and changed nothing, which DynamoDB bills as well.
    expect(tried.changes).toBeLessThan(PAYMENTS / 4);
  },
);

test('a day that runs out half way denies nothing that it could have paid', { timeout: 300_000 }, async () => {
  const payments = PAYMENTS / 8;
  const max = (PRICE * BigInt(payments)) / 2n;
  const { outcomes, spent, used } = await spendDay(payments, max);
  expect(outcomes).toMatchObject({ signed: payments / 2, denied: payments / 2 });
  expect([spent, used]).toEqual([max, max]);
});

test('a day is exact where transactions meet each other and the writes of payments', { timeout: 300_000 }, async () => {
  const draw = createDraw(13);
  const met: Record<string, number> = {};
  hop.setFaults(({ operation, body }) => {
    // Of what payments update, sessions alone are in transactions.
    const ofSession = JSON.stringify(body['Key'])?.includes('SES#') === true;
    const rate = { TransactWriteItems: 0.3, UpdateItem: ofSession ? 0.1 : 0 }[operation] ?? 0;
    if (draw() >= rate) return null;
    met[operation] = (met[operation] ?? 0) + 1;
    return 'conflict';
  });
  const payments = 120;
  const max = (PRICE * BigInt(payments)) / 2n;
  const { outcomes, used, window, free } = await spendDay(payments, max, 12);
  expect(outcomes).toMatchObject({ signed: payments / 2, denied: payments / 2 });
  expect([used, window.available + free]).toEqual([max, 0n]);
  expect(met['TransactWriteItems']).toBeGreaterThan(5);
  expect(met['UpdateItem']).toBeGreaterThan(5);
});
