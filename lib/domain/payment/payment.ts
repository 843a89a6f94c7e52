import { InvariantViolated } from '../invariant.ts';
import type { PaymentId } from '../ids.ts';
import type { MicroUsd } from '../money.ts';
import type { EpochMs } from '../time.ts';
import type { Denial } from './denial.ts';
import type { Resource } from './resource.ts';
import type { Hex, Offer, Signature, SigningTerms } from './shapes.ts';

export type { Hex, Offer, Signature, SigningTerms } from './shapes.ts';

/**
 * The states of a payment. PENDING is the only one that changes, and only through `Ledger.decide`, which is fenced by the
 * attempt number. ABORTED may be taken over by a later attempt; SIGNED and DENIED are final.
 */
export type PaymentStatus = 'PENDING' | 'SIGNED' | 'DENIED' | 'ABORTED';

/** The session's counters right after the reservation of a payment, for its receipt. */
export interface BudgetSnapshot {
  /** `null` where the session has no limit. */
  readonly available: MicroUsd | null;
  readonly reserved: MicroUsd;
  readonly spent: MicroUsd;
}

/**
 * What a signed payment keeps of the policies that allowed it, as the books hold it: lists that it was held against, in the form of
 * `policy-record.ts`, and `WANTS_OUTCOME`.
 */
export type PolicyRecord = readonly string[];

/** A rule goes by what clients report, so that the client of this payment is asked to. */
export const WANTS_OUTCOME = 'o';

/** One payment as the books hold it: the idempotency record and the only place where its outcome is decided. */
export interface Payment {
  readonly id: PaymentId;
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly agentName: string | null;
  /** The caller's word, for the receipt; no part of the request hash. */
  readonly resource: Resource | null;
  /** SHA-256 over session, instrument and all that the signature covers: tells a retry from another request under one token. */
  readonly requestHash: Hex;
  readonly offer: Offer;
  readonly amount: MicroUsd;
  readonly terms: SigningTerms;
  /** The fence: grows by one with every take-over. Starts at 1. */
  readonly attempt: number;
  /** Names the handler invocation that owns the attempt. */
  readonly owner: string;
  readonly leaseUntil: EpochMs;
  readonly status: PaymentStatus;
  readonly createdAt: EpochMs;
  readonly decidedAt: EpochMs | null;
  /** One for each message of the scheme; present when SIGNED. */
  readonly signatures: readonly Signature[] | null;
  /** Present when DENIED. */
  readonly denial: Denial | null;
  /** Present when SIGNED. */
  readonly budget: BudgetSnapshot | null;
  /** Missing where the policies leave nothing to keep. */
  readonly policyRecord?: PolicyRecord;
  /**
   * What is known of people who were asked to approve the terms, in the form of `approval.ts`. It stays with the payment whatever
   * becomes of it, and missing means that nobody was asked.
   */
  readonly approval?: string;
}

/** Whether two lists hold the same signatures in the same order. */
export function sameSignatures(a: readonly Signature[] | null, b: readonly Signature[]): boolean {
  return a !== null && a.length === b.length && a.every((signature, at) => signature === b[at]);
}

/** The name of one attempt's reservation. Never reused, so that a delayed request can do no harm. */
export type EntryKey = `${string}#${number}`;

export function toEntryKey(paymentId: PaymentId, attempt: number): EntryKey {
  return `${paymentId}#${attempt}`;
}

/** Splits an entry's name into payment and attempt. Throws on anything else: the books are then corrupt. */
export function parseEntryKey(key: string): { readonly paymentId: PaymentId; readonly attempt: number } {
  const cut = key.lastIndexOf('#');
  const attempt = Number(key.slice(cut + 1));
  if (cut < 1 || !Number.isSafeInteger(attempt) || attempt < 1)
    throw new InvariantViolated(`not a reservation key: ${key}`);
  return { paymentId: key.slice(0, cut) as PaymentId, attempt };
}
