import { BursarError } from '../../api/bursar-error.ts';
import {
  InsufficientBudget,
  InvalidPaymentInstrument,
  PaymentError,
  PaymentInstrumentNotFound,
  PaymentSessionExpired,
  PaymentSessionNotFound,
} from './payment-errors.ts';

// As AWS's Python SDK sorts failures: by the exception's name, and by words of its message in lower case, the first that stand there.

/** What the sorts go by; of an error of AWS's SDK as of a `BursarError`. */
interface Failure {
  readonly exception: string;
  readonly message: string;
  readonly words: string;
}

function toFailure(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const exception = error instanceof BursarError ? error.errorName : name;
  return { exception, message, words: message.toLowerCase() };
}

const isMissing = ({ exception, words }: Failure): boolean =>
  exception === 'ResourceNotFoundException' || words.includes('not found');

/** Of ProcessPayment. */
export function sortPaying(cause: unknown, paymentSessionId: string): PaymentError {
  const { exception, message, words } = toFailure(cause);
  const says = (...any: readonly string[]): boolean =>
    exception === 'ValidationException' && any.some((word) => words.includes(word));
  if (says('budget', 'insufficient')) return new InsufficientBudget(`Insufficient budget: ${message}`, { cause });
  if (says('expired')) return new PaymentSessionExpired(`Session expired: ${message}`, { cause });
  if (says('instrument', 'inactive')) return new InvalidPaymentInstrument(`Invalid instrument: ${message}`, { cause });
  if (says('session not found')) {
    return new PaymentSessionNotFound(`Session not found or expired: ${paymentSessionId}`, { cause });
  }
  return new PaymentError(`Failed to process payment: ${message}`, { cause });
}

/** Of what names a wallet. @param what such as `get payment instrument` */
export function sortInstrument(cause: unknown, what: string, paymentInstrumentId: string): PaymentError {
  const failure = toFailure(cause);
  return isMissing(failure)
    ? new PaymentInstrumentNotFound(`Instrument not found: ${paymentInstrumentId}`, { cause })
    : sortOther(cause, what);
}

/** Of what names a session. @param what such as `get payment session` */
export function sortSession(cause: unknown, what: string, paymentSessionId: string): PaymentError {
  const failure = toFailure(cause);
  if (isMissing(failure)) return new PaymentSessionNotFound(`Session not found: ${paymentSessionId}`, { cause });
  const isDenied = failure.exception === 'AccessDeniedException' || failure.words.includes('unauthorized');
  return isDenied && what.startsWith('get')
    ? new PaymentError(`Unauthorized access to session: ${paymentSessionId}`, { cause })
    : sortOther(cause, what);
}

export function sortNewInstrument(cause: unknown): PaymentError {
  const { exception, message } = toFailure(cause);
  return exception === 'ValidationException'
    ? new PaymentError(`Validation error: ${message}`, { cause })
    : sortOther(cause, 'create payment instrument');
}

export function sortNewSession(cause: unknown): PaymentError {
  const { exception, message, words } = toFailure(cause);
  const isOfExpiry = exception === 'ValidationException' && (words.includes('expiry') || words.includes('duration'));
  return isOfExpiry
    ? new PaymentError(`Invalid expiryTimeInMinutes: ${message}`, { cause })
    : sortOther(cause, 'create payment session');
}

export function sortOther(cause: unknown, what: string): PaymentError {
  return new PaymentError(`Failed to ${what}: ${toFailure(cause).message}`, { cause });
}
