import * as v from 'valibot';
import {
  AUTHORIZER_CLAIMS_MAX,
  AUTHORIZER_LIST_MAX,
  AUTHORIZER_VALUE_MAX_CHARS,
  URL_MAX_CHARS,
} from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import {
  DISCOVERY_URL,
  MANAGEMENT_SCOPE_DEFAULT,
  WALLET_SCOPE_DEFAULT,
  type CustomClaim,
  type JwtAuthorizer,
} from '../../domain/tenants/jwt-authorizer.ts';
import { define } from '../define.ts';
import { said, tagSet } from './answers.ts';
import { oneMember, text, unsupported } from './text.ts';

// https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CustomJWTAuthorizerConfiguration.html

/** Whether a URL can be trusted to answer for its owner: https, or plain http that never leaves the machine. */
function isTrustworthyUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const parsed = new URL(url);
  const { username, password, search, hash } = parsed;
  return isSecureUrl(parsed) && [username, password, search, hash].every((part) => part === '');
}

const scope = text(1, 255, {
  pattern: /^[\x21\x23-\x5B\x5D-\x7E]+$/,
  expected: 'a scope: printable characters without space, quote or backslash',
});

function listOf<T extends v.GenericSchema<string>>(item: T) {
  return v.optional(
    v.pipe(
      v.array(item, 'must be a list'),
      v.minLength(1, 'must have at least one entry, or be left out'),
      v.maxLength(AUTHORIZER_LIST_MAX, `must have at most ${AUTHORIZER_LIST_MAX} entries`),
    ),
  );
}

const value = text(1, AUTHORIZER_VALUE_MAX_CHARS);
const values = v.pipe(
  v.array(value, 'must be a list'),
  v.minLength(1, 'must have at least one entry'),
  v.maxLength(AUTHORIZER_LIST_MAX, `must have at most ${AUTHORIZER_LIST_MAX} entries`),
);

/** One rule of AgentCore's `customClaims`. */
interface ClaimRule {
  readonly inboundTokenClaimName: string;
  readonly inboundTokenClaimValueType: 'STRING' | 'STRING_ARRAY';
  readonly authorizingClaimMatchValue: {
    readonly claimMatchValue: {
      readonly matchValueString?: string | undefined;
      readonly matchValueStringList?: readonly string[] | undefined;
    };
    readonly claimMatchOperator: 'EQUALS' | 'CONTAINS' | 'CONTAINS_ANY';
  };
}

/** AgentCore compares a claim in three ways and no other; `null` for any other. */
function toCustomClaim({
  inboundTokenClaimName: name,
  inboundTokenClaimValueType: type,
  authorizingClaimMatchValue: { claimMatchOperator: operator, claimMatchValue: match },
}: ClaimRule): CustomClaim | null {
  const { matchValueString: single, matchValueStringList: several } = match;
  if (type === 'STRING') {
    return operator === 'EQUALS' && single !== undefined ? { name, type, operator, value: single } : null;
  }
  if (operator === 'CONTAINS' && single !== undefined) return { name, type, operator, value: single };
  return operator === 'CONTAINS_ANY' && several !== undefined ? { name, type, operator, values: several } : null;
}

const claimRule = v.object({
  inboundTokenClaimName: text(1, 255, {
    pattern: /^[A-Za-z0-9_.:/-]+$/,
    expected: 'the name of a claim: letters, digits and _ . - : /',
  }),
  inboundTokenClaimValueType: v.picklist(['STRING', 'STRING_ARRAY'], 'must be STRING or STRING_ARRAY'),
  authorizingClaimMatchValue: v.object({
    claimMatchValue: v.pipe(
      v.object({ matchValueString: v.optional(value), matchValueStringList: v.optional(values) }),
      oneMember(['matchValueString', 'matchValueStringList']),
    ),
    claimMatchOperator: v.picklist(['EQUALS', 'CONTAINS', 'CONTAINS_ANY'], 'must be EQUALS, CONTAINS or CONTAINS_ANY'),
  }),
});
const customClaim = v.pipe(
  claimRule,
  v.rawTransform<v.InferOutput<typeof claimRule>, CustomClaim>(({ dataset, addIssue, NEVER }) => {
    const claim = toCustomClaim(dataset.value);
    if (claim !== null) return claim;
    addIssue({
      message:
        'must compare a STRING by EQUALS with matchValueString, or a STRING_ARRAY by CONTAINS with matchValueString or by CONTAINS_ANY with matchValueStringList',
    });
    return NEVER;
  }),
);

const customJWTAuthorizer = v.pipe(
  v.object({
    discoveryUrl: v.pipe(
      text(1, URL_MAX_CHARS, {
        pattern: DISCOVERY_URL,
        expected:
          'a URL that ends in /.well-known/openid-configuration or /.well-known/oauth-authorization-server, or has the path of the issuer behind it and nothing but a host before',
      }),
      v.check(isTrustworthyUrl, 'must be an https URL without user, query or fragment'),
    ),
    allowedAudience: listOf(value),
    allowedClients: listOf(value),
    allowedScopes: listOf(scope),
    customClaims: v.optional(
      v.pipe(
        v.array(customClaim, 'must be a list'),
        v.minLength(1, 'must have at least one entry, or be left out'),
        v.maxLength(AUTHORIZER_CLAIMS_MAX, `must have at most ${AUTHORIZER_CLAIMS_MAX} entries`),
      ),
    ),
    advertisedScopeMapping: v.optional(
      v.pipe(
        v.record(scope, scope, 'must be an object'),
        v.minEntries(1, 'must have at least one member, or be left out'),
        v.maxEntries(AUTHORIZER_LIST_MAX, `must have at most ${AUTHORIZER_LIST_MAX} members`),
      ),
    ),
    managementScope: v.optional(scope),
    managementMayPay: v.optional(v.boolean('must be true or false')),
    walletSignIn: v.optional(
      v.pipe(
        v.object({ clientId: value, scope: v.optional(scope, WALLET_SCOPE_DEFAULT), resource: v.optional(value) }),
        v.transform(({ resource, ...members }) => ({ ...members, ...(resource === undefined ? {} : { resource }) })),
      ),
    ),
    privateEndpoint: unsupported('issuers are reached over the internet'),
    privateEndpointOverrides: unsupported('issuers are reached over the internet'),
    certificateConfigurations: unsupported('issuers need a certificate of a public authority'),
    allowedWorkloadConfiguration: unsupported('which workload a token comes from is not looked at'),
  }),
  v.check(
    ({ allowedAudience, allowedClients, allowedScopes, customClaims }) =>
      [allowedAudience, allowedClients, allowedScopes, customClaims].some((rule) => rule !== undefined),
    'must have at least one of allowedAudience, allowedClients, allowedScopes and customClaims: otherwise every token of the issuer would do',
  ),
  v.check(
    ({ allowedClients, walletSignIn }) =>
      walletSignIn === undefined || (allowedClients ?? [walletSignIn.clientId]).includes(walletSignIn.clientId),
    'must have the clientId of walletSignIn among its allowedClients: else no user could sign in',
  ),
  v.transform((jwt): JwtAuthorizer => ({
    discoveryUrl: jwt.discoveryUrl,
    allowedAudience: jwt.allowedAudience ?? null,
    allowedClients: jwt.allowedClients ?? null,
    allowedScopes: jwt.allowedScopes ?? null,
    customClaims: jwt.customClaims ?? [],
    advertisedScopeMapping: jwt.advertisedScopeMapping ?? null,
    managementScope: jwt.managementScope ?? MANAGEMENT_SCOPE_DEFAULT,
    managementMayPay: jwt.managementMayPay ?? false,
    ...(jwt.walletSignIn === undefined ? {} : { walletSignIn: jwt.walletSignIn }),
  })),
);

export const authorizerType = v.picklist(['AWS_IAM', 'CUSTOM_JWT'], 'must be AWS_IAM or CUSTOM_JWT');
/** What comes out is the authorizer itself, with what the request leaves open filled in. */
export const authorizerConfiguration = v.optional(
  v.pipe(
    v.object({ customJWTAuthorizer }),
    v.transform(({ customJWTAuthorizer: jwt }) => jwt),
  ),
);

/** The configuration as its creator gave it, with what was left open filled in. */
export const authorizerAnswer = /* @__PURE__ */ define(() =>
  v.strictObject({
    customJWTAuthorizer: v.strictObject({
      discoveryUrl: v.string(),
      allowedAudience: v.optional(v.array(v.string())),
      allowedClients: v.optional(v.array(v.string())),
      allowedScopes: v.optional(v.array(v.string())),
      customClaims: v.optional(
        v.array(
          v.strictObject({
            inboundTokenClaimName: v.string(),
            inboundTokenClaimValueType: v.picklist(['STRING', 'STRING_ARRAY']),
            authorizingClaimMatchValue: v.strictObject({
              claimMatchValue: v.strictObject({
                matchValueString: v.optional(v.string()),
                matchValueStringList: v.optional(v.array(v.string())),
              }),
              claimMatchOperator: v.picklist(['EQUALS', 'CONTAINS', 'CONTAINS_ANY']),
            }),
          }),
        ),
      ),
      advertisedScopeMapping: v.optional(tagSet),
      managementScope: said(
        v.string(),
        'the scope without which a token can neither make, list nor delete. Not in AgentCore',
      ),
      managementMayPay: said(v.boolean(), 'whether a token with that scope may pay as well. Not in AgentCore'),
      walletSignIn: v.optional(
        said(
          v.strictObject({ clientId: v.string(), scope: v.string(), resource: v.optional(v.string()) }),
          'by which client, and for which scope, users sign in on the page of wallets. Not in AgentCore',
        ),
      ),
    }),
  }),
);
