import { recoverTypedDataAddress } from 'viem';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { LEDGER_AMOUNT_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { addMs } from '../../../lib/domain/time.ts';
import type { NamedToken } from '../../../lib/domain/tokens/table.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { toReceipt } from '../../../lib/receipts/receipt.ts';
import { payChallenge } from '../../../lib/service/asking/pay-challenge.ts';
import { quoteChallenge } from '../../../lib/service/asking/quote-challenge.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { paid, PAY_TO, PAYER, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { createPoliciedWorld } from '../../support/policied-world.ts';
import type { PolicyShelf } from '../../support/policies.ts';
import { tokenTable } from '../../support/tokens.ts';
import { HOME, createWithdrawingWorld } from '../../support/withdrawing.ts';

const DEPLOYMENT = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
/** The world's clock stands in October 2025. */
const AS_OF = '2025-10-01';
const ACME: NamedToken = {
  network: BASE_SEPOLIA.id,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  symbol: 'ACME',
  decimals: 18,
  domainName: 'Acme Dollar',
  domainVersion: '1',
};
const BARE: NamedToken = {
  ...ACME,
  address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  symbol: 'BARE',
  domainName: null,
  domainVersion: null,
};
const USD_RATES = {
  EURC: { usd: '1.17', asOf: AS_OF },
  ACME: { usd: '0.1', asOf: AS_OF },
  BARE: { usd: '1', asOf: AS_OF },
};

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let shelf: PolicyShelf;
let session: Session;
let deps: ProcessPaymentDeps;

function entryOf(members: object) {
  const { id: network } = BASE_SEPOLIA;
  return { scheme: 'exact', network, amount: '1000000', asset: EURC, payTo: PAY_TO, maxTimeoutSeconds: 60, ...members };
}

function requestFor(members: object = {}, version = '2') {
  return world.request(session, {
    paymentInput: { cryptoX402: { version, payload: entryOf(members) } },
  });
}

function withTokens(usdRates: object, from: ProcessPaymentDeps = world.deps): ProcessPaymentDeps {
  const table = tokenTable({ assets: [ACME, BARE], usdRates });
  return { ...from, tokens: () => Promise.resolve(table) };
}

const pay = (members: object = {}, by = deps) => processPayment(by, requestFor(members));
const spent = async () => (await world.ledger.readSession(session))?.budget.spent;

beforeEach(async () => {
  ({ clock, shelf, world, session } = await createPoliciedWorld(database));
  deps = withTokens(USD_RATES);
});

describe('a payment in another token than USDC', () => {
  test('is counted at the rate of the deployment, and signed in the domain of the token', async () => {
    const payment = paid(await pay());
    expect(payment.amount).toBe(1_170_000n);
    expect(await spent()).toBe(1_170_000n);
    const scheme = schemeOf(payment.offer);
    const [message] = scheme.messages(payment.offer, payment.terms);
    if (message?.form !== 'eip712') throw new Error('expected typed data');
    const typed = message.typedData();
    expect(typed.domain).toMatchObject({ name: 'EURC', version: '2', chainId: 84_532, verifyingContract: EURC });
    const signer = await recoverTypedDataAddress({ ...typed, signature: payment.signatures![0]! } as never);
    expect(signer).toBe(PAYER);
  });

  test('says in its receipt, read from the books, what the token was and what it cost', async () => {
    const { id } = paid(await pay());
    const stored = await world.ledger.readPayment(id);
    const { amountUsd, offer } = toReceipt(DEPLOYMENT, stored!, schemeOf);
    expect(amountUsd).toBe('1.17');
    expect(offer).toMatchObject({ asset: EURC, symbol: 'EURC', decimals: 6, usdRate: { usd: '1.17', asOf: AS_OF } });
  });

  test('of 18 decimals costs a micro-dollar at the least, for each payment', async () => {
    expect(paid(await pay({ asset: ACME.address, amount: '1' })).amount).toBe(1n);
    expect(paid(await pay({ asset: ACME.address, amount: `${10n ** 18n}` })).amount).toBe(100_000n);
    expect(paid(await pay({ asset: ACME.address, amount: `${10n ** 18n + 1n}` })).amount).toBe(100_001n);
    expect(await spent()).toBe(200_002n);
  });

  test('is denied above what the budget has left at its rate', async () => {
    expect(await pay({ amount: '8547009' })).toMatchObject({ error: { reason: 'budget_exceeded' } });
    expect(paid(await pay({ amount: '8547008' })).amount).toBe(10_000_000n);
  });

  test.each([
    ['a token nobody named', { asset: PAYER }, 'unsupported_asset'],
    ['a seller’s own name for its domain', { extra: { name: 'Euro Coin' } }, 'wrong_extra_name'],
    ['another version of its domain', { extra: { version: '1' } }, 'wrong_extra_version'],
    ['the token itself as payee', { payTo: EURC }, 'invalid_pay_to'],
    ['a token without EIP-3009 by EIP-3009', { asset: BARE.address }, 'unsupported_transfer_method'],
    ['an amount that the books cannot hold', { asset: BARE.address, amount: '9'.repeat(31) }, 'amount_too_large'],
  ])('is refused for %s', async (_what, members, code) => {
    expect(await pay(members)).toMatchObject({ ok: false, error: { reason: 'invalid_challenge', code } });
  });

  test('without EIP-3009 is paid by Permit2', async () => {
    const extra = { assetTransferMethod: 'permit2' };
    const payment = paid(await pay({ asset: BARE.address, amount: `${10n ** 18n}`, extra }));
    expect(payment).toMatchObject({ amount: 1_000_000n, offer: { transferMethod: 'permit2', asset: BARE.address } });
  });

  test('needs a rate, and the refusal names the setting', async () => {
    const refused = await pay({}, withTokens({}));
    expect(refused).toMatchObject({ ok: false, error: { code: 'asset_without_rate' } });
    expect(JSON.stringify(refused)).toContain('usdRates');
    expect(await spent()).toBe(0n);
  });

  test('needs a rate that is not too old; what was signed before is replayed as it was', async () => {
    const request = requestFor();
    const first = paid(await processPayment(deps, request));
    clock.advance(31 * 86_400_000);
    expect(await pay()).toMatchObject({ ok: false, error: { code: 'asset_rate_stale' } });
    const again = paid(await processPayment(deps, { ...request, deadline: addMs(clock.now(), 15_000) }));
    expect([again.id, again.amount]).toEqual([first.id, first.amount]);
  });

  test('keeps its rate when the deployment gives another one later', async () => {
    const request = requestFor();
    const first = paid(await processPayment(deps, request));
    const dearer = withTokens({ ...USD_RATES, EURC: { usd: '2', asOf: AS_OF } });
    expect(paid(await processPayment(dearer, request))).toMatchObject({ id: first.id, amount: 1_170_000n });
    expect(paid(await processPayment(dearer, requestFor())).amount).toBe(2_000_000n);
  });

  test('is judged by policies under its own symbol', async () => {
    const user = { scope: 'user', managerId: session.managerId, userId: session.userId } as const;
    shelf.put(user, [{ kind: 'assets', name: 'no-euros', deny: ['EURC'] }]);
    expect(await pay()).toMatchObject({ ok: false, error: { reason: 'policy_refused' } });
    expect(paid(await pay({ asset: ACME.address })).status).toBe('SIGNED');
    shelf.put(user, [{ kind: 'assets', name: 'dollars', allow: ['USDC'] }]);
    clock.advance(60_000);
    expect(await pay({ asset: ACME.address })).toMatchObject({ ok: false, error: { reason: 'policy_refused' } });
  });
});

describe('a 402 with offers in several tokens', () => {
  const usdc = { asset: BASE_SEPOLIA.usdc.address, amount: '1100000', extra: {} };
  const challenge = (...accepts: readonly object[]) => challengeOf(accepts.map((each) => entryOf(each)));
  const ask = (offers: ReturnType<typeof challengeOf>) => askingRequest(world, session, { challenge: offers });

  test('is paid by the one that costs least at the rates, not by the smallest number', async () => {
    const answer = await payChallenge(deps, ask(challenge({}, usdc)));
    expect(answer).toMatchObject({ ok: true, value: { payment: { amount: 1_100_000n } } });
    const cheap = await payChallenge(deps, ask(challenge({ amount: '900000' }, usdc)));
    expect(cheap).toMatchObject({ ok: true, value: { payment: { amount: 1_053_000n, offer: { asset: EURC } } } });
  });

  test('is quoted with the reason why an offer without a rate is not paid, and the balance of each token', async () => {
    const held = new Map([
      [EURC, 5n],
      [BASE_SEPOLIA.usdc.address, 2_000_000n],
    ]);
    const balanceOf = (token: string) => Promise.resolve(held.get(token as never) ?? 0n);
    const chainReaders = new Map([[BASE_SEPOLIA.id, { balanceOf, allowanceOf: () => Promise.resolve(0n) }]]);
    const quoted = await quoteChallenge({ ...deps, chainReaders }, ask(challenge({}, usdc)));
    expect(quoted).toMatchObject({
      ok: true,
      value: {
        chosen: { index: 1 },
        offers: [
          { balance: 5n, verdict: { code: 'insufficient_funds' } },
          { balance: 2_000_000n, verdict: { allowed: true } },
        ],
      },
    });
    const unrated = await quoteChallenge({ ...withTokens({}), chainReaders }, ask(challenge({}, usdc)));
    expect(unrated).toMatchObject({ ok: true, value: { offers: [{ verdict: { code: 'asset_without_rate' } }, {}] } });
  });

  test('shows a proof for terms that are gone as an entry in the token that was signed', async () => {
    const request = ask(challenge({ amount: '900000' }));
    await payChallenge(deps, request);
    const again = await payChallenge(deps, { ...request, challenge: challenge(usdc) });
    expect(again).toMatchObject({
      ok: true,
      value: {
        presentation: {
          entry: { asset: EURC, amount: '900000', payTo: PAY_TO, extra: { name: 'EURC', version: '2' } },
        },
      },
    });
  });
});

describe('a withdrawal of another token than USDC', () => {
  const take = async (amount: object, usdRates: object = USD_RATES) => {
    const own = await createWithdrawingWorld(database, database.endpoint);
    const table = tokenTable({ assets: [ACME, BARE], usdRates });
    const result = await withdraw(
      { ...own.deps, tokens: () => Promise.resolve(table) },
      own.request({ amount } as never),
    );
    return { own, result };
  };

  test('takes the amount in its own decimals, and is counted at its rate', async () => {
    const { own, result } = await take({ value: '2.000000000000000001', currency: 'ACME' });
    const payment = paid(result);
    expect(payment).toMatchObject({
      amount: 200_001n,
      offer: { asset: ACME.address, amount: 2n * 10n ** 18n + 1n, payTo: HOME },
    });
    expect(await own.readClosedSession(payment)).toEqual({ limit: payment.amount, spent: payment.amount });
  });

  test('needs no rate, nor one of these days: it counts as nothing then, or as it was', async () => {
    const bare = paid((await take({ value: '12.5', currency: 'EURC' }, {})).result);
    expect(bare).toMatchObject({ amount: toMicroUsd(0n), offer: { asset: EURC, amount: 12_500_000n } });
    const old = paid(
      (await take({ value: '1', currency: 'EURC' }, { EURC: { usd: '1.17', asOf: '2020-01-01' } })).result,
    );
    expect(old.amount).toBe(1_170_000n);
  });

  test('is what a withdrawal in dollars is of USDC', async () => {
    const payment = paid((await take({ value: '12.50', currency: 'USD' })).result);
    expect(payment).toMatchObject({ amount: 12_500_000n, offer: { asset: BASE_SEPOLIA.usdc.address } });
    expect(payment.offer.token).toBeUndefined();
  });

  const MOST = `${'9'.repeat(24)}.999999`;

  test('is as much as the books can hold, at its rate', async () => {
    const most = paid((await take({ value: MOST, currency: 'USD' })).result);
    expect(most.amount).toBe(LEDGER_AMOUNT_MAX);
  });

  const tooMuch = (decimals: number) =>
    `amount must be more than zero, with at most ${decimals} decimals, and no more than the books can hold`;
  const unknown = `currency must be USD, or a token of ${BASE_SEPOLIA.id}: USDC, EURC, ACME, BARE, ETH`;
  test.each([
    ['more dollars’ decimals than USDC has', '1.0000001', 'USD', 'value', `${tooMuch(6)}. Received: 1.0000001`],
    ['more decimals than it has', '1.0000001', 'EURC', 'value', `${tooMuch(6)}. Received: 1.0000001`],
    ['nothing', '0.0', 'EURC', 'value', `${tooMuch(6)}. Received: 0.0`],
    ['more than the books hold', '9'.repeat(18), 'ACME', 'value', `${tooMuch(18)}. Received: ${'9'.repeat(18)}`],
    ['more than they hold at its rate', MOST, 'EURC', 'value', `${tooMuch(6)}. Received: ${MOST}`],
    ['a token nobody named', '1', 'DAI', 'currency', `${unknown}. Received: DAI`],
    ['a token without EIP-3009', '1', 'BARE', 'currency', 'BARE has no EIP-3009, by which money is taken out'],
  ])('is refused for %s', async (_what, value, currency, member, message) => {
    const { result } = await take({ value, currency });
    const problems = [{ name: `amount.${member}`, message }];
    expect(result).toEqual({ ok: false, error: { reason: 'invalid_request', problems } });
  });

  test('does not go to the contract of the token, which would keep it for ever', async () => {
    const own = await createWithdrawingWorld(database, database.endpoint);
    const destination = BASE_SEPOLIA.usdc.address;
    const listed = { ...own.deps, destinations: new Set([destination]) };
    expect(await withdraw(listed, own.request({ destination }))).toEqual({
      ok: false,
      error: { reason: 'destination_not_allowed', destination },
    });
  });
});
