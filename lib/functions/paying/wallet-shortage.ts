import { createChainReaders } from '../../chains/evm/reader.ts';
import { RPC_URLS, parseRpcUrls } from '../../choices/rpc-urls.ts';
import { BALANCE_CHECK_MAX_MS, BALANCE_CHECK_RPC_TIMEOUT_MS } from '../../domain/chain-limits.ts';
import { findShortage, type ShortageDeps } from '../../service/balances/shortage.ts';
import type { ShortageOf } from '../../service/paying/payer-check.ts';
import { chainAccess } from '../runtime/chain-endpoints.ts';

/**
 * Asks the chains what wallets hold. Loaded with the first payment of a session that has it looked at. Throws where the endpoints are not
 * configured, and quotes none of them.
 */
export function createShortageCheck(
  env: Readonly<Record<string, string | undefined>>,
  ledger: ShortageDeps['ledger'],
): ShortageOf {
  const urls = parseRpcUrls(env['RPC_URLS'] ?? '');
  if (urls === null) throw new Error(`the function is not configured: RPC_URLS must be ${RPC_URLS.expected()}`);
  const limits = { timeoutMs: BALANCE_CHECK_RPC_TIMEOUT_MS, totalMs: BALANCE_CHECK_MAX_MS };
  const deps = { chains: createChainReaders(urls, { ...chainAccess, ...limits }), ledger };
  return (payment, { session, payer: { address: owner } }) => findShortage(deps, { payment, owner, session });
}
