import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { formatPaymentId, type PaymentId } from '../../domain/ids.ts';
import { LEASE_MARGIN_MS } from '../../domain/limits.ts';
import type { Denial } from '../../domain/payment/denial.ts';
import type { Hex, Offer, Payment, SigningTerms } from '../../domain/payment/payment.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { usdValueOf } from '../../domain/tokens/token.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import type { Payer } from './payer.ts';
import { deriveUniqueness } from './uniqueness.ts';

/** A request after parsing: everything about the payment that needs no store. */
export interface Draft extends Pick<
  Payment,
  | 'id'
  | 'managerId'
  | 'userId'
  | 'sessionId'
  | 'instrumentId'
  | 'agentName'
  | 'resource'
  | 'requestHash'
  | 'offer'
  | 'amount'
  | 'owner'
  | 'leaseUntil'
> {
  /** When the caller's process may be stopped; no attempt outlives it. */
  readonly deadline: EpochMs;
}

/** What a request names; the rest of a draft is made here. */
type Named = Pick<
  Draft,
  | 'managerId'
  | 'userId'
  | 'sessionId'
  | 'instrumentId'
  | 'agentName'
  | 'resource'
  | 'requestHash'
  | 'offer'
  | 'deadline'
> & {
  /** Operation, manager, user and client token: the same scope is the same payment. */
  readonly scope: readonly string[];
};

/** Draws the owner, and derives the id from the scope. */
export function createDraft({ random }: { readonly random: Randomness }, { scope, ...named }: Named): Draft {
  const { asset, amount } = schemeOf(named.offer).ceiling(named.offer);
  return {
    ...named,
    amount: usdValueOf(amount, asset),
    id: toPaymentId(scope),
    owner: toHex(random.bytes(12)),
    leaseUntil: addMs(named.deadline, LEASE_MARGIN_MS),
  };
}

/** The id of the payment that a scope has, if it has one. */
export function toPaymentId(scope: readonly string[]): PaymentId {
  return formatPaymentId(createHash('sha256').update(JSON.stringify(scope)).digest());
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/**
 * Tells a retry from another request under one token: what is paid from what, by all that a signature covers. Who asks under
 * which name, and how the offer is described, may differ between retries.
 */
export function hashRequest(of: {
  readonly sessionId?: string;
  readonly instrumentId: string;
  readonly offer: Offer;
}): Hex {
  const { offer, ...payer } = of;
  const canonical = canonicalize({ ...payer, ...schemeOf(offer).covered(offer) });
  if (canonical === undefined) throw new Error('a request has no canonical form');
  return `0x${createHash('sha256').update(canonical).digest('hex')}`;
}

/** The payment that a draft becomes at its first attempt, with the terms that are signed. Writes nothing. */
export function newPayment(
  deps: { readonly clock: Clock; readonly validityCapSeconds: number },
  { deadline: _deadline, ...draft }: Draft,
  payer: Payer,
): Result<Payment, Refusal> {
  const now = deps.clock.now();
  const terms = freezeTerms(deps, draft, payer, now);
  if (!terms.ok) return terms;
  return ok({
    ...draft,
    terms: terms.value,
    attempt: 1,
    status: 'PENDING',
    createdAt: now,
    decidedAt: null,
    signatures: null,
    denial: null,
    budget: null,
  });
}

/** A payment that is decided before it is written: its record is its denial, and no attempt to pay it is ever made. */
export function deniedPayment(payment: Payment, denial: Denial): Payment {
  return { ...payment, status: 'DENIED', denial, decidedAt: payment.createdAt };
}

/** The terms of a payment's next attempt: what makes the authorization single stays, its validity begins now. */
export function freezeTerms(
  { validityCapSeconds: capSeconds }: { readonly validityCapSeconds: number },
  { id, offer }: Pick<Payment, 'id' | 'offer'>,
  { address: from, deploymentId, sessionExpiresAt }: Payer,
  now: EpochMs,
): Result<SigningTerms, Refusal> {
  const uniqueness = deriveUniqueness(deploymentId, id);
  return schemeOf(offer).freeze({ offer, from, uniqueness, now, capSeconds, sessionExpiresAt });
}
