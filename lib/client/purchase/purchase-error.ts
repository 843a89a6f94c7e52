import { BursarError, leavesMoneyOpen } from '../api/bursar-error.ts';

/** Thrown where a seller asks for a payment that this client will not ask Bursar for. Nothing was asked for. */
export class UnpayableError extends Error {
  override readonly name = 'UnpayableError';
}

export interface PurchaseErrorDetails {
  readonly purchaseId: string;
  readonly processPaymentId: string | null;
  readonly mayHavePaid: boolean;
  readonly code: string | null;
}

/** Thrown for everything that fails once Bursar was asked to pay. `cause` is what failed, a `BursarError` for instance. */
export class PurchaseError extends Error implements PurchaseErrorDetails {
  override readonly name: string = 'PurchaseError';
  /** Under it the call may be repeated without paying twice, by another process as well. */
  declare readonly purchaseId: string;
  /** `null` where Bursar did not name the payment. */
  declare readonly processPaymentId: string | null;
  /** Whether money has moved or may still move. `false`: nothing was signed, or what was signed is dead. */
  declare readonly mayHavePaid: boolean;
  /** Of Bursar's refusal, such as `bursar:budget_exceeded`; `null` where it is none. */
  declare readonly code: string | null;

  constructor(message: string, details: PurchaseErrorDetails, options?: ErrorOptions) {
    super(message, options);
    Object.assign(this, details);
  }
}

/** What became of a proof that has ended. `unknown`: it may have been settled, and nobody has asked the chain, or it says nothing yet. */
export type ProofFate = 'settled' | 'dead' | 'unknown';

export interface ProofEnd {
  readonly purchaseId: string;
  readonly processPaymentId: string;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly fate: ProofFate;
  readonly paidUsd: string;
  /** What the seller asks now. */
  readonly askedUsd: string;
}

/**
 * Thrown where the purchase has a payment whose proof has ended: no seller takes it any more, and no other is asked for. Where it
 * is dead, buying anew, under another `purchaseId`, cannot pay twice.
 */
export class ProofEndedError extends PurchaseError {
  override readonly name = 'ProofEndedError';
  declare readonly endedAt: Date;
  declare readonly fate: ProofFate;
  declare readonly paidUsd: string;
  declare readonly askedUsd: string;

  constructor(end: ProofEnd) {
    const { purchaseId, processPaymentId, fate, paidUsd, askedUsd } = end;
    const endedAt = new Date(end.endedAt);
    const what = `payment ${processPaymentId} of this purchase was signed for USD ${paidUsd} (the seller asks ${askedUsd} now)`;
    super(`${what}, and its proof ended at ${endedAt.toISOString()}: ${SENTENCES[fate]}`, {
      purchaseId,
      processPaymentId,
      mayHavePaid: fate !== 'dead',
      code: null,
    });
    Object.assign(this, { endedAt, fate, paidUsd, askedUsd });
  }
}

const SENTENCES: Readonly<Record<ProofFate, string>> = {
  settled: 'the chain shows it used. Nothing was paid now',
  dead: 'the chain shows it unused after its end, so that it moves no money any more. A new purchaseId buys anew',
  unknown: 'it may have been settled. Nothing was paid now',
};

/** What is thrown for a failure while Bursar was asked for the proof. */
export function toPurchaseError(error: unknown, purchaseId: string): PurchaseError {
  if (error instanceof PurchaseError) return error;
  const mayHavePaid = leavesMoneyOpen(error);
  const refusal = error instanceof BursarError ? error : null;
  const what = error instanceof Error ? error.message : String(error);
  const message = mayHavePaid ? `it is not known whether purchase ${purchaseId} was paid: ${what}` : what;
  const processPaymentId = refusal?.stored?.processPaymentId ?? null;
  return new PurchaseError(
    message,
    { purchaseId, processPaymentId, mayHavePaid, code: refusal?.code ?? null },
    { cause: error },
  );
}
