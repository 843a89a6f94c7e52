import { describe, expect, test } from 'vitest';
import { toBaseUnits, toMicroUsd } from '../../../lib/domain/money.ts';
import { judgeOffer, type OfferFacts } from '../../../lib/domain/offers/judge-offer.ts';
import type { PolicyRefusal } from '../../../lib/domain/policy/refusal.ts';
import type { Offer } from '../../../lib/domain/payment/shapes.ts';
import { type SellerOffer } from '../../../lib/domain/offers/verdict.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { parseRequirement } from '../../support/x402.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

const NOW = toEpochMs(1_760_000_000_000);
const entry = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '500000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
};
const parsed = parseRequirement({ version: '2', payload: entry }, { networks: new Set([BASE_SEPOLIA.id]) });
if (!parsed.ok) throw new Error('the offer of this test is none');
const seller: SellerOffer = {
  index: 0,
  priced: { offer: parsed.value, price: toMicroUsd(500_000n), exposure: 'amount' },
  flaw: null,
};
const facts: OfferFacts = {
  now: NOW,
  request: { method: 'GET', url: 'https://a.example/', tool: null, intent: null, bodyHash: null },
  allowedNetworks: new Set([BASE_SEPOLIA.id]),
  networks: null,
  facilitators: new Set(),
  maxPrice: null,
  validityCapSeconds: 300,
  session: {
    expiresAt: addMs(NOW, 3_600_000),
    budget: { available: toMicroUsd(500_000n), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
  },
  instrument: { network: 'ETHEREUM' },
  balanceOf: () => null,
  freezeOf: () => null,
  policyOf: () => null,
  allowanceOf: () => null,
};
const budgetOf = (available: bigint) => ({
  expiresAt: facts.session.expiresAt,
  budget: { ...facts.session.budget, available: toMicroUsd(available) },
});

/** Each fact one step on the good side, and one step over. */
const BOUNDS: readonly [code: string, good: Partial<OfferFacts>, bad: Partial<OfferFacts>][] = [
  ['unsupported_network', {}, { allowedNetworks: new Set(['eip155:8453']) }],
  ['frozen_payee', {}, { freezeOf: () => ({ scope: 'payee' }) }],
  ['frozen_asset', {}, { freezeOf: () => ({ scope: 'asset' }) }],
  ['network_not_chosen', { networks: new Set([BASE_SEPOLIA.id]) }, { networks: new Set(['eip155:8453']) }],
  ['price_above_max', { maxPrice: toMicroUsd(500_000n) }, { maxPrice: toMicroUsd(499_999n) }],
  ['budget_exceeded', { session: budgetOf(500_000n) }, { session: budgetOf(499_999n) }],
  ['insufficient_funds', { balanceOf: () => toBaseUnits(500_000n) }, { balanceOf: () => toBaseUnits(499_999n) }],
  ['allowance_missing', { allowanceOf: () => toBaseUnits(500_000n) }, { allowanceOf: () => toBaseUnits(499_999n) }],
  [
    'session_closing',
    { session: { ...facts.session, expiresAt: addMs(NOW, -50_000) } },
    { session: { ...facts.session, expiresAt: addMs(NOW, -51_000) } },
  ],
  ['max_timeout_too_short', { validityCapSeconds: 10 }, { validityCapSeconds: 9 }],
];

describe('an offer', () => {
  test.each(BOUNDS)('is refused with %s one step over the bound, and allowed at it', (code, good, bad) => {
    expect(judgeOffer(seller, { ...facts, ...good })).toMatchObject({ allowed: true });
    expect(judgeOffer(seller, { ...facts, ...bad })).toMatchObject({ allowed: false, code });
  });

  test('whose seller is at fault is refused for that, for every payer', () => {
    const flaw = { code: 'foreign_resource', reason: 'of a stranger' } as const;
    expect(judgeOffer({ ...seller, flaw }, facts)).toEqual({ allowed: false, ...flaw });
  });

  test('that everything stands in the way of is refused for the money last', () => {
    const all = Object.assign({}, ...BOUNDS.map(([, , bad]) => bad)) as Partial<OfferFacts>;
    const session = { ...budgetOf(0n) };
    expect(judgeOffer(seller, { ...facts, ...all, session })).not.toMatchObject({ code: 'budget_exceeded' });
    expect(judgeOffer(seller, { ...facts, session, balanceOf: () => toBaseUnits(0n) })).toMatchObject({
      code: 'insufficient_funds',
    });
  });

  test('whose taker decides how much is taken is allowed where the deployment lists that address', () => {
    const facilitator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    const ceiling = { ...seller, priced: { ...seller.priced!, offer: { ...parsed.value, facilitator } as Offer } };
    const refused = { allowed: false, code: 'unsupported_facilitator' };
    expect(judgeOffer(ceiling, facts)).toMatchObject(refused);
    expect(judgeOffer(ceiling, { ...facts, facilitators: new Set([parsed.value.payTo]) })).toMatchObject(refused);
    expect(judgeOffer(ceiling, { ...facts, facilitators: new Set([facilitator]) })).toMatchObject({ allowed: true });
  });

  test('of a session without a limit may cost anything', () => {
    const session = { ...facts.session, budget: { ...facts.session.budget, available: null } };
    expect(judgeOffer(seller, { ...facts, session })).toMatchObject({ allowed: true });
  });
});

/** What a person reads of each, with the figures that were compared. */
const REASONS: readonly [facts: Partial<OfferFacts>, reason: string][] = [
  [{}, 'it may be paid'],
  [
    { allowedNetworks: new Set(['eip155:8453', 'eip155:1']) },
    'the deployment does not pay on eip155:84532, only on eip155:8453, eip155:1',
  ],
  [{ networks: new Set(['eip155:8453']) }, 'the caller does not pay on eip155:84532'],
  [{ maxPrice: toMicroUsd(499_999n) }, 'it costs USD 0.50, more than the USD 0.499999 that the caller lets it cost'],
  [
    { session: { ...facts.session, expiresAt: addMs(NOW, -51_000) } },
    'the session ends too soon for a payment to settle',
  ],
  [
    { balanceOf: () => toBaseUnits(1n) },
    "the wallet holds 1 of the 500000 that it takes on eip155:84532, in the token's smallest unit",
  ],
  [
    { allowanceOf: () => toBaseUnits(1n) },
    "the wallet has let the contract by which it is paid take 1 of the 500000 that it takes on eip155:84532, in the token's smallest unit: approve that contract from the wallet first",
  ],
  [{ freezeOf: () => ({ scope: 'payee' }) }, 'payments to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C are frozen'],
  [{ freezeOf: () => ({ scope: 'asset' }) }, `payments in ${BASE_SEPOLIA.usdc.address} on eip155:84532 are frozen`],
  [{ session: budgetOf(1n) }, 'it costs USD 0.50, and the session has USD 0.000001 left'],
];

describe('a verdict', () => {
  test.each(REASONS)('says why, in one sentence (%#)', (more, reason) => {
    expect(judgeOffer(seller, { ...facts, ...more }).reason).toBe(reason);
  });

  test('on an offer that cannot be read says so', () => {
    expect(judgeOffer({ ...seller, priced: null }, facts)).toEqual({
      allowed: false,
      code: 'invalid_payload',
      reason: 'it cannot be read',
    });
  });

  test('on an offer of a facilitator names it', () => {
    const facilitator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    const ceiling = { ...seller, priced: { ...seller.priced!, offer: { ...parsed.value, facilitator } as Offer } };
    expect(judgeOffer(ceiling, facts).reason).toBe(
      `the deployment lets nobody but its listed facilitators decide how much is taken, and ${facilitator} is none`,
    );
  });

  test('on a network that the keys of the wallet do not sign for says so', () => {
    const network = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' as Offer['network'];
    const foreign = { ...seller, priced: { ...seller.priced!, offer: { ...parsed.value, network } as Offer } };
    expect(judgeOffer(foreign, { ...facts, allowedNetworks: new Set([network]) })).toEqual({
      allowed: false,
      code: 'other_wallet_family',
      reason: `a wallet of the family ETHEREUM signs nothing on ${network}`,
    });
  });

  test.each([
    ['rules', 'policy_refused'],
    ['counters', 'policy_exceeded'],
  ] as const)('by the %s of a policy is %s, in the words of the policy', (stage, code) => {
    const policyOf = () => ({ stage, refusal: { message: 'A rule says no.' } as PolicyRefusal });
    expect(judgeOffer(seller, { ...facts, policyOf })).toEqual({ allowed: false, code, reason: 'A rule says no.' });
  });
});
