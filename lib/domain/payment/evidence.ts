import type { EpochMs } from '../time.ts';

/** Of a statement, as it is kept: what is signed and the signature. Apart from the other bounds, since most payments have none. */
export const EVIDENCE_MAX_CHARS = 4_096;

/** Something that a seller signed, with all that it takes to check the signature again. */
export interface SignedStatement {
  readonly format: 'eip712' | 'jws';
  /** What the signature says: texts and whole numbers, by name. */
  readonly payload: Readonly<Record<string, string | number>>;
  /** In hex; of a JWS its compact form, which holds the payload too. */
  readonly signature: string;
}

/** Of a payment: what the seller offered before it, and what it acknowledged after it. */
export type EvidenceKind = 'offer' | 'receipt';

/** A statement about one payment, kept for whoever disputes it. No payment depends on it. */
export interface Evidence extends SignedStatement {
  /** `payee`: the key of the address that was paid made the signature. `unknown`: anybody may have made it. */
  readonly signer: 'payee' | 'unknown';
  readonly keptAt: EpochMs;
}

/** What is kept of one payment. */
export type PaymentEvidence = { readonly [K in EvidenceKind]: Evidence | null };
