import type { EndpointsDeps } from '../../chains/rpc/endpoints.ts';
import { RPC_URLS, parseRpcUrls, type RpcUrls } from '../../choices/rpc-urls.ts';
import { PAYING_READ_MAX_MS, PAYING_RPC_TIMEOUT_MS } from '../../domain/chain-limits.ts';
import { chainAccess } from '../runtime/chain-endpoints.ts';

/** How payments ask chains, in less time than others have for it. */
export const payingAccess: EndpointsDeps = {
  ...chainAccess,
  timeoutMs: PAYING_RPC_TIMEOUT_MS,
  totalMs: PAYING_READ_MAX_MS,
};

/** The endpoints of the networks that are paid on. Throws where they are not configured, and quotes none of them. */
export function readPayingUrls(env: Readonly<Record<string, string | undefined>>): RpcUrls {
  const urls = parseRpcUrls(env['RPC_URLS'] ?? '');
  if (urls === null) throw new Error(`the function is not configured: RPC_URLS must be ${RPC_URLS.expected()}`);
  return urls;
}
