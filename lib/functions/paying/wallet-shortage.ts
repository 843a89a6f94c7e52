import { createChainReaders } from '../../chains/evm/reader.ts';
import { findShortage, type ShortageDeps } from '../../service/balances/shortage.ts';
import type { ShortageOf } from '../../service/paying/payer-check.ts';
import { payingAccess, readPayingUrls } from './chain-reads.ts';

/** Asks the chains what wallets hold. Loaded with the first payment of a session that has it looked at. */
export function createShortageCheck(
  env: Readonly<Record<string, string | undefined>>,
  ledger: ShortageDeps['ledger'],
): ShortageOf {
  const deps = { chains: createChainReaders(readPayingUrls(env), payingAccess), ledger };
  return (payment, { session, payer: { address: owner } }) => findShortage(deps, { payment, owner, session });
}
