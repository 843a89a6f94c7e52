import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hex, Offer } from '../../../lib/domain/payment/payment.ts';
import { floorToSeconds, toEpochMs, toEpochSeconds } from '../../../lib/domain/time.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { startFacilitator, type LocalFacilitator } from '../../../lib/local/sellers/facilitator.ts';
import { GOODS } from '../../../lib/local/sellers/goods.ts';
import { startSellers, type LocalSellers, type Seller } from '../../../lib/local/sellers/index.ts';
import { type Eip3009Payload } from '../../../lib/chains/evm/eip3009.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  parseSettlement,
  type ChosenOffer,
  type PaymentChallenge,
} from '../../../lib/protocols/x402/payment-required.ts';
import { chooseOffer, digestOf, formatDigest, parseRequirement, presentProof } from '../../support/x402.ts';

// What Bursar signs and presents, before the official packages: they must take it, and nothing that differs from it.

const VERSIONS = [
  ['2', 'weather'],
  ['1', 'weather-v1'],
] as const;
const NETWORKS: ReadonlySet<string> = new Set(['eip155:84532']);
const PRICE = 10_000n;

let chain: LocalChain;
let facilitator: LocalFacilitator;
let sellers: LocalSellers;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  opened.push((chain = await startChain({ dataDir: null, env: {} })));
  opened.push((facilitator = await startFacilitator(chain)));
  opened.push((sellers = await startSellers(chain, facilitator)));
});
afterAll(async () => {
  for (const each of opened.toReversed()) await each.close();
});

interface Asked {
  readonly seller: Seller;
  readonly body: string;
  readonly challenge: PaymentChallenge;
  readonly chosen: ChosenOffer;
  readonly offer: Offer;
}

/** Asks a seller for its price, and reads the requirement as the API would. */
async function askSeller(name: string): Promise<Asked> {
  const seller = sellers.sellers.find((each) => each.name === name);
  if (seller === undefined) throw new Error(`no seller ${name}`);
  const response = await fetch(seller.url);
  expect(response.status).toBe(402);
  const body = await response.text();
  const challenge = parsePaymentRequired({ headers: response.headers, body });
  if (!challenge.ok || challenge.value === null) throw new Error(`${seller.url} asks for nothing`);
  const chosen = chooseOffer(challenge.value, { requestedUrl: seller.url });
  if (!chosen.ok) throw new Error(chosen.error.message);
  const { version } = challenge.value;
  const offer = parseRequirement({ version, payload: chosen.value.entry }, { networks: NETWORKS });
  if (!offer.ok) throw new Error(offer.error.message);
  return { seller, body, challenge: challenge.value, chosen: chosen.value, offer: offer.value };
}

let accounts = 100;

/** A buyer with the price of one, whom no other test knows. */
async function openBuyer() {
  const account = chain.devAccount((accounts += 1));
  await chain.mint(account.address, PRICE);
  return account;
}
type Buyer = Awaited<ReturnType<typeof openBuyer>>;

async function signProof(buyer: Buyer, offer: Offer, validBefore?: number): Promise<Eip3009Payload> {
  const now = floorToSeconds(toEpochMs(Date.now()));
  const terms = {
    from: buyer.address,
    nonce: `0x${'5e'.repeat(32)}` as const,
    validAfter: toEpochSeconds(now - 600),
    validBefore: toEpochSeconds(validBefore ?? now + offer.maxTimeoutSeconds),
  };
  return presentProof(offer, terms, await buyer.sign({ hash: formatDigest(digestOf(offer, terms)) }));
}

interface FacilitatorAnswer {
  readonly isValid?: boolean;
  readonly success?: boolean;
  readonly transaction?: Hex;
}

async function ask(path: 'verify' | 'settle', { challenge, chosen }: Asked, payload: Eip3009Payload) {
  const x402Version = Number(challenge.version);
  const envelope =
    x402Version === 2 ? { accepted: chosen.entry, payload } : { scheme: 'exact', network: 'base-sepolia', payload };
  const response = await fetch(`${facilitator.url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paymentPayload: { x402Version, ...envelope }, paymentRequirements: chosen.entry }),
  });
  return (await response.json()) as FacilitatorAnswer;
}

describe.each(VERSIONS)('a proof of x402 version %s', (_version, name) => {
  test('opens the seller: the goods come only with it, and the transfer stands under the named transaction', async () => {
    const asked = await askSeller(name);
    const goods = JSON.stringify(GOODS.find((each) => each.name === name)?.content);
    expect(asked.body).not.toContain(goods);
    const buyer = await openBuyer();
    const header = await buildPaymentHeader(asked.challenge, asked.chosen, await signProof(buyer, asked.offer));

    const paid = await fetch(asked.seller.url, { headers: { [header.name]: header.value } });
    expect([paid.status, await paid.text()]).toEqual([200, goods]);
    const settlement = parseSettlement(paid.headers);
    if (!settlement.ok || settlement.value === null) throw new Error('the seller names no settlement');
    expect(settlement.value).toMatchObject({ success: true, payer: buyer.address });
    expect(await chain.transfersOf(settlement.value.transaction as Hex)).toEqual([
      { from: buyer.address, to: asked.offer.payTo, amount: PRICE },
    ]);
  });

  test('is refused by the seller when its signature is another key’s, and nothing is delivered', async () => {
    const asked = await askSeller(name);
    const [buyer, thief] = [await openBuyer(), await openBuyer()];
    const [own, stolen] = [await signProof(buyer, asked.offer), await signProof(thief, asked.offer)];
    const header = await buildPaymentHeader(asked.challenge, asked.chosen, { ...own, signature: stolen.signature });
    const refused = await fetch(asked.seller.url, { headers: { [header.name]: header.value } });
    expect(refused.status).toBe(402);
    expect(await refused.text()).not.toContain('celsius');
    expect(await chain.balanceOf(buyer.address)).toBe(PRICE);
  });

  test('settles once, however often it is presented', async () => {
    const asked = await askSeller(name);
    const buyer = await openBuyer();
    // With money for a second one: it must be the nonce that refuses.
    await chain.mint(buyer.address, PRICE);
    const proof = await signProof(buyer, asked.offer);
    expect(await ask('verify', asked, proof)).toMatchObject({ isValid: true });
    const answers = [await ask('settle', asked, proof), await ask('settle', asked, proof)];
    expect(answers.map(({ success }) => success)).toEqual([true, false]);
    expect(await chain.balanceOf(buyer.address)).toBe(PRICE);
    expect(await ask('verify', asked, proof)).toMatchObject({ isValid: false });
  });

  const other = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
  test.each<[string, (proof: Eip3009Payload) => Partial<Eip3009Payload['authorization']>]>([
    ['amount is one unit lower', () => ({ value: `${PRICE - 1n}` })],
    ['amount is one unit higher', () => ({ value: `${PRICE + 1n}` })],
    ['payee is another', () => ({ to: other })],
    ['payer is another', () => ({ from: chain.devAccount(99).address })],
    ['nonce is another', () => ({ nonce: `0x${'5f'.repeat(32)}` })],
    ['end is a second later', ({ authorization }) => ({ validBefore: `${Number(authorization.validBefore) + 1}` })],
    ['start is a second later', ({ authorization }) => ({ validAfter: `${Number(authorization.validAfter) + 1}` })],
  ])('is refused when its %s than what was signed, and nothing moves', async (_what, change) => {
    const asked = await askSeller(name);
    const buyer = await openBuyer();
    await chain.mint(buyer.address, 1n);
    const proof = await signProof(buyer, asked.offer);
    const changed = { ...proof, authorization: { ...proof.authorization, ...change(proof) } };
    const block = await chain.blockNumber();
    expect(await ask('verify', asked, changed)).toMatchObject({ isValid: false });
    expect(await ask('settle', asked, changed)).toMatchObject({ success: false });
    expect(await chain.balanceOf(buyer.address)).toBe(PRICE + 1n);
    expect(await chain.blockNumber()).toBe(block);
    expect(await ask('verify', asked, proof)).toMatchObject({ isValid: true });
  });

  test.each<[string, (offer: Offer) => Offer]>([
    ['one unit less than the price', (offer) => ({ ...offer, amount: (offer.amount - 1n) as Offer['amount'] })],
    ['another payee', (offer) => ({ ...offer, payTo: other })],
  ])('is refused when it was rightly signed for %s', async (_what, change) => {
    const asked = await askSeller(name);
    const buyer = await openBuyer();
    const proof = await signProof(buyer, change(asked.offer));
    expect(await ask('verify', asked, proof)).toMatchObject({ isValid: false });
    expect(await ask('settle', asked, proof)).toMatchObject({ success: false });
    expect(await chain.balanceOf(buyer.address)).toBe(PRICE);
  });

  test('is refused once its validity has ended', async () => {
    const asked = await askSeller(name);
    const buyer = await openBuyer();
    const proof = await signProof(buyer, asked.offer, Math.floor(Date.now() / 1000) - 1);
    expect(await ask('verify', asked, proof)).toMatchObject({ isValid: false });
    expect(await ask('settle', asked, proof)).toMatchObject({ success: false });
    expect(await chain.balanceOf(buyer.address)).toBe(PRICE);
  });
});
