import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { isWithdrawal } from '../../../lib/domain/ids.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import { OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createPaymentLog } from '../../../lib/ledger/dynamodb/books/payment-log.ts';
import { createSessionStore } from '../../../lib/ledger/dynamodb/books/session-store.ts';
import { withdraw, type WithdrawalDeps } from '../../../lib/service/paying/withdrawals.ts';
import { withDatabase } from '../../support/database.ts';
import { PAYER, paid } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { HOME, OTHER_HOME, createWithdrawingWorld, type WithdrawingWorld } from '../../support/withdrawing.ts';
import { wiring } from '../../support/wiring.ts';
import { GATE_KEY } from '../../../lib/ledger/dynamodb/books/gate-item.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';

const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

const database = withDatabase();
let world: WithdrawingWorld;
let deps: WithdrawalDeps;
beforeEach(async () => {
  world = await createWithdrawingWorld(database, database.endpoint);
  ({ deps } = world);
});

async function reasonOf(result: Promise<Result<Payment, Refusal>>): Promise<Refusal['reason'] | 'signed'> {
  const answer = await result;
  return answer.ok ? 'signed' : answer.error.reason;
}

async function itemsWritten(): Promise<number> {
  const { Items: items = [] } = await database.client.send(new ScanCommand({ TableName: world.paying.booksTable }));
  return items.filter(({ pk }) => pk?.S !== GATE_KEY).length;
}

describe('a withdrawal', () => {
  test('is a signed transfer of exactly the amount from the instrument to the address', async () => {
    const payment = paid(await withdraw(deps, world.request()));
    expect(payment).toMatchObject({
      status: 'SIGNED',
      amount: 7_250_001n,
      instrumentId: world.paying.instrument.instrumentId,
      offer: { network: BASE_SEPOLIA.id, asset: BASE_SEPOLIA.usdc.address, amount: 7_250_001n, payTo: HOME },
      terms: { from: PAYER },
    });
    const { validBefore } = payment.terms;
    expect(validBefore * 1_000 - world.clock.now()).toBeLessThanOrEqual(300_000);
    expect(await world.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
  });

  test('is valid no longer than the deployment lets a payment be', async () => {
    const { terms } = paid(await withdraw({ ...deps, validityCapSeconds: 45 }, world.request()));
    expect(terms.validBefore - Math.floor(world.clock.now() / 1_000)).toBe(45);
  });

  test('has a session that nobody can name or list, and that no expiry is told of', async () => {
    const payment = paid(await withdraw(deps, world.request()));
    expect(isWithdrawal(payment)).toBe(true);
    const user = { managerId: payment.managerId, userId: payment.userId };
    const store = { client: toStoreClient(database.client), tableName: world.paying.booksTable };
    expect((await createSessionStore(store).listSessions(user, { maxResults: 10 })).items).toEqual([]);
    const key = { pk: { S: `SES#${payment.managerId}#${payment.sessionId}` } };
    const { Item: item } = await database.client.send(
      new GetItemCommand({ TableName: world.paying.booksTable, Key: key }),
    );
    for (const name of ['lk', 'ls', 'sh', 'sv']) expect(item).not.toHaveProperty(name);
  });

  test('stands in the list of payments', async () => {
    const payment = paid(await withdraw(deps, world.request()));
    const log = createPaymentLog({
      ...wiring,
      client: toStoreClient(database.client),
      tableName: world.paying.booksTable,
      clock: world.clock,
    });
    const listed = await log.listPayments(payment, { maxResults: 10 });
    expect(listed.items.map(({ id }) => id)).toEqual([payment.id]);
  });

  test('goes out of an instrument that is deleted', async () => {
    await world.paying.registry.deleteInstrument(
      world.paying.instrument,
      world.paying.instrument.instrumentId,
      world.clock.now(),
    );
    expect(await reasonOf(withdraw(deps, world.request()))).toBe('signed');
  });

  test('goes out when connector and manager are deleted, too', async () => {
    const { manager, instrument, registry } = world.paying;
    await registry.deleteInstrument(instrument, instrument.instrumentId, world.clock.now());
    const connector = await registry.readConnector(manager.managerId, instrument.connectorId);
    expect(await registry.deleteConnector(connector!, null, world.clock.now())).toBe('changed');
    expect(await registry.deleteManager(manager, null, world.clock.now())).toBe('changed');
    expect(await reasonOf(withdraw(deps, world.request()))).toBe('signed');
  });

  test.each([
    ['another user’s instrument', { userId: 'somebody-else' }, 'not_found'],
    ['another manager’s instrument', { managerId: 'another-0000000001' }, 'not_found'],
    ['an address that is not listed', { destination: STRANGER }, 'destination_not_allowed'],
    ['a network that is not allowed', { network: 'eip155:8453' }, 'invalid_request'],
    ['a network that nobody knows', { network: 'eip155:999' }, 'invalid_request'],
  ] as const)('is refused of %s, and writes nothing', async (_what, overrides, reason) => {
    expect(await reasonOf(withdraw(deps, world.request(overrides)))).toBe(reason);
    expect(await itemsWritten()).toBe(0);
    expect(world.signed).toEqual([]);
  });

  test('is refused where the deployment lists no address', async () => {
    expect(await reasonOf(withdraw({ ...deps, destinations: new Set() }, world.request()))).toBe(
      'destination_not_allowed',
    );
    expect(await itemsWritten()).toBe(0);
  });

  test('needs its network named where the deployment allows two', async () => {
    const two = { ...deps, allowedNetworks: new Set(['eip155:8453', BASE_SEPOLIA.id]) };
    expect(await reasonOf(withdraw(two, world.request({ network: BASE_SEPOLIA.id })))).toBe('signed');
    const refused = async (network: string | null, received: string) => {
      const message = `network must be one of the networks of this deployment: eip155:8453, ${BASE_SEPOLIA.id}. Received: ${received}`;
      const error = { reason: 'invalid_request', problems: [{ name: 'network', message }] };
      expect(await withdraw(two, world.request({ network }))).toEqual({ ok: false, error });
    };
    await refused(null, 'none');
    await refused('eip155:1', 'eip155:1');
  });

  test('is not there for an instrument that never got a key', async () => {
    const { instrument, registry } = world.paying;
    const keyless = { ...instrument, instrumentId: 'payment-instrument-000000000000003', wallet: null };
    await registry.beginInstrument({ ...keyless, status: 'INITIATED' }, 'hash', world.clock.now());
    expect(await withdraw(deps, world.request({ instrumentId: keyless.instrumentId }))).toEqual({
      ok: false,
      error: { reason: 'instrument_not_active', status: 'INITIATED' },
    });
    expect(await itemsWritten()).toBe(0);
  });

  test('is busy, and not denied for good, where an earlier attempt of it holds the money', async () => {
    const asked = world.request();
    const { ledger } = deps;
    // The first attempt's reserve is applied after it was given up.
    const dies = { ...deps, ledger: { ...ledger, reserve: () => Promise.reject(new Error('dead')) } };
    await expect(withdraw(dies, asked)).rejects.toThrow('dead');
    const late: WithdrawalDeps = {
      ...deps,
      ledger: {
        ...ledger,
        reserve: async (request) => {
          const first = request.entry.replace(/#.*$/, '#1');
          await ledger.reserve({ ...request, entry: first as typeof request.entry });
          return ledger.reserve(request);
        },
      },
    };
    expect(await withdraw(late, asked)).toEqual({ ok: false, error: { reason: 'busy', what: 'payment' } });
    world.clock.advance(20_000);
    expect(await reasonOf(withdraw(deps, { ...asked, deadline: addMs(world.clock.now(), 15_000) }))).toBe('signed');
  });
});

describe('the client token of a withdrawal', () => {
  test('gives the same authorization again, and nothing is signed twice', async () => {
    const asked = world.request();
    const first = paid(await withdraw(deps, asked));
    world.clock.advance(3_600_000);
    expect(paid(await withdraw(deps, { ...asked, deadline: addMs(world.clock.now(), 15_000) }))).toEqual(first);
    expect(world.signed).toHaveLength(1);
    expect(await world.readClosedSession(first)).toEqual({ limit: first.amount, spent: first.amount });
  });

  test.each([
    ['destination', { destination: OTHER_HOME }],
    ['amount', { amount: toMicroUsd(7_250_002n) }],
    ['network', { network: 'eip155:8453' }],
  ] as const)('is refused for another %s', async (_what, overrides) => {
    const both = { ...deps, allowedNetworks: new Set([BASE_SEPOLIA.id, 'eip155:8453']) };
    const asked = world.request({ network: BASE_SEPOLIA.id });
    paid(await withdraw(both, asked));
    expect(await reasonOf(withdraw(both, { ...asked, ...overrides }))).toBe('token_reused');
    expect(world.signed).toHaveLength(1);
  });

  test('is refused for another instrument', async () => {
    const asked = world.request();
    paid(await withdraw(deps, asked));
    const { instrument, registry } = world.paying;
    const other = { ...instrument, instrumentId: 'payment-instrument-000000000000002' };
    await registry.beginInstrument({ ...other, status: 'INITIATED', wallet: null }, 'hash', world.clock.now());
    await registry.completeInstrument(other);
    expect(await reasonOf(withdraw(deps, { ...asked, instrumentId: other.instrumentId }))).toBe('token_reused');
    expect(world.signed).toHaveLength(1);
  });

  test('is bound by the first write, before there is a payment', async () => {
    const asked = world.request();
    const dies = { ...deps, ledger: { ...deps.ledger, putIntent: () => Promise.reject(new OutcomeUnknown('dead')) } };
    await expect(withdraw(dies, asked)).rejects.toThrow(OutcomeUnknown);
    expect(await reasonOf(withdraw(deps, { ...asked, destination: OTHER_HOME }))).toBe('token_reused');
    expect(await reasonOf(withdraw(deps, asked))).toBe('signed');
  });

  test('of two withdrawals at once makes one of them; two tokens make two', async () => {
    const asked = world.request();
    const same = await Promise.all([1, 2, 3, 4].map(() => withdraw(deps, asked)));
    const payments = same.map(paid);
    for (const payment of payments) expect(payment).toEqual(payments[0]);
    expect(world.signed).toHaveLength(1);
    expect(await world.readClosedSession(payments[0]!)).toEqual({
      limit: payments[0]!.amount,
      spent: payments[0]!.amount,
    });
    const [one, two] = (await Promise.all([withdraw(deps, world.request()), withdraw(deps, world.request())])).map(
      paid,
    );
    expect(one!.terms.nonce).not.toBe(two!.terms.nonce);
    expect(world.signed).toHaveLength(3);
  });

  test('is used up where nothing was signed in the eight hours that it lasts', async () => {
    const asked = world.request();
    const dies = { ...deps, ledger: { ...deps.ledger, reserve: () => Promise.reject(new Error('dead')) } };
    await expect(withdraw(dies, asked)).rejects.toThrow('dead');
    world.clock.advance(8 * 3_600_000);
    const untouched = { ...deps.ledger, takeOver: () => Promise.reject(new Error('it is taken up again')) };
    const late = { ...asked, deadline: addMs(world.clock.now(), 15_000) };
    expect(await reasonOf(withdraw({ ...deps, ledger: untouched }, late))).toBe('withdrawal_lapsed');
    expect(world.signed).toEqual([]);
  });

  test('is used up where the eight hours end while it is at work, and nothing is said of a session', async () => {
    const asked = world.request();
    const slow = {
      ...deps.ledger,
      reserve: (request: Parameters<typeof deps.ledger.reserve>[0]) => {
        world.clock.advance(8 * 3_600_000);
        return deps.ledger.reserve({ ...request, now: world.clock.now() });
      },
    };
    const late = { ...asked, deadline: addMs(world.clock.now(), 9 * 3_600_000) };
    expect(await reasonOf(withdraw({ ...deps, ledger: slow }, late))).toBe('withdrawal_lapsed');
    expect(world.signed).toEqual([]);
  });

  test('is used up where the floor was raised since, and nothing is said of a session', async () => {
    const asked = world.request();
    const dies = { ...deps, ledger: { ...deps.ledger, putIntent: () => Promise.reject(new OutcomeUnknown('dead')) } };
    await expect(withdraw(dies, asked)).rejects.toThrow(OutcomeUnknown);
    const gate = { ...(await deps.ledger.readGate()), floor: addMs(world.clock.now(), 1) };
    const raised = { ...deps, ledger: { ...deps.ledger, readGate: async () => gate } };
    expect(await reasonOf(withdraw(raised, asked))).toBe('withdrawal_lapsed');
    expect(world.signed).toEqual([]);
  });
});
