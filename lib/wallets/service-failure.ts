import { NotNow } from '../domain/ports/services.ts';

// Answered before anything is done, so that the call had no effect.
const THROTTLES = new Set([
  'LimitExceededException',
  'RequestLimitExceeded',
  'RequestThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

interface ServiceFailure extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata?: { readonly requestId?: string };
}

function isServiceFailure(error: unknown): error is ServiceFailure {
  return error instanceof Error && '$fault' in error;
}

/** The name of an AWS error, or `null` for a failure that no service answered: a timeout, a broken connection. */
export function serviceErrorName(error: unknown): string | null {
  return isServiceFailure(error) ? error.name : null;
}

/** Whether the service answered that it will not, so that the call had no effect. Not where its own failure is unclear. */
export function isRefusal(error: unknown): boolean {
  return isServiceFailure(error) && error.$fault === 'client';
}

/**
 * Turns a failed call to KMS or Secrets Manager into what a port may throw: `NotNow` where the service was throttling,
 * else an error with the service's own name, message and request id. Deliberately without `cause`: the SDK hangs the raw
 * answer on its errors, and a parser's message quotes what it could not read, so a cause could carry a secret.
 */
export function toWalletError(operation: string, error: unknown): Error {
  if (!isServiceFailure(error)) {
    const name = error instanceof Error ? error.name : typeof error;
    return new Error(`${operation} got no usable answer (${name})`);
  }
  if (THROTTLES.has(error.name)) return new NotNow(`${operation} was throttled (${error.name})`);
  const requestId = error.$metadata?.requestId ?? 'unknown';
  return new Error(`${operation} failed: ${error.name}: ${error.message} (request ${requestId})`);
}

/** As `toWalletError`, for calls that hand a secret over: without the service's message, which might quote what it refuses. */
export function toStoringError(operation: string, error: unknown): Error {
  const known = toWalletError(operation, error);
  if (known instanceof NotNow) return known;
  return new Error(`${operation} failed (${serviceErrorName(error) ?? 'no usable answer'})`);
}
