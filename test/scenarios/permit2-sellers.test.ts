import { beforeAll, describe, expect, test } from 'vitest';
import { createPayingFetch } from '../../lib/client/index.ts';
import { clientOf, newToken, newUser, openSession, openWallet, sellerOf, withStack, type Wallet } from './scene.ts';

// What a wallet's allowance has to do with the two ways by Permit2; `test/conformance/ways` pays their sellers.

const scene = withStack();
const SELLERS = [
  ['forecast-permit2', 30_000n, 30_000n],
  ['forecast-upto', 50_000n, 12_000n],
] as const;
const ALLOWANCE_REASON = 'permit2_allowance_required';

interface Buyer {
  readonly userId: string;
  readonly sessionId: string;
  readonly wallet: Wallet;
}

async function openBuyer(): Promise<Buyer> {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, 1_000_000n);
  return { userId, wallet, sessionId: await openSession(stack, userId, '1.00') };
}

const ownerOf = ({ sessionId, wallet }: Buyer) => ({
  paymentManagerArn: scene.stack.info.paymentManagerArn,
  paymentSessionId: sessionId,
  paymentInstrumentId: wallet.instrumentId,
});

function payingFetch(buyer: Buyer) {
  return createPayingFetch({
    client: clientOf(scene.stack, 'processPayment'),
    session: { ...ownerOf(buyer), userId: buyer.userId },
    instrument: ownerOf(buyer),
  });
}

async function quote(buyer: Buyer, url: string) {
  const response = await fetch(url);
  const challenge = {
    status: 402,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  } as const;
  const asked = { ...ownerOf(buyer), request: { method: 'GET', url }, challenge };
  return (await clientOf(scene.stack, 'processPayment').call('QuoteChallenge', asked, { userId: buyer.userId })).quote;
}

describe('a wallet that approved Permit2', () => {
  test.each(SELLERS)('is told by a quote of %s that it can pay', async (name, price) => {
    const buyer = await openBuyer();
    await scene.stack.chain.approvePermit2(buyer.wallet.address, price);
    const { offers } = await quote(buyer, sellerOf(scene.stack, name).url);
    expect(offers).toMatchObject([{ verdict: 'ALLOWED', amount: `${price}` }]);
  });
});

describe('a wallet that did not', () => {
  let buyer: Buyer;
  beforeAll(async () => {
    buyer = await openBuyer();
  });

  test.each(SELLERS)(
    'is told by a quote of %s that the allowance is missing, and nothing is chosen',
    async (name, price) => {
      const { url } = sellerOf(scene.stack, name);
      await scene.stack.chain.approvePermit2(buyer.wallet.address, price - 1n);
      const { chosen, offers } = await quote(buyer, url);
      expect(chosen).toBeNull();
      expect(offers).toMatchObject([{ verdict: 'REFUSED', code: 'bursar:allowance_missing' }]);
      expect(offers[0]?.reason).toContain(`take ${price - 1n} of the ${price}`);
    },
  );

  test.each(SELLERS)(
    'learns from the refusal of %s what to do, and the same proof is taken once it has',
    async (name, price, settled) => {
      const { stack } = scene;
      const { url, payTo } = sellerOf(stack, name);
      await stack.chain.approvePermit2(buyer.wallet.address, 0n);
      const before = await stack.chain.balanceOf(payTo);
      const pay = payingFetch(buyer);
      const purchaseId = newToken();
      const refused = await pay(url, { purchaseId });
      expect(refused.status).toBe(412);
      expect(refused.payment).toMatchObject({ reason: ALLOWANCE_REASON, settlement: null });
      expect(refused.payment?.remedy).toContain('0x000000000022D473030F116dDEE9F6B43aC78BA3');
      expect(await stack.chain.balanceOf(payTo)).toBe(before);

      await stack.chain.approvePermit2(buyer.wallet.address, price);
      const taken = await pay(url, { purchaseId });
      expect([taken.status, taken.payment?.remedy]).toEqual([200, null]);
      expect(taken.payment?.processPaymentId).toBe(refused.payment?.processPaymentId);
      expect(await stack.chain.balanceOf(payTo)).toBe(before + settled);
    },
  );
});
