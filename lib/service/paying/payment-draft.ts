import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { findNetwork } from '../../domain/assets.ts';
import { formatPaymentId } from '../../domain/ids.ts';
import { LEASE_MARGIN_MS } from '../../domain/limits.ts';
import { usdValueOfStablecoin } from '../../domain/money.ts';
import type { Hex, Payment } from '../../domain/payment/payment.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { validityWindow } from '../../domain/payment/validity.ts';
import type { SigningFacts } from './payer-facts.ts';

/** A request after parsing: everything about the payment that needs no store. */
export interface Draft extends Pick<
  Payment,
  | 'id'
  | 'managerId'
  | 'userId'
  | 'sessionId'
  | 'instrumentId'
  | 'agentName'
  | 'requestHash'
  | 'offer'
  | 'amount'
  | 'owner'
  | 'leaseUntil'
> {
  readonly nonce: Hex;
  /** When the caller's process may be stopped; no attempt outlives it. */
  readonly deadline: EpochMs;
}

/** What a request names; the rest of a draft is made here. */
type Named = Pick<
  Draft,
  'managerId' | 'userId' | 'sessionId' | 'instrumentId' | 'agentName' | 'requestHash' | 'offer' | 'deadline'
> & {
  /** Operation, manager, user and client token: the same scope is the same payment. */
  readonly scope: readonly string[];
};

/** Draws nonce and owner, and derives the id from the scope. */
export function createDraft({ random }: { readonly random: Randomness }, { scope, ...named }: Named): Draft {
  const network = findNetwork(named.offer.network);
  if (network === undefined) throw new Error(`an offer was made for the unknown network ${named.offer.network}`);
  return {
    ...named,
    amount: usdValueOfStablecoin(named.offer.amount, network.usdc.decimals),
    id: formatPaymentId(createHash('sha256').update(JSON.stringify(scope)).digest()),
    owner: toHex(random.bytes(12)),
    nonce: toHex(random.bytes(32)),
    leaseUntil: addMs(named.deadline, LEASE_MARGIN_MS),
  };
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Tells a retry from another request under one token. The members must be of a validated request. */
export function hashTerms(terms: object): Hex {
  const canonical = canonicalize(terms);
  if (canonical === undefined) throw new Error('a parsed request has no canonical form');
  return `0x${createHash('sha256').update(canonical).digest('hex')}`;
}

/** The payment that a draft becomes at its first attempt, with the terms that are signed. Writes nothing. */
export function newPayment(
  deps: { readonly clock: Clock; readonly validityCapSeconds: number },
  { nonce, deadline: _deadline, ...draft }: Draft,
  facts: SigningFacts,
): Result<Payment, Refusal> {
  const now = deps.clock.now();
  const window = validityWindow({
    now,
    maxTimeoutSeconds: draft.offer.maxTimeoutSeconds,
    capSeconds: deps.validityCapSeconds,
    sessionExpiresAt: facts.sessionExpiresAt,
  });
  if (!window.ok) return window;
  return ok({
    ...draft,
    terms: { from: facts.address, nonce, ...window.value },
    attempt: 1,
    status: 'PENDING',
    createdAt: now,
    decidedAt: null,
    signature: null,
    denial: null,
    budget: null,
  });
}
