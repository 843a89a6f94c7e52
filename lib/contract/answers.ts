import type * as v from 'valibot';
import type { OperationName } from './operations.ts';
import { MANAGER_ANSWERS } from './operations/managers.ts';
import { CONNECTOR_ANSWERS } from './operations/connectors.ts';
import { CREDENTIAL_PROVIDER_ANSWERS } from './operations/credential-providers.ts';
import { WORKLOAD_IDENTITY_ANSWERS } from './operations/workload-identities.ts';
import { TAG_ANSWERS } from './operations/tags.ts';
import { TOKEN_ANSWERS } from './operations/tokens.ts';
import { INSTRUMENT_ANSWERS } from './operations/instruments.ts';
import { FUNDING_ANSWERS } from './operations/funding.ts';
import { SESSION_ANSWERS } from './operations/sessions.ts';
import { TOP_UP_ANSWERS } from './operations/top-ups.ts';
import { PAYMENT_ANSWERS } from './operations/payments.ts';
import { ASKING_ANSWERS } from './operations/asking.ts';
import { FUNDS_ANSWERS } from './operations/funds.ts';
import { WITHDRAWAL_ANSWERS } from './operations/withdrawals.ts';
import { ALLOWANCE_ANSWERS } from './operations/allowances.ts';
import { FREEZE_ANSWERS } from './operations/freezes.ts';
import { GATE_ANSWERS } from './operations/gate.ts';
import { POLICY_ANSWERS } from './operations/policies.ts';
import { FEED_ANSWERS } from './operations/feeds.ts';
import { ASSET_ANSWERS } from './operations/assets.ts';
import { OUTCOME_ANSWERS } from './operations/outcomes.ts';
import { WALLET_PAGE_ANSWERS } from './operations/wallet-pages.ts';

/** One schema per operation for the body of its answer. Tests, the local stack and the documents read them; no function does. */
export const ANSWERS = {
  ...MANAGER_ANSWERS,
  ...CONNECTOR_ANSWERS,
  ...CREDENTIAL_PROVIDER_ANSWERS,
  ...WORKLOAD_IDENTITY_ANSWERS,
  ...TAG_ANSWERS,
  ...TOKEN_ANSWERS,
  ...INSTRUMENT_ANSWERS,
  ...FUNDING_ANSWERS,
  ...SESSION_ANSWERS,
  ...TOP_UP_ANSWERS,
  ...PAYMENT_ANSWERS,
  ...ASKING_ANSWERS,
  ...WITHDRAWAL_ANSWERS,
  ...FUNDS_ANSWERS,
  ...GATE_ANSWERS,
  ...ALLOWANCE_ANSWERS,
  ...FREEZE_ANSWERS,
  ...POLICY_ANSWERS,
  ...FEED_ANSWERS,
  ...OUTCOME_ANSWERS,
  ...ASSET_ANSWERS,
  ...WALLET_PAGE_ANSWERS,
} as const satisfies Record<OperationName, v.GenericSchema>;
