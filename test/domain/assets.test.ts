import { findDefaultAsset } from '@x402/evm';
import { expect, test } from 'vitest';
import { domainSeparator } from '../../lib/chains/evm/eip3009.ts';
import { parseAddress } from '../../lib/chains/evm/address.ts';
import { NETWORKS, findNetwork } from '../../lib/domain/assets.ts';
import { EURC } from '../../lib/domain/tokens/eurc.ts';
import { eurc as published } from 'viem/tokens';
import { formatDigest } from '../support/x402.ts';

/** `DOMAIN_SEPARATOR()` of Circle's contracts, as read from the chains and published; a wrong name would sign for nobody. */
const SEPARATORS: Readonly<Record<string, string>> = {
  'eip155:8453': '0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f',
  'eip155:84532': '0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818',
  'eip155:1': '0x06c37168a7db5138defc7866392bb87a741f9b3d104deb5094588ce041cae335',
  'eip155:42161': '0x08d11903f8419e68b1b8721bcbe2e9fc68569122a77ef18c216f10b3b5112c78',
  'eip155:10': '0x26d9c34bb1a1c312f69c53b2d93b8be20faafba63af2438c6811713c9b1f933f',
  'eip155:43114': '0xbbea200329a938bc3438984a49cb0732e66d66d7bd59c127abacc1710e77f7b3',
  'eip155:137': '0xcaa2ce1a5703ccbe253a34eb3166df60a705c561b44b192061e28f2a985be2ca',
  'eip155:80002': '0x5cddc98319864e897e4469bd1d13c2288c677047b54b8cca12bd342adb6be9eb',
  'eip155:480': '0x936533d5f85622a8261854e20bb87f4e849dde486f429bc1fb66202b7cde09ec',
};

test.each(Object.entries(SEPARATORS))(
  'the USDC of %s has the domain separator that its contract answers',
  (id, separator) => {
    expect(formatDigest(domainSeparator(findNetwork(id)!.id))).toBe(separator);
  },
);

const official = NETWORKS.map(
  (network) => [network.id, network, findDefaultAsset(network.usdc.address, network.id)] as const,
).filter(([, , asset]) => asset !== undefined);

test.each(official)('the USDC of %s is the one that the official client knows', (_id, { usdc }, asset) => {
  expect(asset).toMatchObject({ name: usdc.domainName, version: usdc.domainVersion, decimals: usdc.decimals });
});

test('the official client knows most of the networks', () => {
  expect(official.length).toBeGreaterThanOrEqual(7);
});

test('every network has names of its own, and a token whose checksum is right', () => {
  const names = NETWORKS.flatMap(({ id, x402Name }) => [id, x402Name]);
  expect(new Set(names).size).toBe(names.length);
  for (const { id, chainId, usdc } of NETWORKS) {
    expect(id).toBe(`eip155:${chainId}`);
    expect(parseAddress(usdc.address)).toBe(usdc.address);
  }
});

test('every mainnet has its usual testnet', () => {
  const testnets = NETWORKS.filter(({ testnet }) => testnet);
  expect(testnets).toHaveLength(NETWORKS.length - testnets.length);
});

/** As they were read from the chains and published, where they were. */
test('the EURC of Ethereum has the domain separator that its contract answers', () => {
  const token = { ...EURC.get('eip155:1')!, rate: null };
  expect(formatDigest(domainSeparator('eip155:1', token))).toBe(
    '0x99f188f447f0c6eaf68589359cd2ead8c2faaaaee984ab926fdb734d0040073b',
  );
});

test.each([...EURC])('the EURC of %s is at the address that is published', (id, token) => {
  const address = published.addresses[findNetwork(id)!.chainId as keyof typeof published.addresses];
  expect(token.address).toBe(address);
  expect(parseAddress(token.address)).toBe(token.address);
  expect(token).toMatchObject({ symbol: published.symbol, decimals: published.decimals, domainVersion: '2' });
});

test('EURC is on Base, Ethereum and Avalanche, and on their testnets', () => {
  const networks = [...EURC.keys()].map((id) => findNetwork(id)!);
  expect(networks.map(({ x402Name }) => x402Name)).toEqual([
    'base',
    'base-sepolia',
    'ethereum',
    'sepolia',
    'avalanche',
    'avalanche-fuji',
  ]);
});
