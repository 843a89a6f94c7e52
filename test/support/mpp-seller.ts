import { createServer } from 'node:http';
import { Mppx, Transport } from 'mppx/server/core';
import type { Hex } from 'viem';
import type { LocalChain } from '../../lib/local/chain/index.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { startFacilitator } from '../../lib/local/sellers/facilitator.ts';
import { chargeInUsdc } from '../../lib/local/sellers/mpp.ts';

const SECRET = 'a secret of the seller, of 32 bytes or more';
const PAYEE_ACCOUNT = 60;
const PRICE = 10_000n;
const PRICE_USD = '0.01';

export interface MppSeller {
  readonly url: string;
  readonly payTo: Hex;
  readonly price: bigint;
  close(): Promise<void>;
}

export interface MppSellerOptions {
  /** Whether the credential has to leave the header Authorization alone. */
  readonly authorization?: 'taken';
  /** What it offers by x402 besides: nothing, what mppx offers by itself, or a header of the test's own. @default null */
  readonly x402?: 'same' | string | null;
}

/** A seller made of mppx, the reference server of MPP, that settles on the local chain. */
export async function startMppSeller(
  chain: LocalChain,
  { authorization, x402 = null }: MppSellerOptions = {},
): Promise<MppSeller> {
  const facilitator = await startFacilitator(chain);
  const payTo = chain.devAccount(PAYEE_ACCOUNT).address;
  const method = chargeInUsdc(chain, facilitator.url, payTo);
  const requiresAuth = authorization === 'taken';
  const seller = Mppx.create({
    // By itself mppx's method evm asks for the other header and reads Authorization all the same.
    methods: [requiresAuth ? { ...method, transport: Transport.http({ requiresAuth }) } : method],
    realm: 'seller.example',
    secretKey: SECRET,
    requiresAuth,
  });
  const ask = seller.charge({ amount: PRICE_USD });
  const handle = Mppx.toNodeListener(async (request) => {
    const result = await ask(request);
    if (result.status !== 402 || x402 === 'same') return result;
    if (x402 === null) result.challenge.headers.delete('payment-required');
    else result.challenge.headers.set('payment-required', x402);
    return result;
  });
  const serve = async (...[request, response]: Parameters<typeof handle>): Promise<void> => {
    const { status } = await handle(request, response);
    if (status !== 402) response.end('{"report":true}');
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.writeHead(500).end());
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}/report`,
    payTo,
    price: PRICE,
    close: async () => {
      await close(server);
      await facilitator.close();
    },
  };
}
