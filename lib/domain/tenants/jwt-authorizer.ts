/**
 * Which tokens a payment manager takes; AgentCore's `customJWTAuthorizer` with two members of ours. Every condition that is
 * present must hold; `null` is a condition that is absent.
 *
 * @see https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CustomJWTAuthorizerConfiguration.html
 */
export interface JwtAuthorizer {
  /** Where the issuer says what it is; `issuerKeyOfDiscoveryUrl` tells the issuer. */
  readonly discoveryUrl: string;
  /** One of these must be among the token's `aud`. */
  readonly allowedAudience: readonly string[] | null;
  /** One of these must be the token's client: `client_id`, or the first of `azp`, `cid` and `appid` where there is none. */
  readonly allowedClients: readonly string[] | null;
  /** One of these must be among the token's `scope`, `scp` and `roles`. */
  readonly allowedScopes: readonly string[] | null;
  /** All of them must hold. */
  readonly customClaims: readonly CustomClaim[];
  /** Kept and returned as it was given; it decides nothing about who may do what. */
  readonly advertisedScopeMapping: Readonly<Record<string, string>> | null;
  /** The scope without which a token can neither make, list nor delete instruments and sessions. Not in AgentCore. */
  readonly managementScope: string;
  /** Whether a token with the management scope may pay as well. Not in AgentCore. */
  readonly managementMayPay: boolean;
  /** How users sign in on the page of wallets; missing where they do not. Not in AgentCore. */
  readonly walletSignIn?: WalletSignIn;
}

/** The client that stands for the page of wallets at the issuer: one without a secret, of a browser. */
export interface WalletSignIn {
  readonly clientId: string;
  /** What a token of the page has, and no other: it looks after the user's wallets, and pays nothing. */
  readonly scope: string;
  /** For whom the page asks its tokens to be, where the issuer wants to be told (RFC 8707). */
  readonly resource?: string;
}

/** The scope of a page that names none. */
export const WALLET_SCOPE_DEFAULT = 'bursar/wallet';

/** The management scope of a manager that names none. */
export const MANAGEMENT_SCOPE_DEFAULT = 'bursar/manage';

export type CustomClaim =
  | { readonly name: string; readonly type: 'STRING'; readonly operator: 'EQUALS'; readonly value: string }
  | { readonly name: string; readonly type: 'STRING_ARRAY'; readonly operator: 'CONTAINS'; readonly value: string }
  | {
      readonly name: string;
      readonly type: 'STRING_ARRAY';
      readonly operator: 'CONTAINS_ANY';
      readonly values: readonly string[];
    };

/** The claims of a token whose signature, time and issuer were verified. What else it says is for each manager to judge. */
export interface VerifiedClaims {
  readonly iss: string;
  /** The user. */
  readonly sub: string;
  /** Epoch seconds. */
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/**
 * What stands before the well-known part is the issuer. RFC 8414 puts an issuer's path behind it instead; then nothing but
 * the host may stand before it, so that one URL never means two issuers.
 */
export const DISCOVERY_URL =
  /^(?:([^\s?#]+)\/\.well-known\/(?:openid-configuration|oauth-authorization-server)|(https?:\/\/[^\s?#/]+)\/\.well-known\/(?:openid-configuration|oauth-authorization-server)(\/[^\s?#]+))$/;

/** The key under which managers and tokens of one issuer meet; a slash at the end of an issuer makes no difference. */
export function issuerKey(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
}

/** The issuer key of a discovery URL, or `null` for a URL that is none. */
export function issuerKeyOfDiscoveryUrl(discoveryUrl: string): string | null {
  const match = DISCOVERY_URL.exec(discoveryUrl);
  if (match === null) return null;
  const [, before, host, path] = match;
  return issuerKey(before ?? `${host}${path}`);
}

/** The keys of the issuers whose tokens managers of this deployment may take; `null` is any. */
export type TrustedIssuers = ReadonlySet<string> | null;

/** Whether the deployment leaves it to managers to trust an issuer, by the issuer's key. */
export function mayTrust(trusted: TrustedIssuers, key: string | null): boolean {
  return trusted === null || (key !== null && trusted.has(key));
}

/** Where an issuer's discovery document stands. */
export function discoveryUrlOf(issuer: string): string {
  return `${issuerKey(issuer)}/.well-known/openid-configuration`;
}
