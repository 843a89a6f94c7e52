import { expect, test } from 'vitest';
import { KNOWN_CHAINS, NETWORKS, findNetwork, findNetworkByChain } from '../../lib/domain/assets.ts';

// Names on the wire, which sellers and clients have written down. The EIP-712 names of test networks are those of the contracts.

test.each([
  [8453, 'base', 'BASE', 'USD Coin'],
  [84532, 'base-sepolia', 'BASE_SEPOLIA', 'USDC'],
  [1, 'ethereum', 'ETHEREUM', 'USD Coin'],
  [11155111, 'sepolia', null, 'USDC'],
  [42161, 'arbitrum', null, 'USD Coin'],
  [421614, 'arbitrum-sepolia', null, 'USD Coin'],
  [10, 'optimism', null, 'USD Coin'],
  [11155420, 'optimism-sepolia', null, 'USDC'],
  [43114, 'avalanche', null, 'USD Coin'],
  [43113, 'avalanche-fuji', null, 'USD Coin'],
  [137, 'polygon', null, 'USD Coin'],
  [80002, 'polygon-amoy', null, 'USDC'],
  [480, 'world', null, 'USDC'],
  [4801, 'world-sepolia', null, 'USDC'],
])('chain %d is found by its name %s, in AgentCore %s', (chainId, x402Name, chain, domainName) => {
  const network = NETWORKS.find((each) => each.chainId === chainId);
  expect(network).toMatchObject({ id: `eip155:${chainId}`, x402Name, chain, usdc: { domainName, domainVersion: '2' } });
  expect([findNetwork(x402Name), findNetwork(`eip155:${chainId}`)]).toEqual([network, network]);
  expect(chain === null ? network : findNetworkByChain(chain)).toBe(network);
});

test('AgentCore knows three of them', () => {
  expect(KNOWN_CHAINS).toEqual(['BASE', 'BASE_SEPOLIA', 'ETHEREUM']);
});
