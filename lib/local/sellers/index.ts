import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddlewareFromHTTPServer } from '@x402/express';
import express from 'express';
import type { Address } from 'viem';
import { paymentMiddleware as paymentMiddlewareV1 } from 'x402-express';
import type { LocalChain } from '../chain/index.ts';
import { serve, type ListenOptions, type LocalFacilitator } from './facilitator.ts';
import { GOODS, type Goods } from './goods.ts';

/** One paid endpoint. */
export interface Seller {
  readonly name: string;
  readonly url: string;
  /** Dollars, such as `0.50`. */
  readonly price: string;
  readonly protocolVersion: 1 | 2;
  readonly payTo: Address;
}

export interface LocalSellers {
  readonly sellers: readonly Seller[];
  close(): Promise<void>;
}

// Anvil's published accounts from here on belong to the sellers, one each: for local use only.
const FIRST_SELLER_ACCOUNT = 2;

/**
 * Sellers made of the official x402 packages: each asks for its price by 402 and delivers once the facilitator has settled.
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
    payTo: chain.devAccount(FIRST_SELLER_ACCOUNT + index).address,
  }));
  const app = express();
  app.use(await sellInVersion2(priced, chain, facilitator));
  for (const each of priced) if (each.protocolVersion === 1) app.use(sellInVersion1(each, facilitator));
  for (const { name, content } of priced) {
    app.get(`/${name}`, (_request, response) => {
      response.json(content);
    });
  }
  const { url, close } = await serve(app, port);
  const sellers = priced.map(({ name, priceUsd, protocolVersion, payTo }) => ({
    name,
    url: `${url}/${name}`,
    price: priceUsd,
    protocolVersion,
    payTo,
  }));
  return { sellers, close };
}

type Priced = Goods & { readonly payTo: Address };

async function sellInVersion2(
  priced: readonly Priced[],
  { chainId }: LocalChain,
  { url }: LocalFacilitator,
): Promise<express.RequestHandler> {
  const network = `eip155:${chainId}` as const;
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url })).register(network, new ExactEvmScheme());
  const routes = priced
    .filter(({ protocolVersion }) => protocolVersion === 2)
    .map(({ name, priceUsd, payTo, description }) => {
      const accepts = [{ scheme: 'exact', price: `$${priceUsd}`, network, payTo }];
      return [`GET /${name}`, { accepts, description, mimeType: 'application/json' }];
    });
  const sale = new x402HTTPResourceServer(server, Object.fromEntries(routes));
  // Here rather than by the middleware, in the background: who has started sellers can buy from them.
  await sale.initialize();
  return paymentMiddlewareFromHTTPServer(sale, undefined, undefined, false);
}

function sellInVersion1({ name, priceUsd, payTo, description }: Priced, { url }: LocalFacilitator) {
  const route = {
    price: `$${priceUsd}`,
    network: 'base-sepolia' as const,
    config: { description, mimeType: 'application/json' },
  };
  return paymentMiddlewareV1(payTo, { [`GET /${name}`]: route }, { url: url as `${string}://${string}` });
}
