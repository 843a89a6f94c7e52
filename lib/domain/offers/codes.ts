import type { FreezeScope } from '../payment/freeze.ts';

/** What keeps a challenge from being paid. Published as `bursar:` codes in docs/reference/errors.md, and never renamed. */
export type ChallengeCode =
  | 'unsupported_payment_type'
  | 'input_missing'
  | 'ambiguous_input'
  | 'allowance_without_upto'
  | 'allowance_unsupported'
  | 'unsupported_version'
  | 'invalid_payload'
  | 'scheme_missing'
  | 'unsupported_scheme'
  | 'network_missing'
  | 'unsupported_network'
  | 'ambiguous_amount'
  | 'amount_missing'
  | 'invalid_amount'
  | 'amount_too_large'
  | 'asset_missing'
  | 'invalid_asset'
  | 'unsupported_asset'
  | 'asset_without_rate'
  | 'asset_rate_stale'
  | 'pay_to_missing'
  | 'invalid_pay_to'
  | 'max_timeout_missing'
  | 'invalid_max_timeout'
  | 'max_timeout_too_short'
  | 'invalid_extra'
  | 'wrong_extra_name'
  | 'wrong_extra_version'
  | 'unsupported_transfer_method'
  | 'unsupported_payment_flow'
  | 'facilitator_missing'
  | 'invalid_facilitator'
  | 'unsupported_facilitator'
  | 'ambiguous_challenge'
  | 'challenge_ended'
  | 'invalid_www_authenticate'
  | 'invalid_challenge_length'
  | 'invalid_challenge_parameter'
  | 'invalid_challenge_request'
  | 'unsupported_credential_header'
  | 'unsupported_credential_type'
  | 'unsupported_intent'
  | 'unsupported_method'
  | 'unsupported_splits';

/** What keeps an offer from being chosen, besides what is wrong with it. Published as `bursar:` codes too. */
export type OfferCode =
  | 'foreign_resource'
  | 'extension_not_known'
  | 'network_not_chosen'
  | 'other_wallet_family'
  | 'price_above_max'
  | 'insufficient_funds'
  | 'allowance_missing';

/** What is frozen: the entry of `fieldList` after `bursar:frozen`, and the code of an offer that is not paid for it. */
export type FreezeCode = `frozen_${FreezeScope}`;
