import { MANAGEMENT_SCOPE_DEFAULT, type CustomClaim, type JwtAuthorizer } from '../../domain/tenants/jwt-authorizer.ts';
import type { Authorizer } from '../../domain/tenants/resources.ts';

/** One rule of AgentCore's `customClaims`. */
export interface CustomClaimInput {
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

/** AgentCore's `authorizerConfiguration`, checked by its schema. */
export interface AuthorizerConfiguration {
  readonly customJWTAuthorizer: {
    readonly discoveryUrl: string;
    readonly allowedAudience?: readonly string[] | undefined;
    readonly allowedClients?: readonly string[] | undefined;
    readonly allowedScopes?: readonly string[] | undefined;
    readonly customClaims?: readonly CustomClaimInput[] | undefined;
    readonly advertisedScopeMapping?: Readonly<Record<string, string>> | undefined;
    readonly managementScope?: string | undefined;
    readonly managementMayPay?: boolean | undefined;
  };
}

/** Throws where type and configuration do not fit; the schema and the caller see to it that they do. */
export function toAuthorizer(type: Authorizer['type'], configuration: AuthorizerConfiguration | undefined): Authorizer {
  if (type === 'AWS_IAM') return { type };
  if (configuration === undefined) throw new Error('CUSTOM_JWT without its configuration');
  const { customJWTAuthorizer: jwt } = configuration;
  return {
    type,
    jwt: {
      discoveryUrl: jwt.discoveryUrl,
      allowedAudience: jwt.allowedAudience ?? null,
      allowedClients: jwt.allowedClients ?? null,
      allowedScopes: jwt.allowedScopes ?? null,
      customClaims: (jwt.customClaims ?? []).map(toCustomClaim),
      advertisedScopeMapping: jwt.advertisedScopeMapping ?? null,
      managementScope: jwt.managementScope ?? MANAGEMENT_SCOPE_DEFAULT,
      managementMayPay: jwt.managementMayPay ?? false,
    },
  };
}

function toCustomClaim({
  inboundTokenClaimName: name,
  authorizingClaimMatchValue: { claimMatchOperator: operator, claimMatchValue: match },
}: CustomClaimInput): CustomClaim {
  const { matchValueString: value, matchValueStringList: values } = match;
  if (operator === 'CONTAINS_ANY' && values !== undefined) return { name, type: 'STRING_ARRAY', operator, values };
  if (operator === 'CONTAINS' && value !== undefined) return { name, type: 'STRING_ARRAY', operator, value };
  if (operator === 'EQUALS' && value !== undefined) return { name, type: 'STRING', operator, value };
  throw new Error(`a claim rule passed the schema and cannot be read: ${operator}`);
}

/** The configuration as its creator gave it, with what was left open filled in. */
export function toAuthorizerConfiguration(jwt: JwtAuthorizer): AuthorizerConfiguration {
  return {
    customJWTAuthorizer: {
      discoveryUrl: jwt.discoveryUrl,
      ...(jwt.allowedAudience === null ? {} : { allowedAudience: jwt.allowedAudience }),
      ...(jwt.allowedClients === null ? {} : { allowedClients: jwt.allowedClients }),
      ...(jwt.allowedScopes === null ? {} : { allowedScopes: jwt.allowedScopes }),
      ...(jwt.customClaims.length === 0 ? {} : { customClaims: jwt.customClaims.map(toCustomClaimInput) }),
      ...(jwt.advertisedScopeMapping === null ? {} : { advertisedScopeMapping: jwt.advertisedScopeMapping }),
      managementScope: jwt.managementScope,
      managementMayPay: jwt.managementMayPay,
    },
  };
}

function toCustomClaimInput(claim: CustomClaim): CustomClaimInput {
  return {
    inboundTokenClaimName: claim.name,
    inboundTokenClaimValueType: claim.type,
    authorizingClaimMatchValue: {
      claimMatchValue:
        claim.operator === 'CONTAINS_ANY' ? { matchValueStringList: claim.values } : { matchValueString: claim.value },
      claimMatchOperator: claim.operator,
    },
  };
}
