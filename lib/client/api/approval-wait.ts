import type { ErrorCode } from '../../contract/errors.ts';
import { BursarError } from './bursar-error.ts';
import type { CallOptions, PaymentProcessor } from './contract.ts';
import { wait } from './wait.ts';

export interface ApprovalWaitOptions {
  /** How long one purchase waits at most. @default 180000 */
  readonly maxWaitMs?: number;
  /** Between two looks. @default 5000 */
  readonly intervalMs?: number;
  /** Hears of each wait before it begins, in the service's words: what may be approved, by whom, and what it may cost. */
  readonly onWait?: (message: string) => void;
}

/** Of an approval of the wallet's on its chain, and of people's approval at the wallet's provider. */
const UNDER_WAY: ReadonlySet<string | null> = new Set<ErrorCode>([
  'bursar:allowance_requested',
  'bursar:approval_pending',
]);

/**
 * The same processor, which waits while an approval is under way that a payment needs, on the chain or by people at the provider of
 * the wallet, and asks again under the same client token. Without it that refusal is the caller's at once; with it, after the longest
 * wait. Throws `RangeError` for times that are none.
 */
export function waitForApprovals(
  client: PaymentProcessor,
  { maxWaitMs = 180_000, intervalMs = 5_000, onWait }: ApprovalWaitOptions = {},
): PaymentProcessor {
  if (!(maxWaitMs >= 0 && intervalMs > 0))
    throw new RangeError('maxWaitMs and intervalMs must be times in milliseconds');
  const { payChallenge, listAssets, reportOutcome } = client;
  const waiting = async <T>(ask: () => Promise<T>, options: CallOptions | undefined): Promise<T> => {
    for (let waited = 0; ; waited += intervalMs) {
      try {
        return await ask();
      } catch (error) {
        if (!isUnderWay(error) || waited + intervalMs > maxWaitMs) throw error;
        onWait?.(error.message);
        await wait(intervalMs, options?.signal);
      }
    }
  };
  return {
    processPayment: (input, options) => waiting(() => client.processPayment(input, options), options),
    ...(listAssets === undefined ? {} : { listAssets: (...call) => listAssets.apply(client, call) }),
    ...(reportOutcome === undefined ? {} : { reportOutcome: (...call) => reportOutcome.apply(client, call) }),
    ...(payChallenge === undefined
      ? {}
      : { payChallenge: (input, options) => waiting(() => payChallenge.call(client, input, options), options) }),
  };
}

function isUnderWay(error: unknown): error is BursarError {
  return error instanceof BursarError && UNDER_WAY.has(error.code);
}
