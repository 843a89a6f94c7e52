/** A CAIP-2 chain id of an EVM chain, such as `eip155:84532`. */
export type NetworkId = `eip155:${number}`;

/**
 * A token that Bursar signs for. Address, decimals and EIP-712 domain are pinned here and never taken from a seller.
 * @see https://eips.ethereum.org/EIPS/eip-712 for the domain, https://eips.ethereum.org/EIPS/eip-3009 for the transfer
 */
export interface Asset {
  readonly symbol: string;
  readonly address: `0x${string}`;
  readonly decimals: number;
  readonly domainName: string;
  readonly domainVersion: string;
}

/** A chain with its names on the wire. */
export interface Network {
  readonly id: NetworkId;
  readonly chainId: number;
  /** The name that x402 version 1 uses. */
  readonly x402Name: string;
  /** AgentCore's `chain` of a balance request; `null` where AgentCore has none. */
  readonly chain: string | null;
  readonly testnet: boolean;
  readonly usdc: Asset;
}

function usdc(address: `0x${string}`, domainName: string): Asset {
  return { symbol: 'USDC', address, decimals: 6, domainName, domainVersion: '2' };
}

// Circle's published contracts. The EIP-712 name differs by chain ("USD Coin" or "USDC"), so it is pinned per chain; the tests hold
// it to the domain separators that the contracts answer, where one was read.
// https://developers.circle.com/stablecoins/usdc-contract-addresses
export const NETWORKS: readonly Network[] = [
  {
    id: 'eip155:8453',
    chainId: 8453,
    x402Name: 'base',
    chain: 'BASE',
    testnet: false,
    usdc: usdc('0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', 'USD Coin'),
  },
  {
    id: 'eip155:84532',
    chainId: 84532,
    x402Name: 'base-sepolia',
    chain: 'BASE_SEPOLIA',
    testnet: true,
    usdc: usdc('0x036CbD53842c5426634e7929541eC2318f3dCF7e', 'USDC'),
  },
  {
    id: 'eip155:1',
    chainId: 1,
    x402Name: 'ethereum',
    chain: 'ETHEREUM',
    testnet: false,
    usdc: usdc('0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', 'USD Coin'),
  },
  {
    id: 'eip155:11155111',
    chainId: 11155111,
    x402Name: 'sepolia',
    chain: null,
    testnet: true,
    usdc: usdc('0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238', 'USDC'),
  },
  {
    id: 'eip155:42161',
    chainId: 42161,
    x402Name: 'arbitrum',
    chain: null,
    testnet: false,
    usdc: usdc('0xaf88d065e77c8cC2239327C5EDb3A432268e5831', 'USD Coin'),
  },
  {
    id: 'eip155:421614',
    chainId: 421614,
    x402Name: 'arbitrum-sepolia',
    chain: null,
    testnet: true,
    usdc: usdc('0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d', 'USD Coin'),
  },
  {
    id: 'eip155:10',
    chainId: 10,
    x402Name: 'optimism',
    chain: null,
    testnet: false,
    usdc: usdc('0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85', 'USD Coin'),
  },
  {
    id: 'eip155:11155420',
    chainId: 11155420,
    x402Name: 'optimism-sepolia',
    chain: null,
    testnet: true,
    usdc: usdc('0x5fd84259d66Cd46123540766Be93DFE6D43130D7', 'USDC'),
  },
  {
    id: 'eip155:43114',
    chainId: 43114,
    x402Name: 'avalanche',
    chain: null,
    testnet: false,
    usdc: usdc('0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E', 'USD Coin'),
  },
  {
    id: 'eip155:43113',
    chainId: 43113,
    x402Name: 'avalanche-fuji',
    chain: null,
    testnet: true,
    usdc: usdc('0x5425890298aed601595a70AB815c96711a31Bc65', 'USD Coin'),
  },
  {
    id: 'eip155:137',
    chainId: 137,
    x402Name: 'polygon',
    chain: null,
    testnet: false,
    usdc: usdc('0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359', 'USD Coin'),
  },
  {
    id: 'eip155:80002',
    chainId: 80002,
    x402Name: 'polygon-amoy',
    chain: null,
    testnet: true,
    usdc: usdc('0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582', 'USDC'),
  },
  {
    id: 'eip155:480',
    chainId: 480,
    x402Name: 'world',
    chain: null,
    testnet: false,
    usdc: usdc('0x79A02482A880bCE3F13e09Da970dC34db4CD24d1', 'USDC'),
  },
  {
    id: 'eip155:4801',
    chainId: 4801,
    x402Name: 'world-sepolia',
    chain: null,
    testnet: true,
    usdc: usdc('0x66145f38cBAC35Ca6F1Dfb4914dF98F1614aeA88', 'USDC'),
  },
];

const byName = new Map<string, Network>(
  NETWORKS.flatMap((network) => [[network.id, network] as const, [network.x402Name, network] as const]),
);
// Marked, so that a program that names no chain carries neither of these.
const byChain = /* @__PURE__ */ new Map<string, Network>(
  /* @__PURE__ */ NETWORKS.flatMap((network) => (network.chain === null ? [] : [[network.chain, network] as const])),
);

/** Finds a network by CAIP-2 id or x402 version 1 name; `undefined` for one that Bursar does not know. */
export function findNetwork(name: string): Network | undefined {
  return byName.get(name);
}

/** Finds a network by AgentCore's `chain` name, such as `BASE_SEPOLIA`. */
export function findNetworkByChain(chain: string): Network | undefined {
  return byChain.get(chain);
}

export const KNOWN_CHAINS: readonly string[] = /* @__PURE__ */ Array.from(/* @__PURE__ */ byChain.keys());
