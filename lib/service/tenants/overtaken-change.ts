import { CHANGE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';

/**
 * Makes a change that is worked out from what is stored and written only if that is still the same. Where another change came
 * between it begins again, `CHANGE_ATTEMPTS_MAX` times at the most; after that the answer is "busy".
 * @param attempt reads, decides and writes once
 */
export async function repeatOvertaken<T>(
  attempt: () => Promise<Result<T, Refusal> | 'overtaken'>,
): Promise<Result<T, Refusal>> {
  for (let made = 0; made < CHANGE_ATTEMPTS_MAX; made += 1) {
    const outcome = await attempt();
    if (outcome !== 'overtaken') return outcome;
  }
  return refuse({ reason: 'busy', what: 'change' });
}
