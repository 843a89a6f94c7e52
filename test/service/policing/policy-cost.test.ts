import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { hashPolicy, type Rule } from '../../../lib/domain/policy/index.ts';
import type { PolicyOwner } from '../../../lib/domain/ports/policies.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { createFeedKeeper } from '../../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createPolicyReader } from '../../../lib/ledger/dynamodb/policies/policy-reader.ts';
import { createPolicyKeeper } from '../../../lib/ledger/dynamodb/policies/policy-store.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { createPolicySource } from '../../../lib/service/policing/policy-source.ts';
import { sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { withDatabase } from '../../support/database.ts';
import { sizeOfItem } from '../../support/item-size.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  PAY_TO,
  type PayingWorld,
  type RequestOverrides,
  type TestClock,
} from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';

const WRITE_UNITS_MAX = 9;
const ITEM_BYTES_MAX = 1_024;
const database = withDatabase();
const usd = (amount: bigint) => toMicroUsd(amount);
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;
let session: Session;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, reads: 'joint' });
  session = await world.open();
  hop.countRounds(true);
  hop.forget();
});

/** Reads from the table, as a process does that has read nothing yet. */
function fresh(): ProcessPaymentDeps {
  const reader = createPolicyReader(tableOf());
  const { remembering } = world;
  const policies = createPolicySource({ reader, clock, remembering: async () => remembering });
  return { ...world.deps, payers: createPayerCache(), policies };
}

const tableOf = () => ({
  tableName: world.registryTable,
  booksTable: world.booksTable,
  client: createLeanStore(process.env).createClient({ maxAttempts: 1 }),
});

async function write(owner: PolicyOwner, rules: readonly Rule[]): Promise<void> {
  const document = { version: 1, rules } as const;
  const stored = { owner, hash: hashPolicy(document), document, version: 1, updatedAt: clock.now(), updatedBy: 'test' };
  expect(await createPolicyKeeper(tableOf()).put(stored, { version: 0, hash: null })).toBe('changed');
  hop.forget();
}

const user = (): PolicyOwner => ({ scope: 'user', managerId: session.managerId, userId: session.userId });
const pay = (deps: ProcessPaymentDeps, overrides: RequestOverrides = {}) =>
  processPayment(deps, world.request(session, { agentName: 'research-assistant', ...overrides }));
const serialTrips = () => new Set(hop.calls.map(({ round }) => round)).size;
const named = (operation: string) => hop.calls.filter((call) => call.operation === operation);
/** All batches but that of gate, session, manager and instrument, which every payment reads. */
const policyReads = () => named('BatchGetItem').filter(({ body }) => !JSON.stringify(body).includes('"GATE"'));
const units = () => [...named('PutItem'), ...named('UpdateItem')].reduce((sum, call) => sum + call.units, 0);

/** Ten rules, two of them windows and four that count within the session. */
const TEN: readonly Rule[] = [
  { kind: 'perPayment', max: usd(1_000_000n) },
  { kind: 'payees', allow: [PAY_TO] },
  { kind: 'networks', allow: [BASE_SEPOLIA.id] },
  { kind: 'assets', allow: ['USDC'] },
  { kind: 'sessionCap', of: 'payee', max: usd(9_000_000n) },
  { kind: 'sessionCap', of: 'agent', max: usd(9_000_000n) },
  { kind: 'sessionCap', of: 'payee', maxCount: 50 },
  { kind: 'sessionCap', of: 'protocol', maxCount: 50 },
  { kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: usd(80_000_000n) },
  { kind: 'window', of: 'manager', every: 'month', timeZone: 'UTC', max: usd(80_000_000n) },
];

describe('what judging costs', () => {
  test(`is nothing in trips: four in series and at most ${WRITE_UNITS_MAX} write units under ten rules, two of them windows`, async () => {
    await write(user(), TEN);
    const deps = fresh();
    // The first payment of a session gets its part of each window.
    paid(await pay(deps));
    clock.advance(2_000);
    hop.forget();
    const payment = paid(await pay(deps));
    expect(serialTrips()).toBe(4);
    // Whose policies were known for too long is asked again, in one request beside the others.
    expect(policyReads()).toHaveLength(1);
    expect(named('TransactWriteItems')).toEqual([]);
    const paying = units();
    for (const pk of [`PAY#${payment.id}`, `SES#${session.managerId}#${session.sessionId}`]) {
      const key = { TableName: world.booksTable, Key: { pk: { S: pk } }, ConsistentRead: true };
      const { Item } = await database.client.send(new GetItemCommand(key));
      expect(sizeOfItem(Item!)).toBeLessThan(ITEM_BYTES_MAX);
    }
    hop.forget();
    clock.advance(20_000);
    await sweepOnce(world.sweepDeps);
    // The sweeper visits both payments. Counted are the intent with its index entries, reserve, decide, settle and the visit.
    expect(paying).toBeGreaterThanOrEqual(6);
    expect(paying + units() / 2).toBeLessThanOrEqual(WRITE_UNITS_MAX);
  });

  test('is no read where the policies were read within two seconds', async () => {
    const deps = fresh();
    paid(await pay(deps));
    hop.forget();
    paid(await pay(deps));
    expect([serialTrips(), policyReads().length]).toEqual([4, 0]);
  });

  test('is no trip for the first payment of a process: five, as without policies', async () => {
    await write(
      user(),
      TEN.filter(({ kind }) => kind !== 'window'),
    );
    paid(await pay(fresh()));
    expect([serialTrips(), policyReads().length]).toEqual([5, 1]);
  });

  test('is nothing but a read beside the others for pin, last price, breaker and list, and one write beside the settle', async () => {
    const file = '0x1111111111111111111111111111111111111111';
    const hash = createHash('sha256').update(file).digest('hex');
    const feed = { name: 'sanctions', hash, payees: 1, hosts: 0, importedAt: clock.now(), importedBy: 'grace' };
    await createFeedKeeper(tableOf(), clock).putFeed(feed, file);
    await write(user(), [
      { kind: 'pinPayee' },
      { kind: 'priceChange', maxPercent: 50 },
      { kind: 'breaker' },
      { kind: 'denyFeed', feed: 'sanctions' },
    ]);
    const deps = fresh();
    const stated = { statedUrl: 'https://api.shop.example/report' };
    hop.forget();
    paid(await pay(deps, stated));
    // Reads, what is remembered, the file of the list, intent, the pin, reserve, decide, settle.
    expect(serialTrips()).toBe(8);
    expect(policyReads()).toHaveLength(2);
    hop.forget();
    const payment = paid(await pay(deps, stated));
    expect(serialTrips()).toBe(4);
    expect(policyReads()).toHaveLength(1);
    // Intent with its two index entries, reserve, decide, settle, and the last price.
    expect(units()).toBe(7);
    const key = { TableName: world.booksTable, Key: { pk: { S: `PAY#${payment.id}` } }, ConsistentRead: true };
    const { Item } = await database.client.send(new GetItemCommand(key));
    expect(sizeOfItem(Item!)).toBeLessThan(ITEM_BYTES_MAX);
    // Where the policies were not read lately, what they remember waits for them.
    clock.advance(2_000);
    hop.forget();
    paid(await pay(deps, stated));
    expect(serialTrips()).toBe(5);
  });

  test('is one trip and one write unit each for counters of their own, of which there is no more than one item each', async () => {
    await write(user(), [
      { kind: 'rate', of: 'user', perSeconds: 10, maxCount: 50 },
      { kind: 'rate', of: 'session', perSeconds: 60, max: usd(9_000_000n) },
    ]);
    const deps = fresh();
    paid(await pay(deps));
    hop.forget();
    paid(await pay(deps));
    expect([serialTrips(), units()]).toEqual([5, 8]);
    expect([policyReads(), named('TransactWriteItems')]).toEqual([[], []]);
  });

  test.each<[string, Rule, number]>([
    ['a rule', { kind: 'perPayment', max: usd(1n) }, 0],
    ['a cap that the session is seen to have used up', { kind: 'sessionCap', of: 'payee', maxCount: 1 }, 1],
  ])(
    'is two trips for a denial by %s, in any process: it is read, and recorded before it is answered',
    async (_what, rule, before) => {
      await write(user(), [rule]);
      const known = fresh();
      for (let count = 0; count < before; count += 1) paid(await pay(known));
      if (before === 0) expect((await pay(known)).ok).toBe(false);
      for (const deps of [known, fresh()]) {
        hop.forget();
        expect(await pay(deps)).toMatchObject({ ok: false });
        expect(serialTrips()).toBe(2);
      }
    },
  );

  test('is at most three write units for the record of a denial, however long the names in it are', async () => {
    await write(user(), [{ kind: 'origins', name: 'n'.repeat(64), allow: ['shop.example'] }]);
    const statedUrl = `https://${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example/`;
    hop.forget();
    const resource = { url: 'u'.repeat(120), description: 'd'.repeat(80) };
    expect((await pay(fresh(), { statedUrl, resource })).ok).toBe(false);
    const [put] = named('PutItem');
    // The item and its index entry, each of which may be above one kilobyte.
    expect(put?.units).toBeLessThanOrEqual(3);
  });
});
