import { signersOf } from '../../support/wallet-lists.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toWireError } from '../../../lib/api/errors.ts';
import { discoveryUrlOf } from '../../../lib/domain/tenants/jwt-authorizer.ts';
import { signedCaller, type Principal } from '../../../lib/domain/tenants/principal.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Authorizer, PaymentManager } from '../../../lib/domain/tenants/resources.ts';
import type { Result } from '../../../lib/domain/result.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  testSigner,
  type PayingWorld,
  type TestClock,
} from '../../support/paying.ts';
import { makeJwtAuthorizer, tokenHolder } from '../../support/principals.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';

const database = withDatabase();
const OTHER_ISSUER = 'https://other.example';
const IAM: Authorizer = { type: 'AWS_IAM' };
const JWT: Authorizer = { type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer() };
const OTHER_JWT: Authorizer = {
  type: 'CUSTOM_JWT',
  jwt: makeJwtAuthorizer({ discoveryUrl: discoveryUrlOf(OTHER_ISSUER) }),
};
const MISSING = 'missing-0123456789';
const READS = new Set(['GetItem', 'Query', 'BatchGetItem']);

let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;
let session: Session;
let signatures: number;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());

beforeEach(async () => {
  clock = createTestClock();
  signatures = 0;
  const signer = {
    ...testSigner,
    sign: (...input: Parameters<typeof testSigner.sign>) => {
      signatures += 1;
      return testSigner.sign(...input);
    },
  };
  const overrides = { signers: signersOf(signer) };
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, overrides });
  session = await world.open();
});

async function setAuthorizer(authorizer: Authorizer): Promise<void> {
  const manager = (await world.registry.readManager(world.manager.managerId))!;
  const next: PaymentManager = { ...manager, authorizer, revision: manager.revision + 1 };
  expect(await world.registry.replaceManager(next, manager, null)).toBe('changed');
}

const pay = (request: ProcessPaymentRequest, payers = world.deps.payers) =>
  processPayment({ ...world.deps, payers }, { ...request, deadline: addMs(clock.now(), 15_000) });

const askAs = (principal: Principal, overrides: Partial<ProcessPaymentRequest> & { amount?: string } = {}) =>
  world.request(session, { principal, ...overrides });

function refusalOf(result: Result<unknown, Refusal>): Refusal {
  if (result.ok) throw new Error('expected a refusal');
  return result.error;
}

/** Asserts that a call is refused as it would be at a manager that does not exist, and that it writes nothing. */
async function expectMissing(request: ProcessPaymentRequest, payers = world.deps.payers): Promise<void> {
  hop.forget();
  const refused = toWireError(refusalOf(await pay(request, payers)));
  expect(hop.calls.map(({ operation }) => operation).filter((operation) => !READS.has(operation))).toEqual([]);
  expect(refused).toEqual(toWireError(refusalOf(await pay({ ...request, managerId: MISSING }))));
}

const stranger = tokenHolder({ iss: OTHER_ISSUER, scope: 'bursar/manage' });

describe('a payment that is signed already', () => {
  test.each<[string, Authorizer, Principal]>([
    ['signatures', IAM, signedCaller('user-1')],
    ['tokens', JWT, tokenHolder()],
  ])(
    'is nothing to a token of another issuer with the same subject, where the manager takes %s',
    async (_what, authorizer, owner) => {
      await setAuthorizer(authorizer);
      const request = askAs(owner);
      const payment = paid(await pay(request));
      // In a process that knows the session and in one that does not.
      for (const payers of [world.deps.payers, createPayerCache()]) {
        await expectMissing({ ...request, principal: stranger }, payers);
        const other = { ...askAs(stranger, { amount: '500001' }), clientToken: request.clientToken };
        await expectMissing(other, payers);
        await expectMissing(askAs(stranger), payers);
        await expectMissing(askAs(stranger, { sessionId: 'payment-session-000000000000000' }), payers);
      }
      expect(signatures).toBe(1);
      expect(paid(await pay(request))).toEqual(payment);
      expect((await world.ledger.readSession(session))?.budget.spent).toBe(500_000n);
    },
  );

  test('is not replayed to a signed caller once its manager takes tokens, and is once it takes signatures again', async () => {
    const request = askAs(signedCaller('user-1'));
    const payment = paid(await pay(request));
    await setAuthorizer(JWT);
    for (const payers of [world.deps.payers, createPayerCache()]) {
      expect(refusalOf(await pay(request, payers)).reason).toBe('access_denied');
      const other = { ...askAs(signedCaller('user-1'), { amount: '1' }), clientToken: request.clientToken };
      expect(refusalOf(await pay(other, payers)).reason).toBe('access_denied');
    }
    await setAuthorizer(IAM);
    expect(paid(await pay(request))).toEqual(payment);
  });

  test('is not replayed to a token that manages, unless the manager says that it may pay', async () => {
    await setAuthorizer(JWT);
    const request = askAs(tokenHolder());
    const payment = paid(await pay(request));
    const managing = { ...request, principal: tokenHolder({ scope: 'bursar/manage' }) };
    expect(refusalOf(await pay(managing)).reason).toBe('access_denied');
    await setAuthorizer({ type: 'CUSTOM_JWT', jwt: makeJwtAuthorizer({ managementMayPay: true }) });
    expect(paid(await pay(managing))).toEqual(payment);
  });
});

describe('an attempt that died', () => {
  test('is taken over by its owner and not by a token of another issuer', async () => {
    const request = askAs(signedCaller('user-1'));
    const broken = { ...testSigner, sign: async () => Promise.reject(new Error('no key')) };
    const dead = { ...world.deps, signers: signersOf(broken) };
    await expect(processPayment(dead, request)).rejects.toThrow('no key');
    clock.advance(60_000);
    await expectMissing({ ...request, principal: stranger });
    expect(signatures).toBe(0);
    expect(paid(await pay(request)).attempt).toBe(2);
  });
});

describe('a change of the authorizer takes effect at the next payment', () => {
  const cases: readonly [string, Authorizer, Principal, Authorizer, string][] = [
    ['from signatures to tokens', IAM, signedCaller('user-1'), JWT, 'access_denied'],
    ['from tokens to signatures', JWT, tokenHolder(), IAM, 'token_not_admitted'],
    ['from one issuer to another', JWT, tokenHolder(), OTHER_JWT, 'token_not_admitted'],
  ];

  test.each(cases)(
    '%s, in a process that remembers it: aborted, nothing reserved or signed',
    async (_what, before, principal, after, reason) => {
      await setAuthorizer(before);
      paid(await pay(askAs(principal)));
      await setAuthorizer(after);
      const request = askAs(principal);
      hop.forget();
      expect(refusalOf(await pay(request)).reason).toBe(reason);
      // The intent goes out beside the reads, and is taken back; no reserve is sent.
      const seen = hop.calls.map(({ operation }) => operation);
      expect(seen.filter((operation) => operation === 'PutItem')).toHaveLength(1);
      expect(seen.filter((operation) => operation === 'UpdateItem')).toHaveLength(1);
      expect(signatures).toBe(1);
      const books = (await world.ledger.readSession(session))!;
      expect(books.budget).toEqual({ available: 9_500_000n, reserved: 0n, spent: 500_000n });
      expect(books.open.size).toBe(0);
      // From then on this process knows better, and writes nothing.
      hop.forget();
      expect(refusalOf(await pay(askAs(principal))).reason).toBe(reason);
      expect(hop.calls.filter(({ operation }) => !READS.has(operation))).toEqual([]);
      // Let in again, the same token pays: its first attempt was closed.
      await setAuthorizer(before);
      expect(paid(await pay(request))).toMatchObject({ status: 'SIGNED', attempt: 2 });
    },
  );

  test.each(cases)(
    '%s, in a process that does not know it: nothing is written',
    async (_what, before, principal, after, reason) => {
      await setAuthorizer(before);
      paid(await pay(askAs(principal)));
      await setAuthorizer(after);
      hop.forget();
      expect(refusalOf(await pay(askAs(principal), createPayerCache())).reason).toBe(reason);
      expect(hop.calls.filter(({ operation }) => !READS.has(operation))).toEqual([]);
    },
  );

  test('and lets in whom the remembered one would not', async () => {
    paid(await pay(askAs(signedCaller('user-1'))));
    await setAuthorizer(JWT);
    expect(paid(await pay(askAs(tokenHolder()))).status).toBe('SIGNED');
    // From now on the token's intents go out early.
    hop.forget();
    hop.countRounds(true);
    const before = hop.calls.length;
    paid(await pay(askAs(tokenHolder())));
    hop.countRounds(false);
    expect(new Set(hop.calls.slice(before).map(({ round }) => round)).size).toBe(4);
  });
});

describe('the end of a token', () => {
  test('is looked at again when it pays: one millisecond before it does, and at it does not', async () => {
    await setAuthorizer(JWT);
    const exp = Math.floor(clock.now() / 1_000) + 10;
    const principal = tokenHolder({ exp });
    clock.advance(exp * 1_000 - 1 - clock.now());
    const request = askAs(principal);
    const payment = paid(await pay(request));
    clock.advance(1);
    const refused = refusalOf(await pay(request));
    expect(refused).toEqual({ reason: 'token_not_admitted', check: 'expired' });
    await expectMissing(askAs(principal));
    expect(paid(await pay({ ...request, principal: tokenHolder({ exp: exp + 1 }) }))).toEqual(payment);
  });

  test('counts also when it comes between the intent and the read of the manager', async () => {
    await setAuthorizer(JWT);
    const exp = Math.floor(clock.now() / 1_000) + 10;
    const principal = tokenHolder({ exp });
    paid(await pay(askAs(principal)));
    const slow: Pick<PayingWorld['registry'], 'readManager' | 'readInstrument'> = {
      readInstrument: world.registry.readInstrument,
      readManager: async (managerId) => {
        const manager = await world.registry.readManager(managerId);
        clock.advance(exp * 1_000 - clock.now());
        return manager;
      },
    };
    const request = askAs(principal);
    const result = await processPayment({ ...world.deps, registry: slow }, request);
    expect(result).toEqual({ ok: false, error: { reason: 'token_not_admitted', check: 'expired' } });
    expect(signatures).toBe(1);
    expect((await world.ledger.readSession(session))?.budget.reserved).toBe(0n);
  });
});

describe('a manager that is deleted', () => {
  test('pays no more: nothing is reserved or signed for any caller', async () => {
    paid(await pay(askAs(signedCaller('user-1'))));
    await emptyManager(clock.now());
    const request = askAs(signedCaller('user-1'));
    expect(refusalOf(await pay(request))).toEqual({ reason: 'not_found', resource: 'manager' });
    expect(refusalOf(await pay(request, createPayerCache()))).toEqual({ reason: 'not_found', resource: 'manager' });
    await expectMissing(askAs(tokenHolder()));
    expect(signatures).toBe(1);
    expect((await world.ledger.readSession(session))?.budget.reserved).toBe(0n);
  });

  test.each<[string, Authorizer, Principal]>([
    ['signatures', IAM, signedCaller('user-1')],
    ['tokens', JWT, tokenHolder()],
  ])(
    'that took %s hands out no proof again, since nobody can tell whom it let in',
    async (_what, authorizer, owner) => {
      await setAuthorizer(authorizer);
      const request = askAs(owner);
      paid(await pay(request));
      await emptyManager(clock.now());
      for (const principal of [owner, signedCaller('user-1'), tokenHolder()]) {
        for (const payers of [world.deps.payers, createPayerCache()]) {
          const refused = toWireError(refusalOf(await pay({ ...request, principal }, payers)));
          expect(refused).toEqual(toWireError(refusalOf(await pay({ ...request, principal, managerId: MISSING }))));
        }
      }
    },
  );
});

/** Deletes the manager with all that belongs to it. */
async function emptyManager(now: EpochMs): Promise<void> {
  const { registry, instrument, manager } = world;
  await registry.deleteInstrument(instrument, instrument.instrumentId, now);
  const connector = (await registry.readConnector(manager.managerId, instrument.connectorId))!;
  expect(await registry.deleteConnector(connector, null, now)).toBe('changed');
  const stored = (await registry.readManager(manager.managerId))!;
  expect(await registry.deleteManager(stored, null, now)).toBe('changed');
}
