import { join } from 'node:path';
import { parseUnits } from 'viem';
import { beforeAll, describe, expect, test } from 'vitest';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { X402_SCHEMES } from '../../../lib/protocols/x402/schemes/catalogue.ts';
import { SUPPORT, type Support } from '../../../lib/protocols/support.ts';
import { createPayingFetch } from '../../../lib/client/index.ts';
import { makeEntry } from '../../client/script.ts';
import {
  booksOf,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  withStack,
  type Wallet,
} from '../../scenarios/scene.ts';
import { formatSupportPage, type Seen } from './support-page.ts';

// The page of what is supported is made of what a running stack and official sellers do.

const scene = withStack();
const PAGE = join(import.meta.dirname, '../../../docs/reference/support.md');
/** What the seller by `upto` takes of its ceiling. */
const USED = 12_000n;
const seen: Seen[] = [];
let userId: string;
let sessionId: string;
let wallet: Wallet;

beforeAll(async () => {
  const { stack } = scene;
  userId = newUser();
  wallet = await openWallet(stack, userId, 'SeedVault');
  sessionId = await openSession(stack, userId, '5.00');
  await stack.chain.mint(wallet.address, 5_000_000n);
  await stack.chain.approvePermit2(wallet.address, 1_000_000n);
});

const of = (state: 'paid' | 'unpaid') =>
  SUPPORT.filter((way) => (way.state === 'paid') === (state === 'paid')).map((way) => {
    const { protocol, scheme, transferMethod, domain } = way;
    return [[protocol, scheme, transferMethod, domain].filter(Boolean).join(' '), way] as const;
  });

/** The seller of the stack that is paid in a way. */
function sellerOf({ protocol, scheme, transferMethod }: Support) {
  if (protocol === 'mpp') return scene.stack.sellers.find(({ paidBy }) => paidBy === 'mpp')!;
  const paidBy = scheme === 'exact' ? transferMethod : scheme;
  return scene.stack.sellers.find((each) => each.paidBy === paidBy && each.protocolVersion === 2)!;
}

const paid = of('paid');

/** In base units of USDC. */
function takenBy({ price, paidBy }: ReturnType<typeof sellerOf>): bigint {
  return paidBy === 'upto' ? USED : parseUnits(price, 6);
}

describe('every way that is called paid', () => {
  test.each(paid)('%s buys of an official seller, whose balance rises by what it takes', async (_name, way) => {
    const { stack } = scene;
    const { paymentManagerArn } = stack.info;
    const pay = createPayingFetch({
      client: clientOf(stack, 'processPayment'),
      session: { paymentManagerArn, paymentSessionId: sessionId, userId },
      instrument: { paymentInstrumentId: wallet.instrumentId },
    });
    const seller = sellerOf(way);
    const { url, payTo } = seller;
    const before = await stack.chain.balanceOf(payTo);
    const response = await pay(url);
    expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
    expect(response.payment?.offer.protocol).toBe(way.protocol);
    expect(await stack.chain.balanceOf(payTo)).toBe(before + takenBy(seller));
    seen.push({ way, code: null });
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
    const before = await booksOf(stack, userId, sessionId);
    const owner = {
      paymentManagerArn: stack.info.paymentManagerArn,
      paymentSessionId: sessionId,
      paymentInstrumentId: wallet.instrumentId,
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
    seen.push({ way, code: error!.code });
  });
});

test('the page is what was seen here', async () => {
  expect(seen).toHaveLength(SUPPORT.length);
  await expect(formatSupportPage(seen)).toMatchFileSnapshot(PAGE);
});
