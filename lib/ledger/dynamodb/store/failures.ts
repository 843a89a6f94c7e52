import { NotNow, OutcomeUnknown } from '../../../domain/ports/services.ts';
import { StoreRefused, WriteConflict } from './client.ts';

// Answered before anything is written, so the call had no effect.
const NOT_NOW = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TransactionConflictException',
]);

interface ServiceFailure extends Error {
  readonly $metadata: { readonly httpStatusCode?: number; readonly attempts?: number };
}

function isServiceFailure(error: unknown): error is ServiceFailure {
  return error instanceof Error && '$metadata' in error;
}

/**
 * Says what a failed call means, by whichever client it was sent: `NotNow` or `WriteConflict`, `StoreRefused`, or
 * `OutcomeUnknown` for everything else: time-outs, broken connections, server errors.
 */
export function toStoreError(operation: string, error: unknown): Error {
  if (!isServiceFailure(error)) return new OutcomeUnknown(`${operation} has an unknown outcome`, { cause: error });
  const { name, message, $metadata } = error;
  if (NOT_NOW.has(name)) {
    // After an attempt whose reply was lost, a throttled repetition says nothing about the first.
    if (($metadata.attempts ?? 1) > 1) {
      return new OutcomeUnknown(`${operation} was throttled after another attempt`, { cause: error });
    }
    if (name === 'TransactionConflictException')
      return new WriteConflict(`${operation} met a transaction`, { cause: error });
    return new NotNow(`${operation} was throttled`, { cause: error });
  }
  if (name === 'TransactionInProgressException') {
    // The repetition of a transaction whose reply was lost, while DynamoDB still works on the first.
    return new OutcomeUnknown('the transaction is still in progress', { cause: error });
  }
  const status = $metadata.httpStatusCode ?? 0;
  if (status >= 400 && status < 500) return new StoreRefused(name, message);
  return new OutcomeUnknown(`${operation} has an unknown outcome`, { cause: error });
}
