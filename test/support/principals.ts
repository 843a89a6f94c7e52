import { discoveryUrlOf, type JwtAuthorizer, type VerifiedClaims } from '../../lib/domain/tenants/jwt-authorizer.ts';
import type { Principal } from '../../lib/domain/tenants/principal.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://payments.example';

/** Takes tokens of `ISSUER` for `AUDIENCE`. */
export function makeJwtAuthorizer(overrides: Partial<JwtAuthorizer> = {}): JwtAuthorizer {
  return {
    discoveryUrl: discoveryUrlOf(ISSUER),
    allowedAudience: [AUDIENCE],
    allowedClients: null,
    allowedScopes: null,
    customClaims: [],
    advertisedScopeMapping: null,
    managementScope: 'bursar/manage',
    managementMayPay: false,
    ...overrides,
  };
}

/** Claims that such an authorizer takes until the end of the year 9999. */
export function makeClaims(overrides: Partial<VerifiedClaims> = {}): VerifiedClaims {
  return { iss: ISSUER, sub: 'user-1', aud: AUDIENCE, exp: 253_402_300_799, scope: '', ...overrides };
}

export function tokenHolder(overrides: Partial<VerifiedClaims> = {}): Principal {
  const claims = makeClaims(overrides);
  return { userId: claims.sub, claims };
}
