import {
  issuerKey,
  issuerKeyOfDiscoveryUrl,
  type CustomClaim,
  type JwtAuthorizer,
  type VerifiedClaims,
} from '../domain/tenants/jwt-authorizer.ts';
import type { Access } from '../domain/tenants/principal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import type { EpochMs } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';

/** What a manager takes from a token: who pays, and what the token may do. */
export interface Admission {
  readonly userId: string;
  readonly scopes: ReadonlySet<string>;
}

/** The condition of the manager that the token does not meet. */
export interface AdmissionRefusal {
  readonly reason: 'issuer' | 'audience' | 'client' | 'scope' | 'claim' | 'expired';
}

/**
 * Judges verified claims by one manager's conditions; all that are present must hold. Does not verify anything again but the time
 * that has passed since, and does not say what the token may do: that is {@link scopeRefusal}.
 *
 * @see https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CustomJWTAuthorizerConfiguration.html
 */
export function admitClaims(
  authorizer: JwtAuthorizer,
  claims: VerifiedClaims,
  now: EpochMs,
): Result<Admission, AdmissionRefusal> {
  if (issuerKey(claims.iss) !== issuerKeyOfDiscoveryUrl(authorizer.discoveryUrl)) return refuse({ reason: 'issuer' });
  if (!(claims.exp * 1000 > now)) return refuse({ reason: 'expired' });
  if (!meets(authorizer.allowedAudience, textsOf(claims, 'aud'))) return refuse({ reason: 'audience' });
  if (!meets(authorizer.allowedClients, clientsOf(claims))) return refuse({ reason: 'client' });
  const scopes = scopesOf(claims);
  if (!meets(authorizer.allowedScopes, scopes)) return refuse({ reason: 'scope' });
  if (!authorizer.customClaims.every((condition) => holds(condition, claims))) return refuse({ reason: 'claim' });
  return ok({ userId: claims.sub, scopes: new Set(scopes) });
}

/**
 * Why a token with these scopes may not pay, read or manage at this manager, or `null` if it may. Managing is making, listing and
 * deleting of instruments and sessions. Any admitted token may read; one of the page of wallets looks after its user's own and pays
 * nothing; one that manages pays only where the manager says so, lest
 * the agent that spends a budget also grant it. AgentCore separates the two by IAM roles, which a token does not have.
 */
export function scopeRefusal(
  authorizer: JwtAuthorizer,
  scopes: ReadonlySet<string>,
  kind: Access,
): 'lacks_management_scope' | 'has_management_scope' | 'has_wallet_scope' | null {
  const isManager = scopes.has(authorizer.managementScope);
  const isPage = authorizer.walletSignIn !== undefined && scopes.has(authorizer.walletSignIn.scope);
  switch (kind) {
    case 'pay':
      if (isPage) return 'has_wallet_scope';
      return isManager && !authorizer.managementMayPay ? 'has_management_scope' : null;
    case 'wallet':
      return isManager || isPage ? null : 'lacks_management_scope';
    case 'manage':
      return isManager ? null : 'lacks_management_scope';
    case 'read':
      return null;
  }
}

/** An empty list of conditions is met by nothing; an absent one by everything. */
function meets(allowed: readonly string[] | null, present: readonly string[]): boolean {
  return allowed === null || present.some((text) => allowed.includes(text));
}

/** A string or a list of strings as a list; a list with anything else in it counts as none. */
function textsOf(claims: VerifiedClaims, name: string): readonly string[] {
  const value = memberOf(claims, name);
  if (typeof value === 'string') return [value];
  return isTexts(value) ? value : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

/**
 * Where issuers name the client, in the order in which the first that is there counts: RFC 8693 4.3 `client_id`; `azp` of OpenID
 * Connect; `cid` of Okta; `appid` of Entra ID's version 1 tokens. One that is there but no string is no client.
 */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'];

/** The client that a token was made for, as its issuer names it; at most one. */
export function clientsOf(claims: VerifiedClaims): readonly string[] {
  const name = CLIENT_CLAIMS.find((each) => Object.hasOwn(claims, each));
  const client = name === undefined ? undefined : memberOf(claims, name);
  return typeof client === 'string' ? [client] : [];
}

/**
 * RFC 8693 4.2 `scope`, with spaces between or as a list; Entra ID and Okta write `scp`. Entra's app-only tokens have `roles`
 * instead, the names of the application's roles, and so have those of users who were given one. All of them count.
 */
function scopesOf(claims: VerifiedClaims): readonly string[] {
  return ['scope', 'scp', 'roles']
    .flatMap((name) => textsOf(claims, name))
    .flatMap((text) => text.split(' ').filter(Boolean));
}

/** A type that differs from the condition's never holds: neither one string in place of a list nor the reverse. */
function holds(condition: CustomClaim, claims: VerifiedClaims): boolean {
  const value = memberOf(claims, condition.name);
  switch (condition.operator) {
    case 'EQUALS':
      return value === condition.value;
    case 'CONTAINS':
      return isTexts(value) && value.includes(condition.value);
    case 'CONTAINS_ANY':
      return isTexts(value) && condition.values.some((wanted) => value.includes(wanted));
  }
}
