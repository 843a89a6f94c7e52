import { InvariantViolated } from '../invariant.ts';
import type { PaymentId } from '../ids.ts';
import type { BaseUnits, MicroUsd } from '../money.ts';
import type { NetworkId } from '../assets.ts';
import type { DenialReason } from '../refusal.ts';
import type { EpochMs, EpochSeconds } from '../time.ts';

export type Hex = `0x${string}`;

/** What a seller asks for, after every field was checked against our own tables. Nothing of it is the seller's word alone. */
export interface Offer {
  readonly protocol: 'x402';
  readonly version: '1' | '2';
  readonly scheme: 'exact';
  readonly network: NetworkId;
  readonly asset: Hex;
  readonly amount: BaseUnits;
  readonly payTo: Hex;
  /** What the seller allows; our own cap comes later. */
  readonly maxTimeoutSeconds: number;
}

/** Everything that determines the bytes to sign. Written before signing and never changed once a payment is SIGNED. */
export interface SigningTerms {
  readonly from: Hex;
  /** 32 bytes, drawn once per payment and kept for all its attempts: the chain settles at most one of them. */
  readonly nonce: Hex;
  readonly validAfter: EpochSeconds;
  readonly validBefore: EpochSeconds;
}

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

/** Why a payment was denied for good, with the figures that were true at that moment. */
export interface Denial {
  readonly reason: DenialReason;
  readonly requested: MicroUsd;
  readonly available: MicroUsd;
  readonly reserved: MicroUsd;
}

/** One payment as the books hold it: the idempotency record and the only place where its outcome is decided. */
export interface Payment {
  readonly id: PaymentId;
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly agentName: string | null;
  /** SHA-256 over session, instrument, type and canonical input: tells a retry from another request under one token. */
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
  /** 65 bytes r, s, v; present when SIGNED. */
  readonly signature: Hex | null;
  /** Present when DENIED. */
  readonly denial: Denial | null;
  /** Present when SIGNED. */
  readonly budget: BudgetSnapshot | null;
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
