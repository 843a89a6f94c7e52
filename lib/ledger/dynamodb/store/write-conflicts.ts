import { randomInt } from 'node:crypto';
import { doublingWaitMs } from '../../../domain/doubling-wait.ts';
import { CONFLICT_ATTEMPTS_MAX, CONFLICT_WAIT_MAX_MS, CONFLICT_WAIT_MIN_MS } from '../../../domain/limits.ts';
import { WriteConflict } from './client.ts';

/**
 * Repeats a write that DynamoDB turned away because a transaction had its item at that moment: such a write had no effect,
 * DynamoDB does not queue it, and the client does not repeat it. Waits a random part of a time that doubles, so that those who met
 * once do not meet again.
 * @throws NotNow once it was turned away `CONFLICT_ATTEMPTS_MAX` times
 */
export async function repeatConflicts<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === CONFLICT_ATTEMPTS_MAX || !(error instanceof WriteConflict)) throw error;
      const ceilingMs = doublingWaitMs(attempt - 1, { minMs: CONFLICT_WAIT_MIN_MS, maxMs: CONFLICT_WAIT_MAX_MS });
      await new Promise((resolve) => {
        setTimeout(resolve, randomInt(ceilingMs + 1));
      });
    }
  }
}
