import { clipPrintable } from '../../json/quotation.ts';
import { BursarError } from '../api/bursar-error.ts';
import { PurchaseError, UnpayableError } from '../purchase/purchase-error.ts';
import { sortPaying } from './manager/sorting.ts';
import type { Refusal, ToolPayment } from './tool-options.ts';

/** Refusals of the client; those of the service begin with `bursar:`. */
export type ClientCode =
  /** The tool is not among those that may pay. */
  | 'client:tool_not_allowed'
  /** The input of the call does not say what it asks for. */
  | 'client:no_url'
  /** The input has no place for a proof. */
  | 'client:no_place_for_proof'
  /** The tool says that it was sent to another origin than the one that its input names. */
  | 'client:redirected'
  | 'client:policy_blocked'
  | 'client:not_approved'
  /** The 402 cannot be paid here: above the limit, for somebody else, or unreadable. */
  | 'client:unpayable'
  /** Nobody knows whether money moves. */
  | 'client:outcome_unknown'
  /** There is a proof, and its seller asks again. */
  | 'client:not_accepted'
  /** There is a proof, and the tool failed with it. */
  | 'client:not_delivered'
  /** There is a proof, and its seller does not say that it was settled. */
  | 'client:not_settled'
  /** The input of the call is wrong, or asks for what may not be asked. */
  | 'client:input_refused'
  /** The host may not be asked: its address is not one of the internet, or it is not among those that are allowed. */
  | 'client:host_refused'
  /** The service does not let this caller read it. */
  | 'client:not_readable'
  /** No answer, and nothing was paid. */
  | 'client:no_answer';

/** Why a call is not paid: thrown within, and told as a {@link Refusal}. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly code: ClientCode;

  constructor(code: ClientCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A refusal, for a program that wants it thrown. */
export class ToolPaymentError extends Error {
  override readonly name = 'ToolPaymentError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = refusal;
  }
}

/** Of what a refusal quotes: an error of a seller's making may be long. */
const REASON_MAX_CHARS = 400;

/** What somebody else said, as part of a sentence. */
export function inOneSentence(text: string): string {
  return clipPrintable(text, REASON_MAX_CHARS).replace(/[.\s]+$/, '');
}

function nothingPaid(code: string, message: string): Refusal {
  return { kind: 'refused', code, message, mayHavePaid: false, purchaseId: null, processPaymentId: null };
}

/** What Bursar calls the refusals that AWS's own service tells apart by words alone. */
const CODES_BY_SORT: Readonly<Record<string, string>> = {
  InsufficientBudget: 'bursar:budget_exceeded',
  PaymentSessionExpired: 'bursar:session_expired',
  InvalidPaymentInstrument: 'bursar:instrument_not_active',
  PaymentSessionNotFound: 'bursar:session_not_found',
};

function codeByWords(cause: unknown): string | undefined {
  return cause instanceof BursarError ? CODES_BY_SORT[sortPaying(cause, '').name] : undefined;
}

/** What a failure means for the model; `null` for one that is none of paying, such as a framework's interrupt. */
export function toRefusal(error: unknown): Refusal | null {
  if (error instanceof PurchaseError) {
    const { code, mayHavePaid, purchaseId, processPaymentId } = error;
    const why = inOneSentence(error.message);
    const message = mayHavePaid
      ? `This call may have been paid already (${why}), so do not make it again, and tell the user`
      : `Nothing was paid for this call (${why}), so do not repeat it unless that changes`;
    const fallback: ClientCode = mayHavePaid ? 'client:outcome_unknown' : 'client:unpayable';
    const said = code ?? codeByWords(error.cause) ?? fallback;
    return { ...nothingPaid(said, message), mayHavePaid, purchaseId, processPaymentId };
  }
  const code = error instanceof CallRefused ? error.code : error instanceof UnpayableError ? 'client:unpayable' : null;
  if (code === null) return null;
  const why = inOneSentence((error as Error).message);
  return nothingPaid(code, `Nothing was paid for this call (${why}), so do not repeat it as it is`);
}

/** What a proof that brought nothing means for the model. */
export function toUndelivered(code: ClientCode, payment: Omit<ToolPayment, 'replayed'>, reason: string): Refusal {
  const { purchaseId, processPaymentId, offer } = payment;
  const what = `A payment of USD ${offer.amountUsd} (${processPaymentId}) was signed for this call`;
  const message = `${what}, but ${inOneSentence(reason)}, so do not make it again, and tell the user`;
  return { kind: 'refused', code, message, mayHavePaid: true, purchaseId, processPaymentId };
}
