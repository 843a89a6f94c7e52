import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TRUE_UP_WAIT_MAX_MS, TRUE_UP_WAIT_MIN_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Trace } from '../../../lib/domain/ports/schemes.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createLedger } from '../../../lib/ledger/dynamodb/books/ledger.ts';
import { toPaymentItem } from '../../../lib/ledger/dynamodb/books/payment-items.ts';
import { toSessionItem } from '../../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createSweepIndex } from '../../../lib/ledger/dynamodb/books/sweep-index.ts';
import { createTrueUps } from '../../../lib/ledger/dynamodb/books/true-ups.ts';
import { createTrueUpVisits } from '../../../lib/ledger/dynamodb/books/true-up-visits.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { trueUpDue, type TrueUpRunDeps } from '../../../lib/service/sweeping/true-up-run.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';
import { ceilingOf } from '../../support/ceilings.ts';
import { wiring } from '../../support/wiring.ts';

const database = withDatabase();
const CEILING = toMicroUsd(50_000n);
let table: { tableName: string; client: ReturnType<typeof createStoreClient> };
let clock: TestClock;
beforeAll(() => {
  Object.assign(process.env, database.environment);
});
beforeEach(async () => {
  const { booksTable: tableName } = await database.freshTables();
  table = { tableName, client: createStoreClient({ maxAttempts: 3 }) };
  clock = createTestClock(NOW);
});

const put = (Item: Record<string, never>) =>
  database.client.send(new PutItemCommand({ TableName: table.tableName, Item }));

/** A payment that was signed with a ceiling and is counted with it, as the sweeper hands it over. */
async function handedOver(overrides: Partial<Session> = {}): Promise<Payment> {
  const limit = toMicroUsd(1_000_000n);
  const budget = { available: toMicroUsd(950_000n), reserved: toMicroUsd(0n), spent: CEILING };
  const session = makeSession({ limit, budget });
  const payment = ceilingOf(makePayment(session, { status: 'SIGNED', amount: CEILING }), 50_000n);
  const returns = { due: new Map([[toEntryKey(payment.id, 1), CEILING]]), givenBack: toMicroUsd(0n) };
  await put(toSessionItem({ ...session, returns, ...overrides }, 'hash') as never);
  await put(toPaymentItem(payment, wiring.schemeOf) as never);
  await createSweepIndex(table).handOver(payment.id, 1, NOW);
  return payment;
}

function world(trace: () => Promise<Trace>) {
  const failures: unknown[] = [];
  const ledger = createLedger({ ...wiring, ...table, singleSendClient: table.client });
  const visits = createTrueUpVisits(table);
  const deps: TrueUpRunDeps = {
    ledger,
    visits,
    trueUps: createTrueUps(table),
    trace,
    clock,
    report: (failure) => void failures.push(failure),
  };
  const run = () => trueUpDue(deps, addMs(clock.now(), 30_000));
  const budgetOf = async (payment: Payment) => (await ledger.readSession(payment))!.budget;
  return { deps, run, visits, failures, budgetOf };
}

const settledFor = (amount: bigint) => () =>
  Promise.resolve({ kind: 'used', amount, transaction: `0x${'07'.repeat(32)}` } as Trace);

describe('a run of true-ups', () => {
  test('gives back what was not taken, and has the payment off its index', async () => {
    const payment = await handedOver();
    const { run, visits, budgetOf } = world(settledFor(12_000n));
    expect(await run()).toEqual({ visited: 1, closed: 1, failed: 0, givenBack: 38_000n });
    expect(await budgetOf(payment)).toMatchObject({ spent: 12_000n, available: 988_000n });
    expect(await visits.due(addMs(NOW, TRUE_UP_WAIT_MAX_MS * 10))).toEqual([]);
    expect(await run()).toMatchObject({ visited: 0 });
  });

  test('of which two run at once gives it back once', async () => {
    const payment = await handedOver();
    const { run, budgetOf } = world(settledFor(12_000n));
    await Promise.all([run(), run()]);
    expect(await budgetOf(payment)).toMatchObject({ spent: 12_000n, available: 988_000n });
  });

  test('comes again to what may still be settled: after a minute, and later the less often', async () => {
    const payment = await handedOver();
    const { run, visits, budgetOf } = world(() => Promise.resolve({ kind: 'open' }));
    expect(await run()).toMatchObject({ visited: 1, closed: 0 });
    expect(await visits.due(addMs(NOW, TRUE_UP_WAIT_MIN_MS - 1))).toEqual([]);
    clock.advance(TRUE_UP_WAIT_MIN_MS);
    expect(await visits.due(clock.now())).toEqual([{ id: payment.id, dueAt: clock.now() }]);
    clock.advance(8 * 3_600_000);
    await run();
    expect(await visits.due(addMs(clock.now(), TRUE_UP_WAIT_MAX_MS - 1))).toEqual([]);
    expect(await visits.due(addMs(clock.now(), TRUE_UP_WAIT_MAX_MS))).toHaveLength(1);
    expect(await budgetOf(payment)).toMatchObject({ spent: CEILING });
  });

  test('leaves a payment whose chain cannot be asked as it is, tells of it, and goes on with the others', async () => {
    const silent = await handedOver();
    const other = await handedOver();
    const { deps, failures, budgetOf } = world(settledFor(12_000n));
    const trace: TrueUpRunDeps['trace'] = (payment) =>
      payment.id === silent.id ? Promise.reject(new Error('no answer')) : deps.trace(payment);
    expect(await trueUpDue({ ...deps, trace }, addMs(clock.now(), 30_000))).toEqual({
      visited: 2,
      closed: 1,
      failed: 1,
      givenBack: 38_000n,
    });
    expect(failures).toEqual([{ paymentId: silent.id, error: expect.any(Error) }]);
    expect(await budgetOf(silent)).toMatchObject({ spent: CEILING });
    expect(await budgetOf(other)).toMatchObject({ spent: 12_000n });
  });

  test('waits for the sweeper where the payment is not counted as spent yet', async () => {
    const limit = toMicroUsd(1_000_000n);
    const session = makeSession({ limit });
    const payment = ceilingOf(makePayment(session, { status: 'SIGNED', amount: CEILING }), 50_000n);
    const open = new Map([[toEntryKey(payment.id, 1), { amount: CEILING, leaseUntil: NOW, charges: [] }] as const]);
    const budget = { available: toMicroUsd(950_000n), reserved: CEILING, spent: toMicroUsd(0n) };
    await put(toSessionItem({ ...session, budget, open, inFlight: 1 }, 'hash') as never);
    await put(toPaymentItem(payment, wiring.schemeOf) as never);
    await createSweepIndex(table).handOver(payment.id, 1, NOW);
    const { run, visits } = world(settledFor(12_000n));
    expect(await run()).toMatchObject({ visited: 1, closed: 0, failed: 0 });
    expect(await visits.due(addMs(NOW, TRUE_UP_WAIT_MIN_MS))).toHaveLength(1);
  });

  test('has nothing to do where the right was used by somebody else', async () => {
    await handedOver({ returns: { due: new Map(), givenBack: toMicroUsd(0n) } });
    const { run } = world(() => Promise.reject(new Error('nobody asks')));
    expect(await run()).toEqual({ visited: 1, closed: 1, failed: 0, givenBack: 0n });
  });

  test('begins nothing after its time', async () => {
    await handedOver();
    const { deps, visits } = world(settledFor(12_000n));
    expect(await trueUpDue(deps, clock.now())).toMatchObject({ visited: 0 });
    expect(await visits.due(clock.now())).toHaveLength(1);
  });
});
