import type { PolicyCode } from '../domain/policy/refusal.ts';
import type { ChallengeCode, FreezeCode, OfferCode, ProviderTrouble } from '../domain/refusal.ts';

/** AgentCore's exceptions that Bursar answers with: the name, and what a caller may do about each. */
export const WIRE_ERRORS = {
  ValidationException: {
    status: 400,
    description: 'The request is wrong; `fieldList` says where. Also for a payment that the budget refuses.',
    newClientToken: 'as the code says; without a code, once the request is mended',
  },
  UnauthorizedException: {
    status: 401,
    description: 'A token in the body of the request is not valid.',
    newClientToken: 'yes, with a valid token',
  },
  ServiceQuotaExceededException: {
    status: 402,
    description: 'The quota of such resources is used up.',
    newClientToken: 'yes',
  },
  AccessDeniedException: {
    status: 403,
    description:
      'The signature or the token is not accepted, or its holder may not do this. Also for a payment type or scheme that the deployment does not pay by.',
    newClientToken: 'yes',
  },
  ResourceNotFoundException: {
    status: 404,
    description: 'There is no such resource, or it belongs to somebody else.',
    newClientToken: 'yes',
  },
  ConflictException: {
    status: 409,
    description: 'The state of the resource, or of one that depends on it, does not allow this.',
    newClientToken: 'yes',
  },
  ThrottlingException: {
    status: 429,
    description: 'Too many requests at once, or the same call is still in progress.',
    newClientToken: 'no: retry with the same one, since the payment may be about to be signed',
  },
  InternalServerException: {
    status: 500,
    description: 'Something failed, and the outcome is not known.',
    newClientToken: 'no: retry with the same one, since the payment may have been signed',
  },
} as const;

export type ErrorName = keyof typeof WIRE_ERRORS;

/** What a ValidationException says in `reason`. */
export const VALIDATION_REASONS = [
  'CannotParse',
  'FieldValidationFailed',
  'IdempotentParameterMismatchException',
  'ResourceConflict',
] as const;
export type ValidationReason = (typeof VALIDATION_REASONS)[number];

/** Codes of refusals that say no to a request which is right in form. */
export type OutcomeCode =
  | 'budget_exceeded'
  | 'policy_exceeded'
  | 'policy_refused'
  | 'too_many_counters'
  | 'session_expired'
  | 'session_closing'
  | 'session_below_floor'
  | 'session_pinned'
  | 'frozen'
  | 'session_not_found'
  | 'instrument_not_found'
  | 'instrument_not_active'
  | 'unsupported_wallet'
  | 'repeated_purchase'
  | 'other_terms'
  | 'no_payment'
  | 'challenge_unreadable'
  | 'no_payable_offer'
  | 'quote_expired'
  | 'quote_mismatch'
  | 'superseded'
  | 'approval_rejected'
  | 'approval_lapsed'
  | 'attempts_exhausted'
  | 'destination_not_allowed'
  | 'withdrawal_lapsed'
  | 'approvals_off'
  | 'allowance_requested'
  | 'coin_not_withdrawable'
  | 'withdrawal_under_way'
  | 'insufficient_funds'
  | 'chain_unavailable';

/** The stable codes: the name of an entry of `fieldList` in a ValidationException. They are never renamed. */
export type ErrorCode = `bursar:${ChallengeCode | OutcomeCode | OfferCode | FreezeCode | ProviderTrouble}` | PolicyCode;

/**
 * What this deployment does not pay by. AWS answers AccessDeniedException for what is not enabled in an account, by which its
 * clients tell it from a request that is wrong; `fieldList` stands there too, with the code. So it answers for a wallet whose user or
 * provider lets nobody sign, too.
 */
const NOT_ENABLED: ReadonlySet<string> = new Set<ErrorCode>([
  'bursar:unsupported_payment_type',
  'bursar:unsupported_scheme',
  'bursar:unsupported_wallet',
  'bursar:delegation_inactive',
  'bursar:delegation_disabled',
  'bursar:provider_policy',
  'bursar:provider_credentials',
  'bursar:provider_unpaid',
  'bursar:approval_needed',
  'bursar:approval_pending',
]);

/** The error that carries a code. */
export function errorOfCode(code: string): 'AccessDeniedException' | 'ThrottlingException' | 'ValidationException' {
  // By itself it goes away, and AWS's clients wait and ask again.
  if (code === 'bursar:provider_down' || code === 'bursar:chain_unavailable') return 'ThrottlingException';
  return NOT_ENABLED.has(code) ? 'AccessDeniedException' : 'ValidationException';
}
