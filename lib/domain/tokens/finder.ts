import type { NetworkId } from '../assets.ts';
import type { BaseUnits } from '../money.ts';
import type { Token } from './token.ts';

/** Why an offer in a token that is known is not paid. Published as `bursar:CODE` and never renamed. */
export interface TokenFlaw {
  readonly code: 'asset_without_rate' | 'asset_rate_stale' | 'amount_too_large';
  /** A sentence without its full stop. */
  readonly message: string;
}

/**
 * A token of a network that is not its USDC, by its address in any case, with what keeps an amount of it from being paid now.
 * `undefined`: the deployment knows none.
 */
export type TokenFinder = (
  network: NetworkId,
  address: string,
  amount: BaseUnits,
) => { readonly token: Token; readonly flaw: TokenFlaw | null } | undefined;
