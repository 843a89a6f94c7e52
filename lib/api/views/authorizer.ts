import type { CustomClaim, JwtAuthorizer } from '../../domain/tenants/jwt-authorizer.ts';

/** The configuration as its creator gave it, with what was left open filled in. */
export function toAuthorizerConfiguration(jwt: JwtAuthorizer) {
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
      ...(jwt.walletSignIn === undefined ? {} : { walletSignIn: jwt.walletSignIn }),
    },
  };
}

function toCustomClaimInput(claim: CustomClaim) {
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
