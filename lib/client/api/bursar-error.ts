import type { ErrorCode } from '../../contract/errors.ts';
import type { SignedTerms } from './contract.ts';

/** The payment that a client token already has, where a request under it asked for other terms or in another session. */
export interface StoredPayment extends SignedTerms {
  readonly processPaymentId: string;
  readonly paymentSessionId: string;
  readonly state: 'SIGNED' | 'DENIED';
  /** Such as `bursar:superseded`; `null` for one that was signed. */
  readonly denial: string | null;
}

export interface BursarErrorDetails {
  readonly errorName: string;
  readonly status: number;
  readonly code: string | null;
  readonly requestId: string | null;
  /** AgentCore's `reason` of a ValidationException. */
  readonly reason?: string | null;
  readonly replayed?: boolean;
  readonly stored?: StoredPayment | null;
  readonly leftOpen?: boolean;
}

/** An answer of the API that is not a success. */
export class BursarError extends Error implements Required<BursarErrorDetails> {
  override readonly name = 'BursarError';
  /** AgentCore's exception name, such as `ValidationException`. */
  declare readonly errorName: string;
  /** Of HTTP; 0 where nothing was sent. */
  declare readonly status: number;
  /** The stable code of the refusal, such as `bursar:budget_exceeded`; `null` where there is none. */
  declare readonly code: string | null;
  declare readonly requestId: string | null;
  declare readonly reason: string | null;
  /** Whether this is the answer of an earlier call under the same client token. */
  declare readonly replayed: boolean;
  /** With `bursar:other_terms`: what the token's payment is. */
  declare readonly stored: StoredPayment | null;
  /** Whether an earlier attempt of the same call got no answer, or none that decides: it may have been carried out. */
  declare readonly leftOpen: boolean;

  constructor(message: string, details: BursarErrorDetails, options?: ErrorOptions) {
    super(message, options);
    const unsaid = { reason: null, replayed: false, stored: null, leftOpen: false };
    Object.assign(this, { ...unsaid, ...details } satisfies Required<BursarErrorDetails>);
  }
}

const SUPERSEDED = 'bursar:superseded' satisfies ErrorCode;
const EXHAUSTED = 'bursar:attempts_exhausted' satisfies ErrorCode;
const OTHER_TERMS = 'bursar:other_terms' satisfies ErrorCode;
const NO_PAYMENT = 'bursar:no_payment' satisfies ErrorCode;
const FINAL_DENIALS: ReadonlySet<string> = new Set<ErrorCode>([
  'bursar:budget_exceeded',
  'bursar:policy_exceeded',
  'bursar:policy_refused',
  'bursar:approval_rejected',
  'bursar:approval_lapsed',
  SUPERSEDED,
  EXHAUSTED,
]);

/** Whether a refusal is final for its client token: asking again under the same one gives the same answer. */
export function isFinalDenial(error: unknown): boolean {
  return error instanceof BursarError && error.code !== null && FINAL_DENIALS.has(error.code);
}

/**
 * Whether a token's payment was closed unsigned before this call: the purchase may be asked for under its next generation. A denial
 * that this call brought about is not, since its caller has to learn of it.
 */
export function isClosedBefore(error: unknown): boolean {
  if (!(error instanceof BursarError)) return false;
  if (error.code === OTHER_TERMS) return error.stored?.state === 'DENIED';
  return error.code === SUPERSEDED || error.code === EXHAUSTED || (error.replayed && isFinalDenial(error));
}

/** Whether the token's payment is signed, for other terms or in another session than those that were asked for. */
export function isSignedOtherwise(error: unknown): boolean {
  return error instanceof BursarError && error.code === OTHER_TERMS && error.stored?.state === 'SIGNED';
}

/** Whether a look-up found no payment under the token, so that nothing stands in the way of asking. */
export function hasNoPayment(error: unknown): boolean {
  return error instanceof BursarError && error.code === NO_PAYMENT;
}

/** Whether a service does not know what it was asked for, or cannot take it: no refusal of a payment, which has a code. */
export function isUnknownRequest(error: unknown): error is BursarError {
  return error instanceof BursarError && error.code === null && [400, 403, 404].includes(error.status);
}

/** Whether the answer leaves open that money moves, or says that it may. Anything that is no answer does as well. */
export function leavesMoneyOpen(error: unknown): boolean {
  if (!(error instanceof BursarError)) return true;
  if (error.code === OTHER_TERMS) return error.stored?.state !== 'DENIED';
  if (error.status === 429 || error.status >= 500) return true;
  // Another request has this token: what became of it is not said.
  if (`${error.errorName} ${error.reason}`.includes('Idempotent')) return true;
  return error.leftOpen && error.code === null;
}
