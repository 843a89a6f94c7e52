import type { ErrorCode } from '../../contract/errors.ts';
import { BursarError } from './bursar-error.ts';
import type { CallOptions, PaymentProcessor } from './contract.ts';

export interface ApprovalWaitOptions {
  /** How long one purchase waits at most. @default 180000 */
  readonly maxWaitMs?: number;
  /** Between two looks. @default 5000 */
  readonly intervalMs?: number;
  /** Hears of each wait before it begins, in the service's words: what may be approved, and what its gas may cost. */
  readonly onWait?: (message: string) => void;
}

const APPROVAL_REQUESTED = 'bursar:allowance_requested' satisfies ErrorCode;

/**
 * The same processor, which waits while an approval of the wallet is under way that a payment needs, and asks again under the same
 * client token. Without it that refusal is the caller's at once; with it, after the longest wait. Throws `RangeError` for times that are none.
 */
export function waitForApprovals(
  client: PaymentProcessor,
  { maxWaitMs = 180_000, intervalMs = 5_000, onWait }: ApprovalWaitOptions = {},
): PaymentProcessor {
  if (!(maxWaitMs >= 0 && intervalMs > 0))
    throw new RangeError('maxWaitMs and intervalMs must be times in milliseconds');
  const { payChallenge, listAssets, reportOutcome } = client;
  return {
    processPayment: (...call) => client.processPayment(...call),
    ...(listAssets === undefined ? {} : { listAssets: (...call) => listAssets.apply(client, call) }),
    ...(reportOutcome === undefined ? {} : { reportOutcome: (...call) => reportOutcome.apply(client, call) }),
    ...(payChallenge === undefined
      ? {}
      : {
          payChallenge: async (input, options) => {
            for (let waited = 0; ; waited += intervalMs) {
              try {
                return await payChallenge.call(client, input, options);
              } catch (error) {
                if (!isUnderWay(error) || waited + intervalMs > maxWaitMs) throw error;
                onWait?.(error.message);
                await wait(intervalMs, options);
              }
            }
          },
        }),
  };
}

function isUnderWay(error: unknown): error is BursarError {
  return error instanceof BursarError && error.code === APPROVAL_REQUESTED;
}

/** Rejects at once where the signal fires. */
function wait(ms: number, { signal }: CallOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
