import { LOCAL_TOKENS } from '../../lib/local/chain/tokens.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer } from 'node:http';
import { createBursarClient, createPayingFetch, type BursarClient } from '../../lib/client/index.ts';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { base64, makeEntry } from '../client/script.ts';
import { booksOf, clientOf, newToken, newUser, openSession, openWallet, withStack, type Address } from './scene.ts';

const scene = withStack();

/** Somebody who may pay, and somebody who opens sessions and looks at them. */
interface Payer {
  readonly agent: BursarClient;
  readonly backend: BursarClient;
  readonly userId: string;
  readonly owner: {
    readonly paymentManagerArn: string;
    readonly paymentSessionId: string;
    readonly paymentInstrumentId: string;
  };
}

async function openBySignature(): Promise<Payer> {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, 20_000_000n);
  for (const { address, decimals } of Object.values(LOCAL_TOKENS)) {
    await stack.chain.mint(wallet.address, 10n ** BigInt(decimals), address);
  }
  await stack.chain.approvePermit2(wallet.address, 1_000_000n);
  const owner = {
    paymentManagerArn: stack.info.paymentManagerArn,
    paymentSessionId: await openSession(stack, userId, '20.00'),
    paymentInstrumentId: wallet.instrumentId,
  };
  return { agent: clientOf(stack, 'processPayment'), backend: clientOf(stack, 'management'), userId, owner };
}

async function openByToken(): Promise<Payer> {
  const { info, chain } = scene.stack;
  const { endpoint, tokenEndpoint, clients, paymentManagerArn, paymentConnectorIds } = info.jwt;
  const holding = (holder: 'management' | 'agent') =>
    createBursarClient({ endpoint, token: () => requestToken({ tokenEndpoint, ...clients[holder] }), attemptsMax: 1 });
  const backend = holding('management');
  const { paymentInstrument } = await backend.call('CreatePaymentInstrument', {
    paymentManagerArn,
    paymentConnectorId: paymentConnectorIds.SeedVault,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  });
  const walletAddress = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress as Address;
  await chain.mint(walletAddress, 20_000_000n);
  for (const { address, decimals } of Object.values(LOCAL_TOKENS)) {
    await chain.mint(walletAddress, 10n ** BigInt(decimals), address);
  }
  await chain.approvePermit2(walletAddress, 1_000_000n);
  const { paymentSession } = await backend.call('CreatePaymentSession', {
    paymentManagerArn,
    expiryTimeInMinutes: 15,
    limits: { maxSpendAmount: { value: '20.00', currency: 'USD' } },
  });
  return {
    agent: holding('agent'),
    backend,
    userId: 'ignored',
    owner: {
      paymentManagerArn,
      paymentSessionId: paymentSession.paymentSessionId,
      paymentInstrumentId: paymentInstrument.paymentInstrumentId,
    },
  };
}

/** A seller's 402 as any HTTP client has it, without a word of its protocol. */
async function meet(url: string) {
  const response = await fetch(url);
  expect(response.status).toBe(402);
  const challenge = {
    status: 402,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  } as const;
  return { request: { method: 'GET', url }, challenge };
}

const spentIn = async ({ backend, owner: { paymentManagerArn, paymentSessionId }, userId }: Payer) => {
  const { paymentSession } = await backend.call(
    'GetPaymentSession',
    { paymentManagerArn, paymentSessionId },
    { userId },
  );
  return paymentSession.spentAmount.value;
};

describe.each([
  ['a signature', openBySignature],
  ['a token', openByToken],
])('an agent with %s', (_how, open) => {
  test('asks, pays and buys from every official seller, by plain HTTP', async () => {
    const payer = await open();
    const { agent, owner, userId } = payer;
    for (const { url, name } of scene.stack.sellers) {
      const before = await spentIn(payer);
      const met = await meet(url);
      const { quote } = await agent.call('QuoteChallenge', { ...owner, ...met }, { userId });
      expect(
        quote.offers.map(({ verdict }) => verdict),
        name,
      ).toContain('ALLOWED');
      const chosen = quote.offers[quote.chosen!.index]!;
      expect(BigInt(chosen.balance!)).toBeGreaterThan(0n);
      expect(await spentIn(payer)).toBe(before);

      const { quoteId } = quote.chosen!;
      const clientToken = newToken();
      const paid = await agent.call('PayChallenge', { ...owner, ...met, quoteId, clientToken }, { userId });
      expect(paid.bursar).toMatchObject({ amountUsd: chosen.amountUsd, payTo: chosen.payTo });
      const headers = Object.fromEntries(paid.headers.map((each) => [each.name, each.value]));
      const delivered = await fetch(url, { headers });
      expect(delivered.status, name).toBe(200);
      expect(await agent.call('PayChallenge', { ...owner, ...met, quoteId, clientToken }, { userId })).toEqual(paid);
      expect(Number(await spentIn(payer))).toBeCloseTo(Number(before) + Number(chosen.amountUsd));
    }
  });

  test('buys with a paying fetch, which hands the whole 402 over', async () => {
    const { agent, owner, userId } = await open();
    const asked: string[] = [];
    const client = {
      processPayment: (...args: Parameters<BursarClient['processPayment']>) => {
        asked.push('processPayment');
        return agent.processPayment(...args);
      },
      listAssets: agent.listAssets.bind(agent),
      payChallenge: (...args: Parameters<BursarClient['payChallenge']>) => {
        asked.push('payChallenge');
        return agent.payChallenge(...args);
      },
    };
    const pay = createPayingFetch({ client, session: { ...owner, userId }, instrument: owner, maxPriceUsd: null });
    for (const { url } of scene.stack.sellers) {
      const response = await pay(url);
      expect(response.status).toBe(200);
      expect(response.payment?.settlement?.success).toBe(true);
    }
    expect(new Set(asked)).toEqual(new Set(['payChallenge']));
  });
});

describe('those who open sessions', () => {
  test('neither ask nor pay: by role, and by a token with the management scope', async () => {
    const [signed, holding] = [await openBySignature(), await openByToken()];
    const met = await meet(scene.stack.sellers[0]!.url);
    for (const { backend, owner, userId } of [signed, holding]) {
      for (const operation of ['QuoteChallenge', 'PayChallenge'] as const) {
        await expect(backend.call(operation, { ...owner, ...met }, { userId })).rejects.toMatchObject({ status: 403 });
      }
    }
  });
});

/** Offers the dearer first, and each time others in another order. */
let asks = 0;
const fickle = createServer((_request, response) => {
  asks += 1;
  const accepts = [300_000 + asks, 200_000 - asks].map((amount) => makeEntry(2, { amount: `${amount}` }));
  if (asks % 2 === 0) accepts.reverse();
  response.writeHead(402, { 'payment-required': base64({ x402Version: 2, accepts }) }).end();
});
let fickleUrl = '';
beforeAll(async () => {
  fickleUrl = `http://127.0.0.1:${await listen(fickle, 0)}/report`;
});
afterAll(() => close(fickle));

test('one token is one payment at a seller whose 402 is never the same', async () => {
  const { agent, owner, userId } = await openBySignature();
  const clientToken = newToken();
  const ids = new Set<string>();
  const proofs = new Set<string>();
  for (let tries = 0; tries < 4; tries += 1) {
    const met = await meet(fickleUrl);
    const paid = await agent.call('PayChallenge', { ...owner, ...met, clientToken }, { userId });
    ids.add(paid.processPaymentId);
    proofs.add(JSON.stringify(paid.paymentOutput));
  }
  expect([ids.size, proofs.size]).toEqual([1, 1]);
  expect((await booksOf(scene.stack, userId, owner.paymentSessionId)).spent).toBe('0.199999');
});

test('no function logs a proof, a header of the seller or what its body says', async () => {
  const text = scene.logs.map(({ line }) => line).join('\n');
  expect(text).toContain('PayChallenge');
  expect(text).toContain('QuoteChallenge');
  expect(text).not.toMatch(/0x[0-9a-f]{130}|x402Version|eyJ4NDAy/);
});
