import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../../lib/contract/error-codes.ts';
import type { ChallengeCode } from '../../../lib/domain/refusal.ts';
import { isEntryRefusal } from '../../../lib/protocols/x402/refusal.ts';

/** Whether an entry is refused, and the next one may be asked for. A new code does not compile until it stands here. */
const ENTRY_CODES: Readonly<Record<ChallengeCode, boolean>> = {
  unsupported_payment_type: false,
  ambiguous_challenge: true,
  challenge_ended: true,
  invalid_challenge_length: true,
  invalid_challenge_parameter: true,
  invalid_challenge_request: true,
  invalid_www_authenticate: true,
  unsupported_credential_header: true,
  unsupported_credential_type: true,
  unsupported_intent: true,
  unsupported_method: true,
  unsupported_splits: true,
  allowance_unsupported: true,
  allowance_without_upto: true,
  facilitator_missing: true,
  invalid_facilitator: true,
  unsupported_facilitator: true,
  ambiguous_amount: true,
  ambiguous_input: true,
  amount_missing: true,
  amount_too_large: true,
  asset_missing: true,
  input_missing: true,
  invalid_amount: true,
  invalid_asset: true,
  invalid_extra: true,
  invalid_max_timeout: true,
  invalid_pay_to: true,
  invalid_payload: true,
  max_timeout_missing: true,
  max_timeout_too_short: true,
  network_missing: true,
  pay_to_missing: true,
  scheme_missing: true,
  unsupported_asset: true,
  asset_rate_stale: true,
  asset_without_rate: true,
  unsupported_network: true,
  unsupported_payment_flow: true,
  unsupported_scheme: true,
  unsupported_transfer_method: true,
  unsupported_version: true,
  wrong_extra_name: true,
  wrong_extra_version: true,
};

test.each(Object.keys(ERROR_CODES))('%s refuses one entry just where it is a code of an entry', (code) => {
  const name = code.replace('bursar:', '');
  expect(isEntryRefusal(code)).toBe(Object.hasOwn(ENTRY_CODES, name) && ENTRY_CODES[name as ChallengeCode]);
});

test.each([
  '',
  'unsupported_network',
  'other:unsupported_network',
  'other:bursar:unsupported_network',
  'ValidationException',
])('a text that is no code of Bursar’s refuses no entry: %j', (code) => {
  expect(isEntryRefusal(code)).toBe(false);
});
