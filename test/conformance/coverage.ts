import type { ErrorName } from '../../lib/contract/errors.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';

type Paths = { readonly [N in OperationName]: (typeof OPERATIONS)[N]['path'] };

/** Every operation but Bursar's own, which stand under `/bursar` and which no official client has. */
export type AgentCoreOperation = {
  [N in OperationName]: Paths[N] extends `/bursar/${string}` ? never : N;
}[OperationName];

/** Every operation that the official clients have and Bursar too, from the one table of operations. */
export const AGENTCORE_OPERATIONS = (Object.keys(OPERATIONS) as OperationName[]).filter(
  (name): name is AgentCoreOperation => !OPERATIONS[name].path.startsWith('/bursar/'),
);

/** The operations that take tokens as well. */
export const TOKEN_OPERATIONS = AGENTCORE_OPERATIONS.filter((name) => OPERATIONS[name].oauth !== null);

/** Paths of AWS's model that belong to payments, their identities and their tags. */
export const COVERED_PATHS = /^\/(?:payments|identities|tags|resourcepolicy)(?:\/|$)/;

const NO_VAULT_KEY = 'the token vault is Secrets Manager; its key is chosen when Bursar is deployed';
const NO_POLICY = 'who may call is said by the roles of the deployment and by nothing else';
const OTHER_CREDENTIALS = 'credentials for API keys and OAuth 2 are not for payments';
const NO_PORTAL = 'consent portals are not for payments';

/** Operations of the official clients on those paths that Bursar leaves out, and why. */
export const EXCLUDED_OPERATIONS: Readonly<Record<string, string>> = {
  GetTokenVault: NO_VAULT_KEY,
  SetTokenVaultCMK: NO_VAULT_KEY,
  ResetTokenVaultKeyMaterial: NO_VAULT_KEY,
  PutResourcePolicy: NO_POLICY,
  GetResourcePolicy: NO_POLICY,
  DeleteResourcePolicy: NO_POLICY,
  CreateApiKeyCredentialProvider: OTHER_CREDENTIALS,
  GetApiKeyCredentialProvider: OTHER_CREDENTIALS,
  UpdateApiKeyCredentialProvider: OTHER_CREDENTIALS,
  DeleteApiKeyCredentialProvider: OTHER_CREDENTIALS,
  ListApiKeyCredentialProviders: OTHER_CREDENTIALS,
  CreateOauth2CredentialProvider: OTHER_CREDENTIALS,
  GetOauth2CredentialProvider: OTHER_CREDENTIALS,
  UpdateOauth2CredentialProvider: OTHER_CREDENTIALS,
  DeleteOauth2CredentialProvider: OTHER_CREDENTIALS,
  ListOauth2CredentialProviders: OTHER_CREDENTIALS,
  GetResourceApiKey: OTHER_CREDENTIALS,
  GetResourceOauth2Token: OTHER_CREDENTIALS,
  CompleteResourceTokenAuth: OTHER_CREDENTIALS,
  CreateConsentPortal: NO_PORTAL,
  GetConsentPortal: NO_PORTAL,
  UpdateConsentPortal: NO_PORTAL,
  DeleteConsentPortal: NO_PORTAL,
  ListConsentPortals: NO_PORTAL,
};

/** Those of them that the newest botocore has and the npm clients lack; `npm run test:python` knows them. */
export const AHEAD_OF_NPM: ReadonlySet<string> = new Set(['ResetTokenVaultKeyMaterial']);

/** Whether the suite provokes a refusal over the wire, or where it is proven because nobody can from outside. */
type Coverage = 'here' | { readonly elsewhere: string; readonly why: string };

const NO_402 = "no client of AWS hands over a seller's 402";

/** A new refusal does not compile until it stands here. */
export const REFUSALS: Readonly<Record<Refusal['reason'], Coverage>> = {
  cannot_parse: 'here',
  invalid_request: 'here',
  invalid_challenge: 'here',
  unknown_operation: {
    elsewhere: 'test/service/tenants/admission.test.ts',
    why: 'API Gateway answers paths that it does not know itself',
  },
  not_found: 'here',
  token_not_admitted: 'here',
  access_denied: 'here',
  unauthorized: 'here',
  quota_exceeded: 'here',
  resource_conflict: 'here',
  session_not_found: 'here',
  instrument_not_found: 'here',
  instrument_not_active: {
    elsewhere: 'test/api/errors.test.ts',
    why: 'instruments are ACTIVE at once, until they are deleted',
  },
  provider_refused: {
    elsewhere: 'test/api/errors.test.ts',
    why: 'it needs a wallet whose user has taken back a grant',
  },
  session_expired: {
    elsewhere: 'test/scenarios/aws-payments.test.ts',
    why: 'the shortest session lasts fifteen minutes',
  },
  session_closing: {
    elsewhere: 'test/domain/payment/validity.test.ts',
    why: 'the shortest session lasts fifteen minutes',
  },
  other_terms: 'here',
  no_payment: { elsewhere: 'test/service/paying/purchases.test.ts', why: 'no client of AWS asks for a replay only' },
  superseded: {
    elsewhere: 'test/service/paying/purchases.test.ts',
    why: 'it needs a payment that died before it was signed',
  },
  approval_rejected: {
    elsewhere: 'test/service/paying/approvals.test.ts',
    why: 'it needs a wallet that others sign for as well, and one of them who says no',
  },
  approval_lapsed: {
    elsewhere: 'test/service/paying/approvals.test.ts',
    why: 'it needs a wallet that others sign for as well, and minutes',
  },
  frozen: { elsewhere: 'test/service/paying/gate.test.ts', why: 'no client of AWS can freeze a deployment' },
  session_pinned: {
    elsewhere: 'test/service/paying/pinned-sessions.test.ts',
    why: 'no client of AWS can pin a session',
  },
  session_below_floor: { elsewhere: 'test/service/paying/gate.test.ts', why: 'no client of AWS can set the floor' },
  budget_exceeded: 'here',
  challenge_unreadable: { elsewhere: 'test/service/asking/pay-challenge.test.ts', why: NO_402 },
  no_payable_offer: { elsewhere: 'test/service/asking/pay-challenge.test.ts', why: NO_402 },
  quote_expired: { elsewhere: 'test/service/asking/quotes.test.ts', why: NO_402 },
  quote_mismatch: { elsewhere: 'test/service/asking/quotes.test.ts', why: NO_402 },
  policy_exceeded: { elsewhere: 'test/service/paying/charges.test.ts', why: 'no client of AWS can set a spend policy' },
  policy_refused: {
    elsewhere: 'test/service/policing/rules-over-payments.test.ts',
    why: 'no client of AWS can set a spend policy',
  },
  too_many_counters: {
    elsewhere: 'test/service/paying/charges.test.ts',
    why: 'no client of AWS can set a spend policy',
  },
  destination_not_allowed: {
    elsewhere: 'test/service/paying/withdrawals.test.ts',
    why: 'no client of AWS can withdraw',
  },
  withdrawal_lapsed: {
    elsewhere: 'test/service/paying/withdrawals.test.ts',
    why: 'no client of AWS can withdraw',
  },
  unsupported_wallet: {
    elsewhere: 'test/scenarios/solana-wallets.test.ts',
    why: 'it needs a wallet of Solana, which a provider makes',
  },
  approvals_off: {
    elsewhere: 'test/service/allowances/approvals-off.test.ts',
    why: 'no client of AWS can ask for an approval',
  },
  coin_not_withdrawable: {
    elsewhere: 'test/scenarios/coin-withdrawals.test.ts',
    why: 'no client of AWS can withdraw',
  },
  withdrawal_under_way: {
    elsewhere: 'test/service/allowances/coin-withdrawals.test.ts',
    why: 'no client of AWS can withdraw',
  },
  insufficient_funds: {
    elsewhere: 'test/service/balances/shortage.test.ts',
    why: 'no client of AWS can have a balance looked at',
  },
  chain_unavailable: {
    elsewhere: 'test/service/balances/shortage.test.ts',
    why: 'no client of AWS can have a balance looked at',
  },
  allowance_requested: { elsewhere: 'test/service/allowances/for-purchase.test.ts', why: NO_402 },
  token_reused: 'here',
  conflict: 'here',
  busy: {
    elsewhere: 'test/service/paying/process-payment.test.ts',
    why: 'it needs calls that stand still in the middle; the retry of its 429 is tested here',
  },
  repeated_purchase: {
    elsewhere: 'test/service/paying/repetition.test.ts',
    why: 'it is off unless the deployment asks for it',
  },
  attempts_exhausted: {
    elsewhere: 'test/service/paying/process-payment.test.ts',
    why: 'it needs attempts that die in the middle',
  },
};

/** A new error of the wire does not compile until it stands here. `made up`: answered at the client's edge. */
export const ERRORS: Readonly<Record<ErrorName, 'provoked' | 'made up'>> = {
  ValidationException: 'provoked',
  ResourceNotFoundException: 'provoked',
  ConflictException: 'provoked',
  AccessDeniedException: 'provoked',
  UnauthorizedException: 'provoked',
  ServiceQuotaExceededException: 'provoked',
  ThrottlingException: 'made up',
  InternalServerException: 'made up',
};
