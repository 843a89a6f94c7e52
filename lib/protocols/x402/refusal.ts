import type { ChallengeCode, Refusal } from '../../domain/refusal.ts';
import { refuse } from '../../domain/result.ts';

export type ChallengeRefusal = Extract<Refusal, { reason: 'invalid_challenge' }>;

/**
 * The codes of the wire by which one x402 entry is refused; a challenge of another payment type has no next entry, and a wallet that
 * cannot pay has none that it can. By how they begin, since clients carry this: a test holds it against every code that there is.
 */
const ENTRY_CODE =
  /^bursar:(?!unsupported_(?:payment_type|wallet))(allowance_(?:unsupported|without)|ambiguous|amount|asset|challenge_e|facilitator|input|invalid|max_timeout|network_m|pay_to|scheme|unsupported|wrong)/;

/** Whether a code of the wire, such as `bursar:unsupported_network`, refuses one entry and says nothing of the next. */
export function isEntryRefusal(code: string): boolean {
  return ENTRY_CODE.test(code);
}

export function refuseChallenge(
  code: ChallengeCode,
  field: string,
  message: string,
): { readonly ok: false; readonly error: ChallengeRefusal } {
  return refuse({ reason: 'invalid_challenge', code, field, message });
}
