import { MANAGER_ROUTES } from './operations/managers.ts';
import { CONNECTOR_ROUTES } from './operations/connectors.ts';
import { CREDENTIAL_PROVIDER_ROUTES } from './operations/credential-providers.ts';
import { WORKLOAD_IDENTITY_ROUTES } from './operations/workload-identities.ts';
import { TAG_ROUTES } from './operations/tags.ts';
import { TOKEN_ROUTES } from './operations/tokens.ts';
import { INSTRUMENT_ROUTES } from './operations/instruments.ts';
import { FUNDING_ROUTES } from './operations/funding.ts';
import { SESSION_ROUTES } from './operations/sessions.ts';
import { TOP_UP_ROUTES } from './operations/top-ups.ts';
import { PAYMENT_ROUTES } from './operations/payments.ts';
import { ASKING_ROUTES } from './operations/asking.ts';
import { FUNDS_ROUTES } from './operations/funds.ts';
import { WITHDRAWAL_ROUTES } from './operations/withdrawals.ts';
import { ALLOWANCE_ROUTES } from './operations/allowances.ts';
import { GATE_ROUTES } from './operations/gate.ts';
import { FREEZE_ROUTES } from './operations/freezes.ts';
import { POLICY_ROUTES } from './operations/policies.ts';
import { FEED_ROUTES } from './operations/feeds.ts';
import { ASSET_ROUTES } from './operations/assets.ts';
import { OUTCOME_ROUTES } from './operations/outcomes.ts';
import { WALLET_PAGE_ROUTES } from './operations/wallet-pages.ts';
import type { OperationTable } from './route.ts';

export {
  bodyMaxBytes,
  FUNCTION_NAMES,
  OAUTH_PREFIX,
  ROLE_NAMES,
  type FunctionName,
  type OperationRoute,
  type RoleName,
} from './route.ts';

/**
 * The one table of operations. Routes, functions, roles, the generated OpenAPI document, the CDK stack, the local host and the
 * client all come from it. An operation is one entry in a file of `operations/`, where its request and its answer stand too,
 * a use case, and a handler that joins the two.
 */
export const OPERATIONS = {
  ...MANAGER_ROUTES,
  ...CONNECTOR_ROUTES,
  ...CREDENTIAL_PROVIDER_ROUTES,
  ...WORKLOAD_IDENTITY_ROUTES,
  ...TAG_ROUTES,
  ...TOKEN_ROUTES,
  ...INSTRUMENT_ROUTES,
  ...FUNDING_ROUTES,
  ...SESSION_ROUTES,
  ...TOP_UP_ROUTES,
  ...PAYMENT_ROUTES,
  ...ASKING_ROUTES,
  ...WITHDRAWAL_ROUTES,
  ...FUNDS_ROUTES,
  ...ALLOWANCE_ROUTES,
  ...GATE_ROUTES,
  ...FREEZE_ROUTES,
  ...POLICY_ROUTES,
  ...FEED_ROUTES,
  ...OUTCOME_ROUTES,
  ...ASSET_ROUTES,
  ...WALLET_PAGE_ROUTES,
} as const satisfies OperationTable;

export type OperationName = keyof typeof OPERATIONS;
