import { createPublicClient, erc20Abi, http } from 'viem';
import { CHAIN_RPC_TIMEOUT_MS } from '../domain/limits.ts';
import type { ChainReader } from '../domain/ports.ts';

/** One reader per configured network. None of them connects before it is asked. */
export function createChainReaders(rpcUrls: Readonly<Record<string, string>>): ReadonlyMap<string, ChainReader> {
  return new Map(Object.entries(rpcUrls).map(([id, url]) => [id, createChainReader(url)]));
}

function createChainReader(url: string): ChainReader {
  const client = createPublicClient({ transport: http(url, { timeout: CHAIN_RPC_TIMEOUT_MS, retryCount: 1 }) });
  return {
    balanceOf: (token, owner) =>
      client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
  };
}
