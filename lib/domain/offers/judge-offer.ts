import type { BaseUnits, MicroUsd } from '../money.ts';
import { formatUsd } from '../money.ts';
import type { Freeze } from '../payment/freeze.ts';
import type { Session } from '../payment/session.ts';
import type { Offer } from '../payment/shapes.ts';
import { validityWindow } from '../payment/validity.ts';
import type { EvmInstrument } from '../tenants/resources.ts';
import type { PolicyRefusal } from '../policy/refusal.ts';
import type { EpochMs, EpochSeconds } from '../time.ts';
import type { OfferFlaw, SellerOffer, Verdict } from './verdict.ts';

/** What a caller says of the request that met a 402. Its own word: nothing here is verified. */
export interface DeclaredRequest {
  readonly method: string;
  readonly url: string;
  readonly tool: string | null;
  readonly intent: string | null;
  /** SHA-256 of the request's body, 64 hexadecimal digits. */
  readonly bodyHash: string | null;
}

/** What an offer is judged by. */
export interface OfferFacts {
  readonly now: EpochMs;
  readonly request: DeclaredRequest;
  /** CAIP-2 ids on which the deployment pays. */
  readonly allowedNetworks: ReadonlySet<string>;
  /** Of those, what the caller lets pass; `null`: all. */
  readonly networks: ReadonlySet<string> | null;
  /** Addresses that the deployment lets decide how much of a ceiling is taken. */
  readonly facilitators: ReadonlySet<string>;
  /** The most that the caller lets an offer cost; `null`: no bound of its own. */
  readonly maxPrice: MicroUsd | null;
  readonly validityCapSeconds: number;
  readonly session: Pick<Session, 'expiresAt' | 'budget'>;
  readonly instrument: Pick<EvmInstrument, 'network'>;
  /** What the wallet holds of the offer's token, in its smallest unit; `null` where nobody has asked the chain or it is silent. */
  readonly balanceOf: (offer: Offer) => BaseUnits | null;
  /** Who or what is frozen of an offer; `null`: neither its payee nor its token. */
  readonly freezeOf: (offer: Offer) => Pick<Freeze, 'scope'> | null;
  /**
   * What the spend policy says of an offer whose authorization would end at `validBefore`, counters as they were read included.
   * `null`: nothing against it.
   */
  readonly policyOf: (
    priced: NonNullable<SellerOffer['priced']>,
    validBefore: EpochSeconds,
  ) => { readonly stage: 'rules' | 'counters'; readonly refusal: PolicyRefusal } | null;
  /**
   * How much of the offer's token the wallet lets the contract take by which the offer is paid; `null` where it is paid by none, or
   * nobody has asked the chain or it is silent.
   */
  readonly allowanceOf: (offer: Offer) => BaseUnits | null;
}

/** The CAIP-2 namespace of the networks that a wallet's keys sign for. */
const NAMESPACES: Readonly<Record<EvmInstrument['network'], string>> = { ETHEREUM: 'eip155:' };

/**
 * Whether an offer may be paid, as far as the facts tell: the one place where offers are judged before one is chosen. It reserves
 * nothing, so that a payment can still be refused by the books. The session's own limits come last: an offer that is refused for them
 * would be paid if the money were there.
 */
export function judgeOffer(seller: SellerOffer, facts: OfferFacts): Verdict {
  const { priced, flaw } = seller;
  if (flaw !== null) return { allowed: false, ...flaw };
  if (priced === null) return { allowed: false, code: 'invalid_payload', reason: 'it cannot be read' };
  const { offer, price } = priced;
  const window = windowOf(offer, facts);
  const said = 'validBefore' in window ? facts.policyOf(priced, window.validBefore) : null;
  const found =
    deploymentFlaw(offer, facts) ??
    freezeFlaw(offer, facts) ??
    networkFlaw(offer, facts) ??
    priceFlaw(price, facts) ??
    ('validBefore' in window ? null : window) ??
    policyFlaw(said, 'rules') ??
    balanceFlaw(offer, facts) ??
    allowanceFlaw(offer, facts) ??
    budgetFlaw(price, facts) ??
    policyFlaw(said, 'counters');
  return found === null ? { allowed: true, reason: 'it may be paid' } : { allowed: false, ...found };
}

/** What the deployment lets nobody pay. It may have changed since a payment was begun, so this is asked again when one is taken up. */
export function deploymentFlaw(
  { network, facilitator }: Pick<Offer, 'network' | 'facilitator'>,
  { allowedNetworks, facilitators }: Pick<OfferFacts, 'allowedNetworks' | 'facilitators'>,
): { readonly code: 'unsupported_network' | 'unsupported_facilitator'; readonly reason: string } | null {
  if (!allowedNetworks.has(network)) {
    const reason = `the deployment does not pay on ${network}, only on ${[...allowedNetworks].join(', ')}`;
    return { code: 'unsupported_network', reason };
  }
  if (facilitator === undefined || facilitators.has(facilitator)) return null;
  const reason = `the deployment lets nobody but its listed facilitators decide how much is taken, and ${facilitator} is none`;
  return { code: 'unsupported_facilitator', reason };
}

function freezeFlaw(offer: Offer, { freezeOf }: OfferFacts): OfferFlaw | null {
  const freeze = freezeOf(offer);
  if (freeze === null) return null;
  const what = freeze.scope === 'payee' ? `to ${offer.payTo}` : `in ${offer.asset} on ${offer.network}`;
  return { code: `frozen_${freeze.scope}`, reason: `payments ${what} are frozen` };
}

function networkFlaw({ network }: Offer, { networks, instrument }: OfferFacts): OfferFlaw | null {
  if (networks !== null && !networks.has(network)) {
    return { code: 'network_not_chosen', reason: `the caller does not pay on ${network}` };
  }
  return network.startsWith(NAMESPACES[instrument.network])
    ? null
    : {
        code: 'other_wallet_family',
        reason: `a wallet of the family ${instrument.network} signs nothing on ${network}`,
      };
}

function priceFlaw(price: MicroUsd, { maxPrice }: OfferFacts): OfferFlaw | null {
  if (maxPrice === null || price <= maxPrice) return null;
  const reason = `it costs USD ${formatUsd(price)}, more than the USD ${formatUsd(maxPrice)} that the caller lets it cost`;
  return { code: 'price_above_max', reason };
}

function windowOf(
  { maxTimeoutSeconds, expiresAt }: Offer,
  { now, validityCapSeconds: capSeconds, session: { expiresAt: sessionExpiresAt } }: OfferFacts,
): { readonly validBefore: EpochSeconds } | OfferFlaw {
  const window = validityWindow({ now, maxTimeoutSeconds, expiresAt, capSeconds, sessionExpiresAt });
  if (window.ok) return window.value;
  return window.error.reason === 'invalid_challenge'
    ? { code: window.error.code, reason: window.error.message }
    : { code: 'session_closing', reason: 'the session ends too soon for a payment to settle' };
}

function policyFlaw(said: ReturnType<OfferFacts['policyOf']>, stage: 'rules' | 'counters'): OfferFlaw | null {
  if (said?.stage !== stage) return null;
  return { code: stage === 'rules' ? 'policy_refused' : 'policy_exceeded', reason: said.refusal.message };
}

function balanceFlaw(offer: Offer, { balanceOf }: OfferFacts): OfferFlaw | null {
  const held = balanceOf(offer);
  if (held === null || held >= offer.amount) return null;
  const reason = `the wallet holds ${held} of the ${offer.amount} that it takes on ${offer.network}, in the token's smallest unit`;
  return { code: 'insufficient_funds', reason };
}

function allowanceFlaw(offer: Offer, { allowanceOf }: OfferFacts): OfferFlaw | null {
  const allowed = allowanceOf(offer);
  if (allowed === null || allowed >= offer.amount) return null;
  const reason = `the wallet has let the contract by which it is paid take ${allowed} of the ${offer.amount} that it takes on ${offer.network}, in the token's smallest unit: approve that contract from the wallet first`;
  return { code: 'allowance_missing', reason };
}

function budgetFlaw(price: MicroUsd, { session: { budget } }: OfferFacts): OfferFlaw | null {
  if (budget.available === null || budget.available >= price) return null;
  const reason = `it costs USD ${formatUsd(price)}, and the session has USD ${formatUsd(budget.available)} left`;
  return { code: 'budget_exceeded', reason };
}
