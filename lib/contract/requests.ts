import type * as v from 'valibot';
import type { OperationName } from './operations.ts';
import { MANAGER_REQUESTS } from './operations/managers.ts';
import { CONNECTOR_REQUESTS } from './operations/connectors.ts';
import { CREDENTIAL_PROVIDER_REQUESTS } from './operations/credential-providers.ts';
import { WORKLOAD_IDENTITY_REQUESTS } from './operations/workload-identities.ts';
import { TAG_REQUESTS } from './operations/tags.ts';
import { TOKEN_REQUESTS } from './operations/tokens.ts';
import { INSTRUMENT_REQUESTS } from './operations/instruments.ts';
import { FUNDING_REQUESTS } from './operations/funding.ts';
import { SESSION_REQUESTS } from './operations/sessions.ts';
import { TOP_UP_REQUESTS } from './operations/top-ups.ts';
import { PAYMENT_REQUESTS } from './operations/payments.ts';
import { ASKING_REQUESTS } from './operations/asking.ts';
import { FUNDS_REQUESTS } from './operations/funds.ts';
import { WITHDRAWAL_REQUESTS } from './operations/withdrawals.ts';
import { ALLOWANCE_REQUESTS } from './operations/allowances.ts';
import { FREEZE_REQUESTS } from './operations/freezes.ts';
import { GATE_REQUESTS } from './operations/gate.ts';
import { POLICY_REQUESTS } from './operations/policies.ts';
import { FEED_REQUESTS } from './operations/feeds.ts';
import { ASSET_REQUESTS } from './operations/assets.ts';
import { OUTCOME_REQUESTS } from './operations/outcomes.ts';
import { WALLET_PAGE_REQUESTS } from './operations/wallet-pages.ts';

/** One schema per operation, over body, path and query together. What comes out is what the use case takes. */
export const REQUESTS = {
  ...MANAGER_REQUESTS,
  ...CONNECTOR_REQUESTS,
  ...CREDENTIAL_PROVIDER_REQUESTS,
  ...WORKLOAD_IDENTITY_REQUESTS,
  ...TAG_REQUESTS,
  ...TOKEN_REQUESTS,
  ...INSTRUMENT_REQUESTS,
  ...FUNDING_REQUESTS,
  ...SESSION_REQUESTS,
  ...TOP_UP_REQUESTS,
  ...PAYMENT_REQUESTS,
  ...ASKING_REQUESTS,
  ...WITHDRAWAL_REQUESTS,
  ...FUNDS_REQUESTS,
  ...ALLOWANCE_REQUESTS,
  ...GATE_REQUESTS,
  ...FREEZE_REQUESTS,
  ...POLICY_REQUESTS,
  ...FEED_REQUESTS,
  ...OUTCOME_REQUESTS,
  ...ASSET_REQUESTS,
  ...WALLET_PAGE_REQUESTS,
} as const satisfies Record<OperationName, v.GenericSchema>;

/** What a handler gets: the members of the request in the words of the domain, and nothing else. */
export type OperationInput<N extends OperationName> = v.InferOutput<(typeof REQUESTS)[N]>;
