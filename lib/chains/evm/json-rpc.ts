import { BaseError, createClient, http } from 'viem';
import { CHAIN_RPC_TIMEOUT_MS } from '../../domain/limits.ts';
import type { JsonRpc } from './authorization-state.ts';

/** Asks an endpoint one thing at a time. What it throws names no URL, which often holds a key. */
export function createChainRpc(networkId: string, url: string): JsonRpc {
  const client = createClient({ transport: http(url, { timeout: CHAIN_RPC_TIMEOUT_MS, retryCount: 1 }) });
  return async (method, params) => {
    const result = await client.request({ method, params } as never).catch((error: unknown) => {
      const what = error instanceof BaseError ? error.shortMessage : 'no usable answer';
      throw new Error(`asking ${networkId} for ${method} failed: ${what}`);
    });
    if (result === undefined || result === null) throw new Error(`${networkId} did not answer ${method}`);
    return result;
  };
}
