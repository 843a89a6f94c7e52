import type { NetworkId } from '../assets.ts';
import type { Token } from './token.ts';

/**
 * What a network's own coin has in the place of a contract.
 * @see https://eips.ethereum.org/EIPS/eip-7528
 */
const COIN_ADDRESS = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';

const ETHER = 'ETH';
/** Networks whose coin is not ether, by CAIP-2 id. */
const OTHERS: Readonly<Record<string, string>> = {
  'eip155:137': 'POL',
  'eip155:80002': 'POL',
  'eip155:43114': 'AVAX',
  'eip155:43113': 'AVAX',
};

/** No token may have one of them. */
export const COIN_SYMBOLS: ReadonlySet<string> = new Set([ETHER, ...Object.values(OTHERS)]);

/** A network's own coin, in which gas is paid. No budget is asked for it, so that it has no rate, and it has no contract. */
export function coinOf(network: NetworkId): Token {
  return {
    symbol: OTHERS[network] ?? ETHER,
    address: COIN_ADDRESS,
    decimals: 18,
    domainName: null,
    domainVersion: null,
    rate: null,
  };
}
