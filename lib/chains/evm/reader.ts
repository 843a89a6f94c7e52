import { BaseError, createClient, erc20Abi, http } from 'viem';
// The one action that is needed: a whole public client would double the function.
import { readContract } from 'viem/actions';
import { CHAIN_RPC_TIMEOUT_MS } from '../../domain/limits.ts';
import type { ChainReader } from '../../domain/ports/services.ts';

/** One reader per configured network, by CAIP-2 id. None of them connects before it is asked. */
export function createChainReaders(rpcUrls: Readonly<Record<string, string>>): ReadonlyMap<string, ChainReader> {
  return new Map(Object.entries(rpcUrls).map(([id, url]) => [id, createChainReader(id, url)]));
}

function createChainReader(networkId: string, url: string): ChainReader {
  const client = createClient({ transport: http(url, { timeout: CHAIN_RPC_TIMEOUT_MS, retryCount: 1 }) });
  const named = async <T>(reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      throw toChainError(networkId, error);
    }
  };
  return {
    balanceOf: (token, owner) =>
      named(readContract(client, { address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] })),
    allowanceOf: (token, owner, spender) =>
      named(readContract(client, { address: token, abi: erc20Abi, functionName: 'allowance', args: [owner, spender] })),
    isAuthorizationUsed: (token, owner, nonce) =>
      named(
        readContract(client, {
          address: token,
          abi: AUTHORIZATIONS,
          functionName: 'authorizationState',
          args: [owner, nonce],
        }),
      ),
  };
}

// https://eips.ethereum.org/EIPS/eip-3009
const AUTHORIZATIONS = [
  {
    type: 'function',
    name: 'authorizationState',
    stateMutability: 'view',
    inputs: [
      { name: 'authorizer', type: 'address' },
      { name: 'nonce', type: 'bytes32' },
    ],
    outputs: [{ name: '', type: 'bool' }],
  },
] as const;

/** Without `cause`: the library's messages quote the endpoint's URL, and that often holds the key to it. */
function toChainError(networkId: string, error: unknown): Error {
  const what = error instanceof BaseError ? error.shortMessage : 'no usable answer';
  return new Error(`reading ${networkId} failed: ${what}`);
}
