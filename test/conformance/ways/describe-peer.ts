import { beforeAll, describe, expect, test } from 'vitest';
import { createPayingFetch, type BursarClient } from '../../../lib/client/index.ts';
import { LOCAL_TOKENS, type LocalTokenSymbol } from '../../../lib/local/chain/tokens.ts';
import {
  booksOf,
  clientOf,
  newUser,
  openSession,
  openWallet,
  sellerOf,
  withStack,
  type Wallet,
} from '../../scenarios/scene.ts';

/** A seller of the local stack, which is made of an official package, in base units of its token. */
export interface Peer {
  readonly seller: string;
  readonly price: bigint;
  /** What it takes of a ceiling. @default - the price */
  readonly settled?: bigint;
  /** What the session is charged. */
  readonly spentUsd: string;
  /** @default - USDC */
  readonly token?: LocalTokenSymbol;
  /** Whether the wallet approves Permit2 before. */
  readonly approves?: true;
}

const FUNDS = 1_000_000n;
const DOORS = ['processPayment', 'payChallenge'] as const;
const CONNECTORS = ['SeedVault', 'AwsKms'] as const;

/** Whoever asks and whatever signs: the peer's balance rises by exactly what it takes, and the wallet's falls by it. */
export function describePeer(name: string, peers: readonly Peer[]): void {
  const scene = withStack();
  const wallets = new Map<Wallet['connector'], Wallet & { readonly userId: string; readonly sessionId: string }>();

  beforeAll(async () => {
    const { stack } = scene;
    for (const connector of CONNECTORS) {
      const userId = newUser();
      const wallet = await openWallet(stack, userId, connector);
      await stack.chain.mint(wallet.address, FUNDS);
      wallets.set(connector, { ...wallet, userId, sessionId: await openSession(stack, userId, '1.00') });
    }
  });

  const cases = peers.flatMap((peer) =>
    CONNECTORS.flatMap((connector) => DOORS.map((door) => [peer.seller, door, connector, peer] as const)),
  );

  describe(`a seller of ${name}`, () => {
    test.each(cases)('(%s) is paid its price by %s from a wallet of %s', async (seller, door, connector, peer) => {
      const { stack } = scene;
      const { chain, info } = stack;
      const { url, payTo } = sellerOf(stack, seller);
      const { address, instrumentId, userId, sessionId } = wallets.get(connector)!;
      const token = peer.token && LOCAL_TOKENS[peer.token].address;
      if (token !== undefined) await chain.mint(address, peer.price, token);
      if (peer.approves) await chain.approvePermit2(address, peer.price);
      const agent = clientOf(stack, 'processPayment');
      const pay = createPayingFetch({
        client: {
          processPayment: (...args) => agent.processPayment(...args),
          ...(door === 'payChallenge'
            ? { payChallenge: (...args: Parameters<BursarClient['payChallenge']>) => agent.payChallenge(...args) }
            : {}),
          listAssets: (...args) => agent.listAssets(...args),
        },
        session: { paymentManagerArn: info.paymentManagerArn, paymentSessionId: sessionId, userId },
        instrument: { paymentInstrumentId: instrumentId },
      });
      const [payee, payer] = [await chain.balanceOf(payTo, token), await chain.balanceOf(address, token)];
      const spent = Number((await booksOf(stack, userId, sessionId)).spent);

      const response = await pay(url);

      expect([response.status, response.payment?.settlement?.success]).toEqual([200, true]);
      const settled = peer.settled ?? peer.price;
      expect(await chain.balanceOf(payTo, token)).toBe(payee + settled);
      expect(await chain.balanceOf(address, token)).toBe(payer - settled);
      const books = await booksOf(stack, userId, sessionId);
      expect(books.reserved).toBe('0.00');
      expect(Number(books.spent)).toBeCloseTo(spent + Number(peer.spentUsd), 6);
    });
  });
}
