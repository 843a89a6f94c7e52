import type { ChallengeCode, Refusal } from '../../domain/refusal.ts';
import { refuse } from '../../domain/result.ts';

export type ChallengeRefusal = Extract<Refusal, { reason: 'invalid_challenge' }>;

/** The member of `paymentInput` that is MPP's. */
export const INPUT = 'mpp';
/** Its member that holds the challenge: what is wrong within a challenge has no place of its own in a request. */
export const HEADERS = 'wwwAuthenticateHeaders';

export function refuseChallenge(
  code: ChallengeCode,
  message: string,
  field: string = HEADERS,
): { readonly ok: false; readonly error: ChallengeRefusal } {
  return refuse({ reason: 'invalid_challenge', input: INPUT, code, field, message });
}
