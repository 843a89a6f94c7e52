import type { NetworkId } from '../assets.ts';
import type { Token } from './token.ts';

type Pinned = Omit<Token, 'rate'>;

function eurc(address: `0x${string}`, domainName: string): Pinned {
  return { symbol: 'EURC', address, decimals: 6, domainName, domainVersion: '2' };
}

/**
 * Circle's EURC, which has EIP-3009 as USDC has. Its EIP-712 name differs by chain too: the older contracts are "Euro Coin".
 * @see https://developers.circle.com/stablecoins/eurc-contract-addresses
 */
export const EURC: ReadonlyMap<NetworkId, Pinned> = new Map([
  ['eip155:8453', eurc('0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42', 'EURC')],
  ['eip155:84532', eurc('0x808456652fdb597867f38412077A9182bf77359F', 'EURC')],
  ['eip155:1', eurc('0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c', 'Euro Coin')],
  ['eip155:11155111', eurc('0x08210F9170F89Ab7658F0B5E3fF39b0E03C594D4', 'EURC')],
  ['eip155:43114', eurc('0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD', 'Euro Coin')],
  ['eip155:43113', eurc('0x5E44db7996c682E92a960b65AC713a54AD815c6B', 'Euro Coin')],
]);
