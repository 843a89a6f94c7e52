import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createShortageCheck } from '../../../lib/functions/paying/wallet-shortage.ts';
import { LEASE_MARGIN_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createRepetitionGuard } from '../../../lib/ledger/dynamodb/books/repetition-guard.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { FACILITATOR } from '../../support/ceilings.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { mppHeader, mppPayment } from '../../support/mpp.ts';
import {
  createPayingWorld,
  createTestClock,
  paid,
  PAYER,
  testSigner,
  type PayingWorld,
  type RequestOverrides,
  type TestClock,
} from '../../support/paying.ts';
import { BASE_SEPOLIA, makePayment } from '../../support/payments.ts';
import { startRpcEndpoint, toRpcWord, type RpcEndpoint } from '../../support/rpc-endpoint.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// What a session changes that has the balance of the wallet looked at before each payment.

const database = withDatabase();
const PRICE = 500_000n;
let endpoint: RpcEndpoint;
let world: PayingWorld;
let clock: TestClock;
let deps: ProcessPaymentDeps;
let session: Session;

beforeEach(async () => {
  clock = createTestClock();
  endpoint = await startRpcEndpoint();
  world = await createPayingWorld(database, { clock });
  deps = { ...world.deps, shortageOf: checkAt(endpoint.url), facilitators: new Set([FACILITATOR]) };
  session = await world.open({ balanceCheck: true });
});
afterEach(() => endpoint.close());

const checkAt = (...urls: readonly string[]) =>
  createShortageCheck({ RPC_URLS: JSON.stringify({ [BASE_SEPOLIA.id]: urls }) }, world.ledger);
const holds = (units: bigint): void => {
  endpoint.answer = () => ({ result: toRpcWord(units) });
};
const asked = () => endpoint.asked.filter(({ method }) => method === 'eth_call').length;
const ask = (overrides: RequestOverrides = {}, of = session) =>
  world.request(of, { deadline: addMs(clock.now(), 15_000), ...overrides });
const pay = (request = ask(), looking = deps) => processPayment(looking, request);
const booksOf = async (of: Session) => (await world.ledger.readSession(of))!.budget;
const UNTOUCHED = { available: 10_000_000n, reserved: 0n, spent: 0n };
const SHORT = { ok: false, error: { reason: 'insufficient_funds' } };

describe('a wallet that holds too little', () => {
  test('is told before anything is signed, and after funding the same client token pays', async () => {
    holds(PRICE - 1n);
    const request = ask();
    const refused = await pay(request);
    expect(refused).toMatchObject(SHORT);
    expect(refused).toMatchObject({
      error: {
        message:
          `Insufficient balance in the payer wallet ${PAYER}: it holds 0.499999 USDC on eip155:84532, and the payment takes 0.5 USDC. ` +
          'Nothing was signed or reserved: fund the wallet and retry with the same clientToken',
      },
    });
    expect(await booksOf(session)).toEqual(UNTOUCHED);
    expect(await processPayment(deps, { ...request, replayOnly: true })).toMatchObject({
      error: { reason: 'no_payment' },
    });
    expect(await pay(request)).toMatchObject(SHORT);
    holds(PRICE);
    expect(paid(await pay(request))).toMatchObject({ status: 'SIGNED', attempt: 1 });
    expect(await booksOf(session)).toMatchObject({ spent: PRICE });
  });

  test('keeps nobody from the proof that was given before', async () => {
    holds(PRICE);
    const request = ask();
    const first = paid(await pay(request));
    holds(0n);
    expect(paid(await pay(request)).signatures).toEqual(first.signatures);
    expect(await pay()).toMatchObject(SHORT);
  });

  test('is told also where the process has paid within the session before', async () => {
    holds(PRICE);
    paid(await pay());
    holds(0n);
    const request = ask();
    expect(await pay(request)).toMatchObject(SHORT);
    expect(await booksOf(session)).toMatchObject({ reserved: 0n, spent: PRICE });
  });

  test.each<[string, object]>([
    ['a permit', { extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } }],
    ['a ceiling, which counts whole', { scheme: 'upto', extra: { facilitatorAddress: FACILITATOR } }],
  ])('is told of %s too', async (_what, members) => {
    const request = ask({ paymentInput: { cryptoX402: { version: '2', payload: offer(members) } } });
    holds(PRICE - 1n);
    expect(await pay(request)).toMatchObject(SHORT);
    holds(PRICE);
    expect(paid(await pay(request)).offer.amount).toBe(PRICE);
  });

  test('is told of a charge by MPP too', async () => {
    const request = ask({ ...mppPayment(mppHeader({ expires: '2100-01-01T00:00:00Z' })) });
    holds(PRICE - 1n);
    expect(await pay(request)).toMatchObject(SHORT);
    holds(PRICE);
    expect(paid(await pay(request)).offer).toMatchObject({ protocol: 'mpp', amount: PRICE });
  });
});

describe('what payments in flight within the session take', () => {
  const inFlight = async (change: Parameters<typeof makePayment>[1], of: Session = session) => {
    const base = makePayment(of, { instrumentId: world.instrument.instrumentId, ...change });
    const payment = { ...base, terms: { ...base.terms, from: PAYER, ...change?.terms } };
    await world.ledger.putIntent(payment);
    const leaseUntil = addMs(clock.now(), 60_000);
    const open = new Map([[toEntryKey(payment.id, 1), { amount: payment.amount, leaseUntil, charges: [] }]]);
    const [available, reserved] = [toMicroUsd(10_000_000n - payment.amount), payment.amount];
    return world.open({
      balanceCheck: true,
      inFlight: 1,
      open,
      budget: { available, reserved, spent: toMicroUsd(0n) },
    });
  };

  test('is not there for another', async () => {
    const busy = await inFlight({});
    holds(2n * PRICE - 1n);
    const request = ask({}, busy);
    const refused = await pay(request);
    expect(refused).toMatchObject({
      error: {
        message: expect.stringContaining('0.999999 USDC on eip155:84532, of which payments in flight take 0.5 USDC'),
      },
    });
    holds(2n * PRICE);
    expect(paid(await pay(request)).status).toBe('SIGNED');
  });

  test('is there where it is of another token, or another wallet', async () => {
    holds(PRICE);
    const { offer: usdc, terms } = makePayment(session);
    const other = '0x808456652fdb597867f38412077A9182bf77359F';
    for (const change of [
      { offer: { ...usdc, asset: other } },
      { terms: { ...terms, from: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' } },
    ] as const) {
      const busy = await inFlight(change as Parameters<typeof makePayment>[1]);
      expect(paid(await pay(ask({}, busy))).status).toBe('SIGNED');
    }
  });
});

describe('what is refused anyway', () => {
  const poor = () =>
    world.open({
      balanceCheck: true,
      limit: toMicroUsd(PRICE - 1n),
      budget: { available: toMicroUsd(PRICE - 1n), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    });

  test('is told first, and no chain is asked', async () => {
    const of = await poor();
    expect(await pay(ask({}, of))).toMatchObject({ error: { reason: 'budget_exceeded' } });
    const expired = await world.open({ balanceCheck: true, expiresAt: clock.now() });
    expect(await pay(ask({}, expired))).toMatchObject({ error: { reason: 'session_expired' } });
    expect(asked()).toBe(0);
  });

  test('is told first also where equal purchases are looked for', async () => {
    const client = createStoreClient({ maxAttempts: 3 });
    const guard = createRepetitionGuard({ tableName: world.registryTable, client });
    const watched = { ...deps, repetitions: { guard, windowSeconds: 30 } };
    const of = await poor();
    expect(await pay(ask({}, of), watched)).toMatchObject({ error: { reason: 'budget_exceeded' } });
    expect(asked()).toBe(0);
    expect(await pay(ask(), watched)).toMatchObject(SHORT);
  });
});

describe('a payment that was begun before', () => {
  test('is looked at again before another attempt, and spends none on an empty wallet', async () => {
    holds(PRICE);
    const busy = { ...testSigner, sign: () => Promise.reject(new NotNow('throttled')) };
    const request = ask();
    expect(await pay(request, { ...deps, signers: signersOf(busy) })).toMatchObject({ error: { reason: 'busy' } });
    holds(0n);
    for (let round = 0; round < 3; round += 1) expect(await pay(request)).toMatchObject(SHORT);
    holds(PRICE);
    expect(paid(await pay(request))).toMatchObject({ status: 'SIGNED', attempt: 2 });
    expect(await booksOf(session)).toMatchObject({ reserved: 0n, spent: PRICE });
  });

  test('is looked at by who takes it over from a process that died', async () => {
    holds(PRICE);
    const dead = { ...testSigner, sign: () => Promise.reject(new Error('died')) };
    const stuck = { ...world.ledger, decide: () => Promise.reject(new Error('died')) };
    const request = ask();
    await expect(pay(request, { ...deps, signers: signersOf(dead), ledger: stuck })).rejects.toThrow('died');
    clock.advance(15_000 + LEASE_MARGIN_MS + 1_000);
    holds(0n);
    const deadline = addMs(clock.now(), 15_000);
    expect(await pay({ ...request, deadline })).toMatchObject(SHORT);
    holds(PRICE);
    expect(paid(await pay({ ...request, deadline })).status).toBe('SIGNED');
  });
});

describe('a chain that says nothing', () => {
  test('lets no payment through, and the same client token pays once it does', async () => {
    endpoint.fault = 503;
    const request = ask();
    const refused = await pay(request);
    expect(refused).toMatchObject({
      error: {
        reason: 'chain_unavailable',
        message: expect.stringContaining('Nothing was signed or reserved: retry with the same clientToken'),
      },
    });
    expect(JSON.stringify(refused)).not.toContain('127.0.0.1');
    expect(await booksOf(session)).toEqual(UNTOUCHED);
    endpoint.fault = null;
    holds(PRICE);
    expect(paid(await pay(request)).status).toBe('SIGNED');
  });

  test('is not asked for by an endpoint of another chain, and the next endpoint answers for it', async () => {
    const next = await startRpcEndpoint(PRICE);
    endpoint.fault = 'other chain';
    try {
      const looking = { ...deps, shortageOf: checkAt(endpoint.url, next.url) };
      expect(paid(await pay(ask(), looking)).status).toBe('SIGNED');
    } finally {
      await next.close();
    }
  });
});

test('a session that does not ask for it has no chain asked', async () => {
  const plain = await world.open();
  paid(await pay(ask({}, plain)));
  paid(await pay(ask({}, plain)));
  expect(endpoint.asked).toEqual([]);
});

test('one that does has it asked once for each payment, beside what chain the endpoint is of', async () => {
  holds(10n * PRICE);
  for (let round = 0; round < 3; round += 1) paid(await pay());
  expect(endpoint.asked.map(({ method }) => method)).toEqual(['eth_chainId', 'eth_call', 'eth_call', 'eth_call']);
});

describe('of the offers of a 402', () => {
  const BASE = 'eip155:8453';
  let base: RpcEndpoint;
  beforeEach(async () => {
    base = await startRpcEndpoint(0n);
    const urls = { [BASE_SEPOLIA.id]: [endpoint.url], [BASE]: [base.url] };
    deps = {
      ...deps,
      allowedNetworks: new Set([BASE_SEPOLIA.id, BASE]),
      shortageOf: createShortageCheck({ RPC_URLS: JSON.stringify(urls) }, world.ledger),
    };
  });
  afterEach(() => base.close());

  const buy = (accepts: readonly object[], overrides: Partial<PayChallengeRequest> = {}) =>
    payChallenge(deps, askingRequest(world, session, { challenge: challengeOf(accepts), ...overrides }));

  test('the best is paid that the wallet covers, and each token is looked at once', async () => {
    // The endpoint of the other network says that it is of this one, so that nothing is known of it.
    holds(PRICE);
    const dear = offer({ amount: `${PRICE}` });
    const elsewhere = offer({
      amount: '100',
      network: BASE,
      asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      extra: { name: 'USD Coin', version: '2' },
    });
    const result = await buy([dear, elsewhere, offer({ amount: `${PRICE + 1n}` })]);
    expect(result).toMatchObject({ ok: true, value: { payment: { amount: PRICE } } });
    expect(asked()).toBe(1);
    holds(PRICE - 1n);
    expect(await buy([dear])).toMatchObject(SHORT);
    // That of the best is told.
    expect(await buy([dear, elsewhere])).toMatchObject({ error: { reason: 'chain_unavailable' } });
  });

  test('none that is above the budget is looked at: it is denied', async () => {
    expect(await buy([offer({ amount: '10000001' })])).toMatchObject({ error: { reason: 'budget_exceeded' } });
    expect(asked()).toBe(0);
  });

  test('one that was refused is paid under the same client token once the wallet has money', async () => {
    const clientToken = 'purchase-000000000000000000000000000001';
    expect(await buy([offer()], { clientToken })).toMatchObject(SHORT);
    expect(await booksOf(session)).toEqual(UNTOUCHED);
    holds(PRICE);
    expect(await buy([offer()], { clientToken })).toMatchObject({ ok: true });
  });
});

describe('on a chain', () => {
  let local: LocalChain;
  beforeAll(async () => {
    local = await startChain({ dataDir: null, env: {} });
  });
  afterAll(() => local.kill());

  test('a wallet pays when it has been given what it takes, and not a unit earlier', async () => {
    const looking = { ...deps, shortageOf: checkAt(local.rpcUrl) };
    const request = ask();
    expect(await pay(request, looking)).toMatchObject(SHORT);
    await local.mint(PAYER, PRICE - 1n);
    expect(await pay(request, looking)).toMatchObject(SHORT);
    await local.mint(PAYER, 1n);
    expect(paid(await pay(request, looking)).status).toBe('SIGNED');
  });
});
