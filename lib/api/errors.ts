import {
  errorOfCode,
  type ErrorCode,
  type ErrorName,
  type OutcomeCode,
  type ValidationReason,
  type WIRE_ERRORS,
} from '../contract/errors.ts';
import { formatUsd } from '../domain/money.ts';
import { NotNow, PageTokenRefused } from '../domain/ports/services.ts';
import type { FieldProblem, MissingResource, Refusal } from '../domain/refusal.ts';
import type { Payment } from '../domain/payment/payment.ts';
import type { PinnedTo } from '../domain/payment/pins.ts';
import type { FrozenRefusal } from '../domain/payment/gate.ts';
import type { Denial } from '../domain/payment/denial.ts';
import { showRule } from '../domain/policy/show-refusal.ts';
import type { PolicyRefusal } from '../domain/policy/refusal.ts';
import { APPROVAL_ROUNDS_MAX, REJECTIONS_TOLD_MAX } from '../domain/limits.ts';
import { toOfferView } from './views/offers.ts';
import { toPaymentTerms } from './views/paid.ts';
import { formatInstant } from '../domain/time.ts';
import { BUDGET_OR_EXPIRY, INSTRUMENT, maskWords } from '../json/sorting-words.ts';

export interface WireError {
  readonly status: (typeof WIRE_ERRORS)[ErrorName]['status'];
  readonly name: ErrorName;
  readonly message: string;
  /** Of a ValidationException. */
  readonly reason?: ValidationReason;
  /** Of a ValidationException, and of an AccessDeniedException with a code. */
  readonly fieldList?: readonly FieldProblem[];
  /** What Bursar adds for its own clients; AWS's ignore it. */
  readonly bursar?: object;
}

const NOT_FOUND = {
  manager: 'Payment manager not found',
  connector: 'Payment connector not found',
  instrument: 'Payment instrument not found',
  session: 'Payment session not found',
  payment: 'Payment not found',
  'credential provider': 'Payment credential provider not found',
  'workload identity': 'Workload identity not found',
  policy: 'Spend policy not found',
  feed: 'Deny feed not found',
  resource: 'Resource not found',
} as const satisfies Record<MissingResource, string>;

const BUSY = {
  session: 'Rate exceeded: this session has as many payments in flight as it may have. Retry with the same clientToken',
  payment: 'Rate exceeded: this payment is still in progress. Retry with the same clientToken',
  creation: 'Rate exceeded: this resource is still being created. Retry with the same clientToken',
  change: 'Rate exceeded: this resource is being changed by somebody else. Retry with the same clientToken',
  window:
    'Rate exceeded: what a limit of the spend policy has left could not be told in time. Retry with the same clientToken; nothing was signed',
  signer: 'Rate exceeded: the wallet signs as much as it can. Retry with the same clientToken; nothing was signed',
} as const;

function invalid(
  message: string,
  fieldList: readonly FieldProblem[],
  reason: ValidationReason = 'FieldValidationFailed',
): WireError {
  return { status: 400, name: 'ValidationException', message, reason, fieldList };
}

/** A refusal with a code of its own. */
function outcome(code: OutcomeCode, message: string, detail = message): WireError {
  return invalid(message, [{ name: `bursar:${code}` satisfies ErrorCode, message: detail }]);
}

/** Never advises a new client token where the stored payment is signed: that would be a second payment. */
function otherTermsError(payment: Payment): WireError {
  const { id, sessionId, offer, amount, status, terms, denial } = payment;
  const stored = `payment ${id} of USD ${formatUsd(amount)} to ${offer.payTo} in ${sessionId}`;
  const message =
    status === 'SIGNED'
      ? `The clientToken has paid already: ${stored}, signed and valid until ${new Date(terms.validBefore * 1_000).toISOString()}. Its proof can be had again with replayOnly; nothing else was signed`
      : `The clientToken was used before for ${stored}, which was denied. Use a new clientToken: nothing was signed under this one`;
  const bursar = {
    processPaymentId: id,
    paymentSessionId: sessionId,
    state: status,
    ...(denial === null ? {} : { denial: `bursar:${denial.reason}` }),
    ...toPaymentTerms(payment),
  };
  const fieldList = [
    { name: 'clientToken', message },
    { name: 'bursar:other_terms' satisfies ErrorCode, message },
  ];
  return { ...invalid(message, fieldList, 'IdempotentParameterMismatchException'), bursar };
}

const MESSAGE_CHARS_MAX = 1_500;
const PATH_CHARS_MAX = 200;

/** One message for all problems, or for as many as it has room for. */
function joinMessages(problems: readonly FieldProblem[]): string {
  let joined = '';
  for (const { message } of problems) {
    if (joined.length + message.length > MESSAGE_CHARS_MAX && joined !== '') return `${joined}; and more in fieldList`;
    joined += joined === '' ? message : `; ${message}`;
  }
  return joined;
}

function invalidRequest(problems: readonly FieldProblem[]): WireError {
  const message = maskWords(joinMessages(problems), BUDGET_OR_EXPIRY);
  const isAboutInstrument = problems.some(({ name }) => name.includes('Instrument'));
  return invalid(isAboutInstrument ? message : maskWords(message, INSTRUMENT), problems);
}

function invalidChallenge({
  input = 'cryptoX402',
  field,
  code,
  message,
}: Extract<Refusal, { reason: 'invalid_challenge' }>): WireError {
  const member = field === 'paymentType' ? field : ['paymentInput', input, field].filter(Boolean).join('.');
  const wireCode: ErrorCode = `bursar:${code}`;
  const fieldList = [
    { name: member, message },
    { name: wireCode, message },
  ];
  const text = maskWords(message, BUDGET_OR_EXPIRY, INSTRUMENT);
  const name = errorOfCode(wireCode);
  return name === 'AccessDeniedException' ? { status: 403, name, message: text, fieldList } : invalid(text, fieldList);
}

/**
 * Maps every refusal to AgentCore's error for it. AWS's Python SDK sorts ValidationExceptions by words in the message, so
 * "budget" and "expired" stand only where they are meant; the stable code in `fieldList` is for everybody else.
 */
export function toWireError(refusal: Refusal): WireError {
  switch (refusal.reason) {
    case 'cannot_parse':
      return invalid(`The request cannot be read: ${refusal.message}`, [], 'CannotParse');
    case 'invalid_request':
      return invalidRequest(refusal.problems);
    case 'invalid_challenge':
      return invalidChallenge(refusal);
    case 'unknown_operation':
      return {
        status: 404,
        name: 'ResourceNotFoundException',
        message: `There is no operation ${refusal.method} ${refusal.path.slice(0, PATH_CHARS_MAX)}`,
      };
    case 'not_found':
      return { status: 404, name: 'ResourceNotFoundException', message: NOT_FOUND[refusal.resource] };
    case 'token_not_admitted':
      return {
        status: 404,
        name: 'ResourceNotFoundException',
        message: 'Payment manager not found: there is none with this ARN that accepts this token',
      };
    case 'access_denied':
      return { status: 403, name: 'AccessDeniedException', message: refusal.message };
    case 'unauthorized':
      return { status: 401, name: 'UnauthorizedException', message: refusal.message };
    case 'quota_exceeded':
      return { status: 402, name: 'ServiceQuotaExceededException', message: refusal.message };
    case 'resource_conflict':
      return invalid(refusal.message, [], 'ResourceConflict');
    case 'token_reused': {
      const message = 'The clientToken was used before for another request. Use a new clientToken for a new request';
      return invalid(message, [{ name: 'clientToken', message }], 'IdempotentParameterMismatchException');
    }
    case 'other_terms':
      return otherTermsError(refusal.payment);
    case 'conflict':
      return { status: 409, name: 'ConflictException', message: refusal.message };
    case 'busy':
      return { status: 429, name: 'ThrottlingException', message: BUSY[refusal.what] };
    case 'budget_exceeded':
    case 'policy_exceeded':
    case 'policy_refused':
    case 'superseded':
    case 'approval_rejected':
    case 'approval_lapsed':
      return toDenialError(refusal);
    default:
      return toOutcomeError(refusal);
  }
}

/** The refusals that the books hold. */
function toDenialError(denial: Denial): WireError {
  switch (denial.reason) {
    case 'budget_exceeded':
      return budgetError(denial);
    case 'policy_exceeded':
      return policyError(denial);
    case 'policy_refused':
      return ruleError('policy_refused', denial);
    case 'superseded': {
      const message =
        'The payment of this clientToken was never signed, and is closed since the token was used for other terms. Use a new clientToken: nothing was signed under this one';
      return outcome('superseded', message);
    }
    case 'approval_rejected': {
      const message =
        "At the wallet's provider somebody rejected the payment of this clientToken. Nothing was signed, and under this clientToken nothing will be";
      return outcome(denial.reason, message);
    }
    case 'approval_lapsed': {
      const message = `At the wallet's provider nobody approved the payment of this clientToken, of ${APPROVAL_ROUNDS_MAX} times that it was asked for. Nothing was signed: use a new clientToken to ask again`;
      return outcome(denial.reason, message);
    }
  }
}

const PINNED: Readonly<Record<PinnedTo, string>> = {
  instrument: 'another instrument than the one that would pay',
  agent: 'another agent than the one that the call states',
  caller: 'another caller than the one that signed the call',
};

/** What is said of refusals that hold nothing but their reason. */
const SAID = {
  unsupported_wallet: 'A wallet of Solana takes money, and cannot pay yet, nor is its chain read. Nothing was signed',
  withdrawal_lapsed:
    'The withdrawal of this clientToken was not signed in time, as far as the books say. Use a new clientToken',
  approvals_off: 'This deployment sends no transactions: its setting approvalGasPerDay gives them no gas',
  no_payment: 'The clientToken has no payment that could be replayed. Nothing was signed under it',
  quote_mismatch:
    'The quote is not for this request, or for an offer that this 402 does not make. Nothing was signed: ask for another one',
  attempts_exhausted:
    'The clientToken was retried too often without an outcome. Use a new clientToken: nothing was signed under this one',
} as const;

/** The refusals of a request that is right in form: each has a code of its own. */
function toOutcomeError(
  refusal: Extract<Refusal, { reason: Exclude<OutcomeCode, 'other_terms' | Denial['reason']> | 'provider_refused' }>,
): WireError {
  switch (refusal.reason) {
    case 'instrument_not_active': {
      const message = `Payment instrument is not active: its status is ${refusal.status}, expected ACTIVE`;
      return outcome('instrument_not_active', message);
    }
    case 'unsupported_wallet':
      return codedError('bursar:unsupported_wallet', SAID.unsupported_wallet);
    case 'provider_refused':
      return codedError(`bursar:${refusal.trouble}`, refusal.message);
    // AWS's own words of a payment, by which its SDK knows them; reads answer 404.
    case 'session_not_found':
      return outcome(refusal.reason, NOT_FOUND.session);
    case 'instrument_not_found':
      return outcome(refusal.reason, NOT_FOUND.instrument);
    case 'session_expired':
      return outcome(refusal.reason, `Payment session has expired at ${formatInstant(refusal.expiresAt)}`);
    case 'session_closing': {
      const message = `Payment session has practically expired: it ends at ${formatInstant(refusal.expiresAt)}, too soon for a payment to settle`;
      return outcome('session_closing', message);
    }
    case 'session_pinned':
      return outcome('session_pinned', `Payment session is pinned to ${PINNED[refusal.to]}. Nothing was signed`);
    case 'frozen':
      return frozenError(refusal);
    case 'session_below_floor': {
      const message = `Payment session has expired: it was opened before ${formatInstant(refusal.floor)}, from when on this deployment takes sessions. Open a new one`;
      return outcome('session_below_floor', message);
    }
    case 'too_many_counters': {
      const message = `Payment session counts for ${refusal.max} subjects of the spend policy already, the most that one may. Open another one: nothing was signed`;
      return outcome('too_many_counters', message);
    }
    case 'repeated_purchase': {
      const message =
        `The same purchase was made under another clientToken as payment ${refusal.paymentId}: retry under that token to get its proof, ` +
        `or wait until ${formatInstant(refusal.until)} to buy the same again. Nothing was signed`;
      return outcome('repeated_purchase', message);
    }
    case 'destination_not_allowed': {
      const message = `Money does not leave for ${refusal.destination}: expected one of the withdrawalAddresses of this deployment. Nothing was signed`;
      return outcome('destination_not_allowed', message);
    }
    case 'allowance_requested':
    case 'coin_not_withdrawable':
    case 'withdrawal_under_way':
    case 'insufficient_funds':
      return outcome(refusal.reason, refusal.message);
    case 'challenge_unreadable':
      return outcome(
        refusal.reason,
        maskWords(`The 402 cannot be read: ${refusal.message}`, BUDGET_OR_EXPIRY, INSTRUMENT),
      );
    case 'chain_unavailable':
      return codedError('bursar:chain_unavailable', refusal.message);
    case 'no_payable_offer':
      return noPayableOffer(refusal);
    case 'quote_expired': {
      const message = `The quote ended at ${formatInstant(refusal.expiresAt)}. Nothing was signed: ask for another one`;
      return outcome(refusal.reason, message);
    }
    case 'withdrawal_lapsed':
    case 'approvals_off':
    case 'no_payment':
    case 'quote_mismatch':
    case 'attempts_exhausted':
      return outcome(refusal.reason, SAID[refusal.reason]);
  }
}

/** In AWS's words where it has some; its clients sort by words in ValidationExceptions only. */
function codedError(code: ErrorCode, message: string): WireError {
  const fieldList = [{ name: code, message }];
  const name = errorOfCode(code);
  return name !== 'ValidationException'
    ? { status: name === 'ThrottlingException' ? 429 : 403, name, message, fieldList }
    : invalid(maskWords(message, BUDGET_OR_EXPIRY, INSTRUMENT), fieldList);
}

/** A wallet is called so: AWS's SDK takes its other name for news of one that cannot be used. */
function frozenError({ scope, since }: FrozenRefusal): WireError {
  const message = `The ${scope === 'instrument' ? 'wallet' : scope} is frozen since ${formatInstant(since)}. Nothing was signed: retry with the same clientToken once it is thawed`;
  const error = outcome('frozen', message);
  if (scope === 'deployment') return error;
  return {
    ...error,
    fieldList: [...error.fieldList!, { name: `bursar:frozen_${scope}` satisfies ErrorCode, message }],
  };
}

/** Tells the first refusals in words, and all of them for our own clients. */
function noPayableOffer({ offers }: Extract<Refusal, { reason: 'no_payable_offer' }>): WireError {
  const told = offers
    .slice(0, REJECTIONS_TOLD_MAX)
    .map(({ seller, verdict }) => `offer ${seller.index}: ${verdict.reason}`)
    .join('; ');
  const more = offers.length > REJECTIONS_TOLD_MAX ? `; and ${offers.length - REJECTIONS_TOLD_MAX} more` : '';
  const message = maskWords(
    `None of the seller's offers may be paid, and nothing was signed: ${told}${more}`,
    BUDGET_OR_EXPIRY,
    INSTRUMENT,
  );
  const fieldList = [{ name: 'bursar:no_payable_offer' satisfies ErrorCode, message }];
  return { ...invalid(message, fieldList), bursar: { offers: offers.map(toOfferView) } };
}

function budgetError(refusal: Extract<Refusal, { reason: 'budget_exceeded' }>): WireError {
  const requested = formatUsd(refusal.requested);
  const available = formatUsd(refusal.available);
  const held = refusal.reserved > 0n ? `, with USD ${formatUsd(refusal.reserved)} held by payments in flight` : '';
  const message =
    `Insufficient budget: the payment needs USD ${requested} and the session has USD ${available} left${held}. ` +
    'Nothing was signed; a cheaper purchase, or the same one within another session, needs a new clientToken';
  return outcome('budget_exceeded', message, `requested ${requested} USD, available ${available} USD`);
}

function policyError({ max, used, asked, by }: Extract<Refusal, { reason: 'policy_exceeded' }>): WireError {
  if (by !== undefined) return ruleError('policy_exceeded', by);
  const left = max > used ? max - used : 0n;
  const message = `Insufficient budget: the payment adds ${asked} to a limit that has ${left} of ${max} left`;
  return outcome('policy_exceeded', message);
}

/** A sum that is used up is a want of budget, and AWS's SDK may take it for one; everything else must not look like that. */
function ruleError(code: 'policy_exceeded' | 'policy_refused', refusal: PolicyRefusal): WireError {
  const said = maskWords(refusal.message, BUDGET_OR_EXPIRY, INSTRUMENT);
  const isSum = code === 'policy_exceeded' && refusal.figures?.unit === 'usd';
  const message = `${isSum ? 'Insufficient budget: ' : 'Spend policy: '}${said} Nothing was signed; to ask for another purchase takes a new clientToken`;
  const fieldList = [`bursar:${code}` satisfies ErrorCode, refusal.code].map((name) => ({ name, message: said }));
  return { ...invalid(message, fieldList), bursar: showRule(refusal) };
}

const INTERNAL: WireError = {
  status: 500,
  name: 'InternalServerException',
  message: 'Something went wrong in processing your request. Retry with the same clientToken',
};

/** The answer to a failure that is not a refusal. It says as little as possible. */
export function toWireFailure(error: unknown): WireError {
  if (error instanceof PageTokenRefused) {
    return toWireError({
      reason: 'invalid_request',
      problems: [{ name: 'nextToken', message: `nextToken is not valid: ${error.message}` }],
    });
  }
  if (error instanceof NotNow) return { status: 429, name: 'ThrottlingException', message: 'Rate exceeded' };
  return INTERNAL;
}
