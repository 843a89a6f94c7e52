import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { UptoEvmScheme } from '@x402/evm/upto/server';
import { paymentMiddlewareFromHTTPServer, setSettlementOverrides } from '@x402/express';
import express from 'express';
import { parseUnits, type Address } from 'viem';
import { paymentMiddleware as paymentMiddlewareV1 } from 'x402-express';
import type { LocalChain } from '../chain/index.ts';
import { LOCAL_TOKENS } from '../chain/tokens.ts';
import { serve, type ListenOptions, type LocalFacilitator } from './facilitator.ts';
import { chargeByMpp } from './mpp.ts';
import { GOODS, USED_USD, type Goods, type PaidBy } from './goods.ts';

/** One paid endpoint. */
export interface Seller {
  readonly name: string;
  readonly url: string;
  /** Dollars, such as `0.50`. */
  readonly price: string;
  readonly protocolVersion: 1 | 2;
  readonly paidBy: PaidBy;
  readonly payTo: Address;
}

export interface LocalSellers {
  readonly sellers: readonly Seller[];
  close(): Promise<void>;
}

// Anvil's published accounts from here on belong to the sellers, one each, but for that of withdrawals: for local use only.
const FIRST_SELLER_ACCOUNT = 2;
const WITHDRAWAL_ACCOUNT = 9;
const USDC_DECIMALS = 6;

function accountOf(index: number): number {
  const account = FIRST_SELLER_ACCOUNT + index;
  return account < WITHDRAWAL_ACCOUNT ? account : account + 1;
}

/**
 * Sellers made of the official packages of x402 and MPP: each asks for its price by 402 and delivers once the facilitator has settled.
 * All share one port of loopback; each is paid at an address of its own.
 *
 * @throws Error where the port is taken or the facilitator does not answer
 */
export async function startSellers(
  chain: LocalChain,
  facilitator: LocalFacilitator,
  { port = 0 }: ListenOptions = {},
): Promise<LocalSellers> {
  const priced = GOODS.map((goods, index) => ({
    ...goods,
    payTo: chain.devAccount(accountOf(index)).address,
  }));
  const app = express();
  // Free, for buyers that look first whether anybody is there.
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.use(await sellInVersion2(priced, chain, facilitator));
  for (const each of priced) {
    if (each.paidBy === 'mpp') app.get(`/${each.name}`, chargeByMpp(chain, facilitator, each));
    else if (each.protocolVersion === 1) app.use(sellInVersion1(each, facilitator));
  }
  for (const { name, content, paidBy } of priced) {
    app.get(`/${name}`, (_request, response) => {
      if (paidBy === 'upto') setSettlementOverrides(response, { amount: `$${USED_USD}` });
      response.json(content);
    });
  }
  const { url, close } = await serve(app, port);
  const sellers = priced.map(({ name, priceUsd, protocolVersion, paidBy, payTo }) => ({
    name,
    url: `${url}/${name}`,
    price: priceUsd,
    protocolVersion,
    paidBy,
    payTo,
  }));
  return { sellers, close };
}

type Priced = Goods & { readonly payTo: Address };

async function sellInVersion2(
  priced: readonly Priced[],
  { chainId, usdc }: LocalChain,
  { url }: LocalFacilitator,
): Promise<express.RequestHandler> {
  const network = `eip155:${chainId}` as const;
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url }))
    .register(network, new ExactEvmScheme())
    .register(network, new UptoEvmScheme());
  const routes = priced
    .filter(({ protocolVersion }) => protocolVersion === 2)
    .map((goods) => {
      const { name, paidBy, payTo, description } = goods;
      const scheme = paidBy === 'upto' ? 'upto' : 'exact';
      const accepts = [{ scheme, price: priceOf(goods, usdc), network, payTo }];
      return [`GET /${name}`, { accepts, description, mimeType: 'application/json' }];
    });
  const sale = new x402HTTPResourceServer(server, Object.fromEntries(routes));
  // Here rather than by the middleware, in the background: who has started sellers can buy from them.
  await sale.initialize();
  return paymentMiddlewareFromHTTPServer(sale, undefined, undefined, false);
}

/** In the words of the package: dollars, where its default is meant. */
function priceOf({ priceUsd, paidBy, token }: Goods, usdc: Address) {
  if (token !== undefined) return inToken(token);
  return paidBy === 'permit2' ? byPermit2(priceUsd, usdc) : `$${priceUsd}`;
}

function inToken({ symbol, amount }: NonNullable<Goods['token']>) {
  const { address: asset, decimals, name, version } = LOCAL_TOKENS[symbol];
  return { amount: `${parseUnits(amount, decimals)}`, asset, extra: { name, version } };
}

function byPermit2(priceUsd: string, asset: Address) {
  const amount = `${parseUnits(priceUsd, USDC_DECIMALS)}`;
  return { amount, asset, extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } };
}

function sellInVersion1({ name, priceUsd, payTo, description }: Priced, { url }: LocalFacilitator) {
  const route = {
    price: `$${priceUsd}`,
    network: 'base-sepolia' as const,
    config: { description, mimeType: 'application/json' },
  };
  return paymentMiddlewareV1(payTo, { [`GET /${name}`]: route }, { url: url as `${string}://${string}` });
}
