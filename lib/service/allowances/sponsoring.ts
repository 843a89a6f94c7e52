import { findNetwork } from '../../domain/assets.ts';
import { LEDGER_AMOUNT_MAX, PAGE_SIZE_MAX } from '../../domain/limits.ts';
import type { Hex, Offer, Payment } from '../../domain/payment/payment.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import { ChainUnavailable, type PermitReader } from '../../domain/ports/chains.ts';
import type { SchemeOf } from '../../domain/ports/schemes.ts';
import type { Clock } from '../../domain/time.ts';
import type { AllowedPurchase } from './for-purchase.ts';

/** Proofs of a wallet whose fate the chain is asked for at once. */
const OPEN_PERMITS_MAX = 8;

export interface SponsoringDeps {
  readonly payments: Pick<PaymentLog, 'listPayments'>;
  readonly schemeOf: SchemeOf;
  /** Asks the chain of a network; `null`: there is no endpoint of it. */
  readonly readerOf: (network: string) => PermitReader | null;
  /** The longest that an authorization is good for. */
  readonly validityCapSeconds: number;
  readonly clock: Clock;
}

/**
 * The offer as it is paid where its seller pays for the approval of Permit2: with the nonce of a permit for exactly the amount, where
 * the chain shows that less is approved; as it is, where enough is. `null`: nobody may sign such a permit, or now is not the time, and
 * the purchase goes on as without. Reserves and signs nothing.
 *
 * One at a time for each wallet and token: a permit takes the place of what is approved, and of two with one nonce the token takes
 * one. So none is made while another proof of the wallet may still be settled.
 */
export async function sponsoredOffer(deps: SponsoringDeps, purchase: AllowedPurchase): Promise<Offer | null> {
  const { session, instrument, offer } = purchase;
  const scheme = deps.schemeOf(offer);
  const { wallet } = instrument;
  if (session.approvals === undefined || wallet === null || scheme.facts !== 'permit_nonce') return null;
  // Of other tokens nobody here knows whether they have such permits.
  if (offer.asset !== findNetwork(offer.network)?.usdc.address) return null;
  const reader = deps.readerOf(offer.network);
  if (reader === null) return null;
  const alive = await readAlive(deps, purchase, wallet.address);
  if (alive === null) return null;
  try {
    const { allowance, nonce, open } = await reader.readStanding(offer.asset, wallet.address, alive);
    if (open > 0 || nonce > LEDGER_AMOUNT_MAX) return null;
    return allowance >= offer.amount ? offer : { ...offer, permitNonce: nonce };
  } catch (error) {
    if (error instanceof ChainUnavailable) return null;
    throw error;
  }
}

/** The nonces of proofs of the wallet that have time left; `null`: more than the chain is asked for. */
async function readAlive(
  { payments, schemeOf, validityCapSeconds, clock }: SponsoringDeps,
  { instrument: { managerId, userId }, offer: { network, asset } }: AllowedPurchase,
  owner: Hex,
): Promise<readonly Hex[] | null> {
  const now = clock.now();
  const { items, nextToken } = await payments.listPayments({ managerId, userId }, { maxResults: PAGE_SIZE_MAX });
  const oldest = items.at(-1);
  const isWhole =
    nextToken === undefined || oldest === undefined || oldest.createdAt < now - validityCapSeconds * 1_000;
  const nonces = items.filter(isAlive).map(({ offer, terms }) => schemeOf(offer).show(terms)['nonce'] as Hex);
  return isWhole && nonces.length <= OPEN_PERMITS_MAX ? nonces : null;

  function isAlive({ status, offer, terms }: Payment): boolean {
    const isThere = offer.network === network && offer.asset === asset && terms.from === owner;
    const isPermit = status === 'SIGNED' && schemeOf(offer).approved !== null;
    return isThere && isPermit && terms.validBefore * 1_000 > now;
  }
}
