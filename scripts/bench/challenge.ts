import { NETWORKS, type Network } from '../../lib/domain/assets.ts';

/** Base: the network that the peers know by themselves. */
export const BASE: Network = NETWORKS.find(({ id }) => id === 'eip155:8453')!;
export const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const SELLER_URL = 'https://seller.example/weather?city=Oslo';

/** One entry of a seller's `accepts`, in the spelling of x402 version 2. */
export function requirementOf(network: Network, amount: string, payTo: string) {
  return {
    scheme: 'exact',
    network: network.id,
    amount,
    asset: network.usdc.address,
    payTo,
    maxTimeoutSeconds: 60,
    extra: { name: network.usdc.domainName, version: network.usdc.domainVersion },
  };
}

/** The 402 that every contender answers. */
export const CHALLENGE_V2 = {
  x402Version: 2,
  error: 'payment required',
  resource: { url: SELLER_URL, description: 'The weather', mimeType: 'application/json' },
  accepts: [requirementOf(BASE, '20000', PAY_TO)],
};

/** The same offer in version 1, for the peers that speak nothing else. */
export const REQUIREMENT_V1 = {
  scheme: 'exact',
  network: 'base',
  maxAmountRequired: '20000',
  resource: SELLER_URL,
  description: 'The weather',
  mimeType: 'application/json',
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  asset: BASE.usdc.address,
  extra: { name: BASE.usdc.domainName, version: BASE.usdc.domainVersion },
} as const;
