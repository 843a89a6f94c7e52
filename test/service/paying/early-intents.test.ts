import { beforeEach, describe, expect, test } from 'vitest';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { InstrumentStatus, EvmInstrument, PaymentInstrument } from '../../../lib/domain/tenants/resources.ts';
import type { SolanaAddress } from '../../../lib/domain/tenants/solana.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { makeJwtAuthorizer } from '../../support/principals.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// In a process that knows session and instrument the intent goes out beside the reads, which may yet say no, or fail.

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
  paid(await processPayment(world.deps, world.request(session)));
});

/** A payment that stays at its signer until it is let go. */
async function atWork(request = world.request(session)) {
  const { promise: signing, resolve: go } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const slow = {
    ...testSigner,
    sign: async (...args: Parameters<typeof testSigner.sign>) => {
      reach();
      await signing;
      return testSigner.sign(...args);
    },
  };
  const outcome = processPayment({ ...world.deps, signers: signersOf(slow) }, request);
  await reached;
  return { request, outcome, go };
}

const unreadable = (): ProcessPaymentDeps => ({
  ...world.deps,
  registry: { ...world.registry, readManager: () => Promise.reject(new NotNow('throttled')) },
});

describe('an intent whose reads fail', () => {
  test('is given up at once, so that its token pays with the next call', async () => {
    const request = world.request(session);
    await expect(processPayment(unreadable(), request)).rejects.toThrow('throttled');
    const before = clock.now();
    expect(paid(await processPayment(world.deps, request)).attempt).toBe(2);
    expect(clock.now()).toBe(before);
  });

  test('is left alone where it is that of another call', async () => {
    const { request, outcome, go } = await atWork();
    await expect(processPayment(unreadable(), request)).rejects.toThrow('throttled');
    go();
    expect(paid(await outcome).attempt).toBe(1);
  });
});

test('a caller that is not let in any more stops no payment of another call of its token', async () => {
  const { request, outcome, go } = await atWork();
  const stored = (await world.registry.readManager(world.manager.managerId))!;
  const authorizer = { type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer() } as const;
  const registry = { ...world.registry, readManager: async () => ({ ...stored, authorizer }) };
  expect(await processPayment({ ...world.deps, registry }, request)).toMatchObject({
    error: { reason: 'access_denied' },
  });
  go();
  expect(paid(await outcome).attempt).toBe(1);
});

describe.each(['knows', 'does not know'])('in a process that %s the instrument', (knows) => {
  const pay = (found: PaymentInstrument | null) => {
    const registry = { ...world.registry, readInstrument: async () => found };
    const payers = knows === 'knows' ? world.deps.payers : createPayerCache();
    return processPayment({ ...world.deps, payers, registry }, world.request(session));
  };

  test('nothing is paid from one that was deleted: it is not found, as if it had never been', async () => {
    const refused = { ok: false, error: { reason: 'instrument_not_found' } };
    expect(await pay({ ...world.instrument, status: 'DELETED' })).toEqual(refused);
    expect(await pay(null)).toEqual(refused);
  });

  test('nothing is paid from one of Solana, and nothing is held', async () => {
    const { network: _evm, wallet: _own, ...rest } = world.instrument;
    const address = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' as SolanaAddress;
    const key = { type: 'CoinbaseCDP', connector: 'manager/connector', endUserId: null } as const;
    expect(await pay({ ...rest, network: 'SOLANA', wallet: { address, key } })).toMatchObject({
      ok: false,
      error: { reason: 'unsupported_wallet' },
    });
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 500_000n });
  });

  test.each<[InstrumentStatus, Partial<EvmInstrument>]>([
    ['INITIATED', { wallet: null }],
    ['FAILED', {}],
    ['ACTIVE', { wallet: null }],
  ])('nothing is paid from one that is %s and %o', async (status, overrides) => {
    const refused = { ok: false, error: { reason: 'instrument_not_active', status } };
    expect(await pay({ ...world.instrument, status, ...overrides })).toEqual(refused);
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 500_000n });
  });
});
