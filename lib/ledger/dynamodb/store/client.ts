import { DynamoDBClient, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { NotNow, OutcomeUnknown } from '../../../domain/ports/services.ts';
import { STORE_TIMEOUT_MS } from '../../../domain/limits.ts';

export type Item = Record<string, AttributeValue>;

/**
 * A client whose calls end: a request that takes longer than a second throws instead of logging a warning.
 * @param options.maxAttempts 1 for `reserve`, whose repetition after a lost reply would look like a refusal
 * @param options.timeoutMs for callers that send hundreds of requests at once through one client
 */
export function createStoreClient(options: {
  readonly maxAttempts: number;
  readonly timeoutMs?: number;
}): DynamoDBClient {
  const timeoutMs = options.timeoutMs ?? STORE_TIMEOUT_MS;
  return new DynamoDBClient({
    maxAttempts: options.maxAttempts,
    requestHandler: {
      requestTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}

// Answered before anything is written, so the call had no effect.
const NOT_NOW = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TransactionConflictException',
]);

interface ServiceFailure {
  readonly name: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

function isServiceFailure(error: unknown): error is ServiceFailure {
  return error instanceof Error && '$metadata' in error;
}

/**
 * Says what a failed call means: `NotNow` (no effect, try later), the error itself (no effect, a bug or missing
 * permission), or `OutcomeUnknown` for everything else: time-outs, broken connections, server errors.
 */
export function toStoreError(operation: string, error: unknown): Error {
  if (error instanceof NotNow) return error;
  if (isServiceFailure(error)) {
    // After an attempt whose reply was lost, a throttled repetition says nothing about the first.
    const first = (error.$metadata?.attempts ?? 1) === 1;
    if (NOT_NOW.has(error.name) && first) return new NotNow(`${operation} was throttled`, { cause: error });
    if (NOT_NOW.has(error.name)) {
      return new OutcomeUnknown(`${operation} was throttled after another attempt`, { cause: error });
    }
    const status = error.$metadata?.httpStatusCode ?? 0;
    if (status >= 400 && status < 500) return error as unknown as Error;
  }
  return new OutcomeUnknown(`${operation} has an unknown outcome`, { cause: error });
}

/** Runs one store call and translates its failure. */
export async function callStore<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStoreError(operation, error);
  }
}
