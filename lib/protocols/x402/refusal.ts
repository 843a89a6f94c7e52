import type { ChallengeCode, Refusal } from '../../domain/refusal.ts';
import { refuse } from '../../domain/result.ts';

export type ChallengeRefusal = Extract<Refusal, { reason: 'invalid_challenge' }>;

/** What an x402 entry is refused for; a challenge of another payment type has no next entry. */
type EntryCode = Exclude<ChallengeCode, 'unsupported_payment_type'>;

const ENTRY_CODES: Readonly<Record<EntryCode, true>> = {
  // A text, since the name of a scheme in it is AWS's and none that code here goes by.
  ['allowance_without_upto']: true,
  allowance_unsupported: true,
  ambiguous_amount: true,
  ambiguous_input: true,
  amount_missing: true,
  amount_too_large: true,
  asset_missing: true,
  facilitator_missing: true,
  input_missing: true,
  invalid_amount: true,
  invalid_asset: true,
  invalid_extra: true,
  invalid_facilitator: true,
  invalid_max_timeout: true,
  invalid_pay_to: true,
  invalid_payload: true,
  max_timeout_missing: true,
  max_timeout_too_short: true,
  network_missing: true,
  pay_to_missing: true,
  scheme_missing: true,
  unsupported_asset: true,
  unsupported_facilitator: true,
  unsupported_network: true,
  unsupported_payment_flow: true,
  unsupported_scheme: true,
  unsupported_transfer_method: true,
  unsupported_version: true,
  wrong_extra_name: true,
  wrong_extra_version: true,
};

const WIRE_PREFIX = 'bursar:';

/** Whether a code of the wire, such as `bursar:unsupported_network`, refuses one entry and says nothing of the next. */
export function isEntryRefusal(code: string): boolean {
  return code.startsWith(WIRE_PREFIX) && Object.hasOwn(ENTRY_CODES, code.slice(WIRE_PREFIX.length));
}

export function refuseChallenge(
  code: ChallengeCode,
  field: string,
  message: string,
): { readonly ok: false; readonly error: ChallengeRefusal } {
  return refuse({ reason: 'invalid_challenge', code, field, message });
}
