import type * as v from 'valibot';
import type { OperationName } from './operations.ts';
import { MANAGER_DOCUMENT } from './operations/managers.ts';
import { CONNECTOR_DOCUMENT } from './operations/connectors.ts';
import { CREDENTIAL_PROVIDER_DOCUMENT } from './operations/credential-providers.ts';
import { WORKLOAD_IDENTITY_DOCUMENT } from './operations/workload-identities.ts';
import { TAG_DOCUMENT } from './operations/tags.ts';
import { TOKEN_DOCUMENT } from './operations/tokens.ts';
import { INSTRUMENT_DOCUMENT } from './operations/instruments.ts';
import { FUNDING_DOCUMENT } from './operations/funding.ts';
import { SESSION_DOCUMENT } from './operations/sessions.ts';
import { TOP_UP_DOCUMENT } from './operations/top-ups.ts';
import { PAYMENT_DOCUMENT } from './operations/payments.ts';
import { ASKING_DOCUMENT } from './operations/asking.ts';
import { FUNDS_DOCUMENT } from './operations/funds.ts';
import { WITHDRAWAL_DOCUMENT } from './operations/withdrawals.ts';
import { ALLOWANCE_DOCUMENT } from './operations/allowances.ts';
import { FREEZE_DOCUMENT } from './operations/freezes.ts';
import { GATE_DOCUMENT } from './operations/gate.ts';
import { POLICY_DOCUMENT } from './operations/policies.ts';
import { FEED_DOCUMENT } from './operations/feeds.ts';
import { ASSET_DOCUMENT } from './operations/assets.ts';
import { OUTCOME_DOCUMENT } from './operations/outcomes.ts';
import { WALLET_PAGE_DOCUMENT } from './operations/wallet-pages.ts';

/** The families of operations, in the order in which a reader should meet them. */
export const FAMILIES = [
  MANAGER_DOCUMENT,
  CONNECTOR_DOCUMENT,
  CREDENTIAL_PROVIDER_DOCUMENT,
  WORKLOAD_IDENTITY_DOCUMENT,
  TAG_DOCUMENT,
  TOKEN_DOCUMENT,
  INSTRUMENT_DOCUMENT,
  FUNDING_DOCUMENT,
  SESSION_DOCUMENT,
  TOP_UP_DOCUMENT,
  PAYMENT_DOCUMENT,
  ASKING_DOCUMENT,
  WITHDRAWAL_DOCUMENT,
  FUNDS_DOCUMENT,
  ALLOWANCE_DOCUMENT,
  GATE_DOCUMENT,
  FREEZE_DOCUMENT,
  POLICY_DOCUMENT,
  FEED_DOCUMENT,
  OUTCOME_DOCUMENT,
  ASSET_DOCUMENT,
  WALLET_PAGE_DOCUMENT,
] as const;

/** What the documents say of one operation. */
export interface OperationDocument {
  readonly summary: string;
  readonly request: object;
  readonly members?: Readonly<Record<string, v.GenericSchema>>;
  readonly answer?: object | null;
}

export const DOCUMENTS: Readonly<Record<OperationName, OperationDocument>> = {
  ...MANAGER_DOCUMENT.operations,
  ...CONNECTOR_DOCUMENT.operations,
  ...CREDENTIAL_PROVIDER_DOCUMENT.operations,
  ...WORKLOAD_IDENTITY_DOCUMENT.operations,
  ...TAG_DOCUMENT.operations,
  ...TOKEN_DOCUMENT.operations,
  ...INSTRUMENT_DOCUMENT.operations,
  ...FUNDING_DOCUMENT.operations,
  ...SESSION_DOCUMENT.operations,
  ...TOP_UP_DOCUMENT.operations,
  ...PAYMENT_DOCUMENT.operations,
  ...ASKING_DOCUMENT.operations,
  ...WITHDRAWAL_DOCUMENT.operations,
  ...FUNDS_DOCUMENT.operations,
  ...ALLOWANCE_DOCUMENT.operations,
  ...GATE_DOCUMENT.operations,
  ...FREEZE_DOCUMENT.operations,
  ...POLICY_DOCUMENT.operations,
  ...FEED_DOCUMENT.operations,
  ...OUTCOME_DOCUMENT.operations,
  ...ASSET_DOCUMENT.operations,
  ...WALLET_PAGE_DOCUMENT.operations,
};

/** The heading under which a reader finds an operation. */
export function tagOf(name: OperationName): string {
  const family = FAMILIES.find(({ operations }) => Object.hasOwn(operations, name));
  if (family === undefined) throw new Error(`no family has the operation ${name}`);
  return family.tag;
}
