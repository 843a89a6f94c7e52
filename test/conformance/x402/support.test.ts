import { join } from 'node:path';
import { parseUnits } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { X402_SCHEMES } from '../../../lib/protocols/x402/schemes/catalogue.ts';
import { SUPPORT, type Support } from '../../../lib/protocols/support.ts';
import { createPayingFetch } from '../../../lib/client/index.ts';
import { GOODS, type Goods } from '../../../lib/local/sellers/goods.ts';
import { connectorTypes } from '../../../lib/wallets/catalogue.ts';
import { makeEntry } from '../../client/script.ts';
import { booksOf, clientOf, newToken, sellerOf, withStack } from '../../scenarios/scene.ts';
import { nameOf, SIGNER_FUNCTION, WALLET_KINDS, type PayingWallet, type WalletKind } from '../ways/wallets.ts';
import { formatSupportPage, type Bought, type Refused } from './support-page.ts';

// The page of what is supported is made of what a running stack and official sellers do.

const scene = withStack(null, { signerFunction: SIGNER_FUNCTION });
const PAGE = join(import.meta.dirname, '../../../docs/reference/support.md');
/** What the seller by `upto` takes of its ceiling. */
const USED = 12_000n;
const FUNDS = 1_000_000n;
const refusals: Refused[] = [];
const purchases: Bought[] = [];
const wallets = new Map<WalletKind, PayingWallet>();

beforeAll(async () => {
  const { stack } = scene;
  for (const kind of WALLET_KINDS) {
    const wallet = await kind.open(stack, '1.00');
    wallets.set(kind, wallet);
    await stack.chain.mint(wallet.address, FUNDS);
    await stack.chain.approvePermit2(wallet.address, FUNDS);
  }
});
afterAll(async () => {
  for (const wallet of wallets.values()) await wallet.close();
});

const of = (state: 'paid' | 'unpaid') =>
  SUPPORT.filter((way) => (way.state === 'paid') === (state === 'paid')).map((way) => {
    const { protocol, scheme, transferMethod, domain } = way;
    return [[protocol, scheme, transferMethod, domain].filter(Boolean).join(' '), way] as const;
  });

/** The cheapest that is sold in a way for USDC, of each version of the protocol. */
function goodsOf({ protocol, scheme, transferMethod }: Support): readonly Goods[] {
  const how = scheme === 'exact' ? transferMethod : scheme;
  const paidBy = protocol === 'mpp' ? 'mpp' : how;
  const sold = GOODS.filter((each) => each.paidBy === paidBy && each.token === undefined);
  const versions = [...new Set(sold.map(({ protocolVersion }) => protocolVersion))].toSorted();
  const price = ({ priceUsd }: Goods) => parseUnits(priceUsd, 6);
  return versions.map((version) =>
    sold
      .filter(({ protocolVersion }) => protocolVersion === version)
      .reduce((least, each) => (price(each) < price(least) ? each : least)),
  );
}

const paid = of('paid');
const pairs = paid.flatMap(([name, way]) =>
  goodsOf(way).flatMap((goods) =>
    WALLET_KINDS.map(
      (kind) => [`${name}, version ${goods.protocolVersion}`, nameOf(kind), { way, goods, kind }] as const,
    ),
  ),
);

describe('every way that is called paid', () => {
  test.each(pairs)(
    '%s buys of an official seller from a wallet of %s: its balance rises by what it takes',
    async (_way, _kind, { way, goods, kind }) => {
      const { stack } = scene;
      const { chain } = stack;
      const { address, userId, sessionId, instrumentId } = wallets.get(kind)!;
      const pay = createPayingFetch({
        client: clientOf(stack, 'processPayment'),
        session: { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId: sessionId, userId },
        instrument: { paymentInstrumentId: instrumentId },
      });
      const { url, payTo } = sellerOf(stack, goods.name);
      const [payee, payer] = [await chain.balanceOf(payTo), await chain.balanceOf(address)];
      const { spent } = await booksOf(stack, userId, sessionId);
      const response = await pay(url);
      expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
      expect(response.payment?.offer.protocol).toBe(way.protocol);
      const price = parseUnits(goods.priceUsd, 6);
      const taken = goods.paidBy === 'upto' ? USED : price;
      expect(await chain.balanceOf(payTo)).toBe(payee + taken);
      expect(await chain.balanceOf(address)).toBe(payer - taken);
      const books = await booksOf(stack, userId, sessionId);
      expect(books.reserved).toBe('0.00');
      expect(parseUnits(books.spent, 6)).toBe(parseUnits(spent, 6) + price);
      purchases.push({ way, version: goods.protocolVersion, wallet: nameOf(kind) });
    },
  );

  test('is tried from a wallet of every type', () => {
    expect([...new Set(WALLET_KINDS.map(({ type }) => type))].toSorted()).toEqual(connectorTypes().toSorted());
  });

  test('is one that the service signs, and all of these are called paid', () => {
    const named = paid
      .filter(([, { protocol }]) => protocol === 'x402')
      .map(([, { protocol, scheme, transferMethod }]) => `${protocol}/${scheme}/${transferMethod}`);
    const payable = X402_SCHEMES.payable.map(
      ({ protocol, scheme, transferMethod }) => `${protocol}/${scheme}/${transferMethod}`,
    );
    expect(named.toSorted()).toEqual(payable.toSorted());
    for (const each of X402_SCHEMES.payable) expect(schemeOf(each)).toBeDefined();
  });
});

/** An otherwise payable request in a way that is not paid. */
function requestOf({ protocol, scheme, transferMethod, domain }: Support) {
  if (protocol === 'mpp') {
    // Of an intent that is paid, by a method that is not.
    const challenge = `Payment id="a", realm="seller.example", method="tempo", intent="${scheme}", request="e30"`;
    return { paymentType: 'MPP', paymentInput: { mpp: { version: '1', wwwAuthenticateHeaders: [challenge] } } };
  }
  const extra = {
    ...(transferMethod === null ? {} : { assetTransferMethod: transferMethod }),
    ...(domain === null ? {} : { name: domain }),
  };
  const payload = makeEntry(2, { ...(scheme === null ? {} : { scheme }), extra });
  return { paymentType: 'CRYPTO_X402', paymentInput: { cryptoX402: { version: '2', payload } } };
}

describe('every way that is not', () => {
  test.each(of('unpaid'))('%s is refused with its reason, and nothing is reserved', async (_name, way) => {
    const { stack } = scene;
    const { userId, sessionId, instrumentId } = wallets.get(WALLET_KINDS[0]!)!;
    const before = await booksOf(stack, userId, sessionId);
    const owner = {
      paymentManagerArn: stack.info.paymentManagerArn,
      paymentSessionId: sessionId,
      paymentInstrumentId: instrumentId,
    };
    const input = { ...owner, ...requestOf(way), clientToken: newToken() };
    const refused = clientOf(stack, 'processPayment').call('ProcessPayment', input as never, { userId });
    const error = (await refused.then(
      () => null,
      (thrown: unknown) => thrown,
    )) as { readonly status: number; readonly message: string; readonly code: string } | null;
    // An unknown scheme is refused as AWS refuses it.
    expect(error?.status).toSatisfy((status: unknown) => [400, 403].includes(status as number));
    expect(error!.code).toMatch(/^bursar:[a-z0-9_]+$/);
    expect(error!.message).toContain(way.why);
    expect(await booksOf(stack, userId, sessionId)).toEqual(before);
    refusals.push({ way, code: error!.code });
  });
});

test('the page is what was seen here', async () => {
  expect(new Set([...purchases, ...refusals].map(({ way }) => way)).size).toBe(SUPPORT.length);
  await expect(formatSupportPage({ purchases, refusals })).toMatchFileSnapshot(PAGE);
});
