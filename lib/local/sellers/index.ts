import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddleware } from '@x402/express';
import express from 'express';
import type { Address } from 'viem';
import { paymentMiddleware as paymentMiddlewareV1 } from 'x402-express';
import type { LocalChain } from '../chain/index.ts';
import { listen, type LocalFacilitator } from './facilitator.ts';
import { GOODS } from './goods.ts';

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

// Anvil's accounts from here on belong to the sellers, one each.
const FIRST_SELLER_ACCOUNT = 2;

/** Sellers made of the official x402 packages: each asks for its price by 402 and delivers once the facilitator has settled. */
export async function startSellers(chain: LocalChain, facilitator: LocalFacilitator): Promise<LocalSellers> {
  const app = express();
  const priced = GOODS.map((goods, index) => ({
    ...goods,
    payTo: chain.devAccount(FIRST_SELLER_ACCOUNT + index).address,
  }));
  const resourceServer = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitator.url })).register(
    `eip155:${chain.chainId}`,
    new ExactEvmScheme(),
  );
  const accepted = priced.filter(({ protocolVersion }) => protocolVersion === 2);
  const routes = Object.fromEntries(
    accepted.map(({ name, priceUsd, payTo, description }) => [
      `GET /${name}`,
      {
        accepts: [{ scheme: 'exact', price: `$${priceUsd}`, network: `eip155:${chain.chainId}` as const, payTo }],
        description,
        mimeType: 'application/json',
      },
    ]),
  );
  app.use(paymentMiddleware(routes, resourceServer));
  for (const { name, priceUsd, payTo, description } of priced.filter(({ protocolVersion }) => protocolVersion === 1)) {
    const route = { price: `$${priceUsd}`, network: 'base-sepolia' as const, config: { description } };
    app.use(
      paymentMiddlewareV1(payTo, { [`GET /${name}`]: route }, { url: facilitator.url as `${string}://${string}` }),
    );
  }
  for (const { name, content } of priced) {
    app.get(`/${name}`, (_request, response) => {
      response.json(content);
    });
  }
  const { url, close } = await listen(app, 0);
  const sellers = priced.map(({ name, priceUsd, protocolVersion, payTo }) => ({
    name,
    url: `${url}/${name}`,
    price: priceUsd,
    protocolVersion,
    payTo,
  }));
  return { sellers, close };
}
