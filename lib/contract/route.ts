import { BODY_MAX_BYTES, IDENTITY_BODY_MAX_BYTES } from '../domain/limits.ts';
import type { Access } from '../domain/tenants/principal.ts';

/** The functions behind the API: one per privilege, named as their file in `lambdas/`. */
export const FUNCTION_NAMES = [
  'process-payment',
  'read-payments',
  'manage-sessions',
  'manage-instruments',
  'manage-connectors',
  'manage-identities',
  'issue-tokens',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** The roles that a deployment hands out; TokenRole and TreasuryRole only where it asks for them. */
export const ROLE_NAMES = [
  'ControlPlaneRole',
  'ManagementRole',
  'ProcessPaymentRole',
  'ObserverRole',
  'TokenRole',
  'TreasuryRole',
] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

export interface OperationRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** API Gateway form, with `{name}` for a path parameter. */
  readonly path: string;
  readonly successStatus: 200 | 201 | 202 | 204;
  readonly function: FunctionName;
  readonly roles: readonly RoleName[];
  /** Whether the call acts for a user: of the user-id header, or of the token. */
  readonly user: 'required' | 'none';
  /** Under `/oauth` with a token: what the call is. `null`: with IAM signatures only. */
  readonly oauth: Access | null;
  /** Whether the page of one wallet may call it, for that wallet alone: it names the wallet by `paymentInstrumentId`. @default false */
  readonly walletPage?: boolean;
  /** Members that stand in the query string; `many` may be repeated and is a list. */
  readonly query?: Readonly<Record<string, 'one' | 'many'>>;
  /** What is wrong in the request is quoted by its size only: a secret may stand in the wrong place. */
  readonly hasSecrets?: boolean;
}

export type OperationTable = Readonly<Record<string, OperationRoute>>;

/** The most that a request's body may have. */
export function bodyMaxBytes({ path }: Pick<OperationRoute, 'path'>): number {
  return path.startsWith('/identities') ? IDENTITY_BODY_MAX_BYTES : BODY_MAX_BYTES;
}

/** Where the operations that take tokens stand a second time. */
export const OAUTH_PREFIX = '/oauth';
