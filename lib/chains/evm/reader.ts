import type { NetworkId } from '../../domain/assets.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { ChainReader } from '../../domain/ports/chains.ts';
import { EndpointFailure } from '../rpc/call.ts';
import type { Endpoints, EndpointsDeps } from '../rpc/endpoints.ts';
import { readWord } from './contract-word.ts';
import { readDataFee } from './data-fee.ts';
import { createEvmEndpoints } from './endpoints.ts';

/** `balanceOf(address)` */
const BALANCE_OF = '0x70a08231';
/** `allowance(address,address)` */
const ALLOWANCE = '0xdd62ed3e';
/** `authorizationState(address,bytes32)` @see https://eips.ethereum.org/EIPS/eip-3009 */
const AUTHORIZATION_STATE = '0xe94a0102';
const QUANTITY = /^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/;

/** Of what a transfer costs now: fees rise until it is in a block, and a contract takes more gas than an account. */
const COST_MARGIN = 3n;

/** One reader per configured network, by CAIP-2 id. None of them connects before it is asked. */
export function createChainReaders(
  rpcUrls: Readonly<Record<string, readonly string[]>>,
  deps: EndpointsDeps,
): ReadonlyMap<string, ChainReader> {
  return new Map(
    Object.entries(rpcUrls).map(([id, urls]) => [
      id,
      createChainReader(id as NetworkId, createEvmEndpoints(id as NetworkId, urls, deps)),
    ]),
  );
}

function createChainReader(networkId: NetworkId, endpoints: Endpoints): ChainReader {
  const view = (to: Hex, selector: string, ...words: readonly Hex[]): Promise<bigint> =>
    endpoints.use((ask) => readWord(ask, to, selector, ...words.map(BigInt)));
  return {
    balanceOf: (token, owner) => view(token, BALANCE_OF, owner),
    allowanceOf: (token, owner, spender) => view(token, ALLOWANCE, owner, spender),
    isAuthorizationUsed: async (token, owner, nonce) => (await view(token, AUTHORIZATION_STATE, owner, nonce)) !== 0n,
    readCoin: (owner) =>
      endpoints.use(async (ask) => {
        const [balance, gas, price, dataFee] = await Promise.all([
          ask('eth_getBalance', [owner, 'latest']).then(toQuantity),
          ask('eth_estimateGas', [{ from: owner, to: owner }]).then(toQuantity),
          ask('eth_gasPrice', []).then(toQuantity),
          readDataFee(ask, networkId),
        ]);
        return { balance, fee: (gas * price + dataFee) * COST_MARGIN };
      }),
  };
}

function toQuantity(answer: unknown): bigint {
  if (typeof answer !== 'string' || !QUANTITY.test(answer)) throw new EndpointFailure('garbage');
  return BigInt(answer);
}
