import { beforeAll, beforeEach, expect, test } from 'vitest';
import { formatManagerArn, parseManagerArn, type Deployment } from '../../../lib/domain/ids.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey } from '../../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import type { GateKeeper } from '../../../lib/domain/ports/gate.ts';
import type { SessionStore } from '../../../lib/domain/ports/books.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { createLedger } from '../../../lib/ledger/dynamodb/books/ledger.ts';
import { createSessionStore } from '../../../lib/ledger/dynamodb/books/session-store.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createTopUps } from '../../../lib/ledger/dynamodb/top-ups/top-up-store.ts';
import { createSession, deleteSession } from '../../../lib/service/tenants/sessions.ts';
import { topUpSession, type TopUpsDeps } from '../../../lib/service/tenants/top-ups.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { makePayment } from '../../support/payments.ts';
import { makeManager } from '../../support/registry.ts';
import { wiring } from '../../support/wiring.ts';

const BY = 'arn:aws:sts::111122223333:assumed-role/Backend/shop';
const deployment: Deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const usd = (dollars: number) => toMicroUsd(BigInt(Math.round(dollars * 1_000_000)));
const manager = makeManager();
const arn = parseManagerArn(formatManagerArn(deployment, manager.managerId));
const ada = signedCaller('ada');
const database = withDatabase();
let table: { readonly tableName: string; readonly client: ReturnType<typeof toStoreClient> };
let deps: TopUpsDeps & Parameters<typeof createSession>[0];
let gate: GateKeeper;
let sessions: SessionStore;
let clock: TestClock;
let session: Session;

beforeAll(async () => {
  const { booksTable: tableName } = await database.freshTables();
  table = { tableName, client: toStoreClient(database.client) };
  sessions = createSessionStore(table);
});

beforeEach(async () => {
  clock = createTestClock();
  let drawn = 0;
  const random = {
    bytes: (length: number) => new Uint8Array(length).map(() => (drawn += 1)),
    fraction: () => 0,
  };
  gate = createGateKeeper(table, wiring.drawDeploymentId);
  deps = {
    registry: {
      readManager: async (id) => (id === manager.managerId ? manager : null),
      readInstrument: async () => null,
    },
    sessions,
    gate,
    topUps: createTopUps(table),
    policies: {} as never,
    tokens: {} as never,
    deployment,
    clock,
    random,
    defaultSessionLimit: null,
    maxSessionLimit: usd(20),
    gasPerDay: null,
  };
  session = await opened(usd(10));
});

async function opened(limit: Session['limit'], clientToken: string = crypto.randomUUID()): Promise<Session> {
  const own = limit === null ? { ...deps, maxSessionLimit: null } : deps;
  const request = { manager: arn, expiryMinutes: 60, limit: limit ?? undefined, clientToken, caller: BY };
  const made = await createSession(own, ada, request);
  if (!made.ok) throw new Error('not opened');
  return made.value;
}

const topUp = (amount = usd(5), of: Partial<Parameters<typeof topUpSession>[2]> = {}, principal = ada) =>
  topUpSession(deps, principal, { manager: arn, sessionId: session.sessionId, amount, caller: BY, ...of });

async function stored(key: Session = session): Promise<Session> {
  const found = await sessions.readSession(key);
  if (found === null) throw new Error('the session is gone');
  assertSessionBalances(found);
  return found;
}

test('a client token raises the limit once, and is answered alike for ever; another request under it is refused', async () => {
  const clientToken = 'token-1';
  const first = await topUp(usd(5), { clientToken });
  expect(first).toMatchObject({ ok: true, value: { from: usd(10), to: usd(15), by: BY, at: clock.now() } });
  await topUp(usd(1));
  clock.advance(61 * 60_000);
  await deleteSession(deps, ada, { manager: arn, sessionId: session.sessionId });
  expect(await topUp(usd(5), { clientToken, caller: 'another' })).toEqual(first);
  expect(await topUp(usd(6), { clientToken })).toEqual({ ok: false, error: { reason: 'token_reused' } });
  expect((await stored()).limit).toBe(usd(16));
});

test('without a client token every call is a top-up of its own', async () => {
  expect([await topUp(usd(1)), await topUp(usd(1))]).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await stored()).toMatchObject({ limit: usd(12), budget: { available: usd(12) } });
});

test('twenty repetitions at once, while payments reserve, raise the limit once and lose no reservation', async () => {
  const ledger = createLedger({ ...wiring, ...table, singleSendClient: table.client });
  const reserve = () => {
    const payment = makePayment(session, { amount: usd(0.1) });
    const { leaseUntil, amount } = payment;
    const entry = toEntryKey(payment.id, 1);
    return ledger.reserve({ session, entry, amount, leaseUntil, floor: null, now: clock.now(), inFlightMax: 64 });
  };
  const [raised, reserved] = await Promise.all([
    Promise.all(Array.from({ length: 20 }, () => topUp(usd(5), { clientToken: 'token-2' }))),
    Promise.all(Array.from({ length: 20 }, reserve)),
  ]);
  expect(
    new Set(raised.map((each) => JSON.stringify(each, (_, value) => (typeof value === 'bigint' ? `${value}` : value))))
      .size,
  ).toBe(1);
  expect(reserved.every(({ kind }) => kind === 'reserved')).toBe(true);
  expect(await stored()).toMatchObject({ limit: usd(15), budget: { available: usd(13), reserved: usd(2) } });
});

test('different top-ups at once all count', async () => {
  const all = await Promise.all(
    [1, 2, 3].map((dollars) => topUp(usd(dollars), { clientToken: `token-of-${dollars}` })),
  );
  expect(all.every(({ ok }) => ok)).toBe(true);
  expect((await stored()).limit).toBe(usd(16));
});

test('the ceiling of the deployment holds to the cent, for what the session would have in all', async () => {
  expect(await topUp(usd(10.01))).toMatchObject({
    error: {
      reason: 'invalid_request',
      problems: [{ name: 'amount.value', message: expect.stringContaining('20.00') }],
    },
  });
  expect(await topUp(usd(10))).toMatchObject({ value: { to: usd(20) } });
  deps = { ...deps, maxSessionLimit: null };
  expect(await topUp(toMicroUsd(10n ** 24n - 20_000_000n))).toMatchObject({ error: { reason: 'invalid_request' } });
  expect(await topUp(toMicroUsd(10n ** 24n - 20_000_001n))).toMatchObject({ ok: true });
});

test('nothing is raised of a session that is somebody else’s, deleted, unknown, without a limit or of another manager', async () => {
  const missing = { ok: false, error: { reason: 'not_found', resource: 'session' } };
  expect(await topUp(usd(5), {}, signedCaller('eve'))).toEqual(missing);
  expect(await topUp(usd(5), { sessionId: 'payment-session-00000000000none' })).toEqual(missing);
  expect(await topUp(usd(5), { manager: null })).toMatchObject({ error: { resource: 'manager' } });
  const unlimited = await opened(null);
  expect(await topUp(usd(5), { sessionId: unlimited.sessionId })).toMatchObject({
    error: { reason: 'invalid_request', problems: [{ name: 'paymentSessionId' }] },
  });
  expect(await stored(unlimited)).toEqual(unlimited);
  await deleteSession(deps, ada, { manager: arn, sessionId: session.sessionId });
  expect(await topUp()).toEqual(missing);
  expect((await stored()).limit).toBe(usd(10));
});

test('a session takes no top-up from the instant of its expiry on', async () => {
  clock.advance(60 * 60_000);
  expect(await topUp()).toEqual({ ok: false, error: { reason: 'session_expired', expiresAt: session.expiresAt } });
  clock.advance(-1);
  expect(await topUp()).toMatchObject({ ok: true });
  expect((await stored()).expiresAt).toBe(session.expiresAt);
});

test('nothing is raised while the user, the session, the manager or all is frozen, and after the thaw it is', async () => {
  const { managerId, sessionId } = session;
  const subjects = [
    null,
    { scope: 'manager', managerId },
    { scope: 'user', managerId, userId: 'ada' },
    { scope: 'session', managerId, sessionId },
  ] as const;
  for (const subject of subjects) {
    const since = clock.now();
    await gate.freeze(subject, { at: since, by: BY });
    expect(await topUp(usd(1), { clientToken: 'token-3' })).toMatchObject({ error: { reason: 'frozen' } });
    await gate.thaw(subject, { since, at: since, by: BY });
    clock.advance(1);
  }
  expect(await topUp(usd(1), { clientToken: 'token-3' })).toMatchObject({ ok: true });
});

test('the call that opened a session is answered with the limit that it asked for, also after a top-up', async () => {
  const clientToken = 'opening-1';
  session = await opened(usd(4), clientToken);
  await topUp();
  await topUp();
  expect(await opened(usd(4), clientToken)).toEqual(session);
  expect((await stored()).limit).toBe(usd(14));
});

// The last one: a floor never falls.
test('a session from before the floor, which never pays again, takes no top-up', async () => {
  await gate.raiseFloor(addMs(session.createdAt, 1));
  expect(await topUp()).toMatchObject({ error: { reason: 'session_below_floor' } });
});
