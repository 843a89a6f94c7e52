import type { JwtAuthorizer } from '../../lib/domain/tenants/jwt-authorizer.ts';

/** A token as an identity provider makes it, with invented names, and a manager that was set up for it. */
export interface TokenShape {
  readonly name: string;
  /** As the provider spells it in discovery document and tokens. */
  readonly issuer: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly algorithm?: 'RS256' | 'ES256' | 'EdDSA';
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
  readonly manager: Partial<JwtAuthorizer>;
  /** What the manager lets the token do, or why there is no such token here. */
  readonly outcome: 'pays' | 'manages' | { readonly refused: string };
}

const TENANT = '5d1f3c2a-0000-4000-8000-9b1b7a6c5e4d';
const ENTRA_V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const ENTRA_V1 = `https://sts.windows.net/${TENANT}/`;
const COGNITO = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01';

/** @see docs/operating.md, "Tokens of an identity provider" */
export const TOKEN_SHAPES: readonly TokenShape[] = [
  {
    name: 'Cognito, access token of a user',
    issuer: COGNITO,
    claims: {
      sub: '93b4f8a2-6031-70c9-2f3e-0d5c1b2a4e6f',
      token_use: 'access',
      client_id: '1example23456789',
      username: 'alice',
      scope: 'openid bursar/pay',
      version: 2,
    },
    manager: { allowedClients: ['1example23456789'], allowedScopes: ['bursar/pay'] },
    outcome: 'pays',
  },
  {
    name: 'Cognito, client credentials',
    issuer: COGNITO,
    claims: { sub: '1machine', token_use: 'access', client_id: '1machine', scope: 'bursar/manage', version: 2 },
    manager: { allowedClients: ['1machine'] },
    outcome: 'manages',
  },
  {
    name: 'Cognito, ID token',
    issuer: COGNITO,
    claims: { sub: '93b4f8a2-6031-70c9-2f3e-0d5c1b2a4e6f', token_use: 'id', aud: '1example23456789' },
    manager: { allowedAudience: ['1example23456789'] },
    outcome: { refused: 'claims' },
  },
  {
    name: 'Auth0, user of an enterprise connection',
    issuer: 'https://tenant.eu.auth0.com/',
    header: { typ: 'JWT' },
    claims: {
      sub: 'samlp|corp|John Doe',
      aud: ['https://bursar.example', 'https://tenant.eu.auth0.com/userinfo'],
      azp: 'auth0client',
      scope: 'openid bursar:pay',
      permissions: ['bursar:pay'],
    },
    manager: { allowedAudience: ['https://bursar.example'], allowedClients: ['auth0client'] },
    outcome: 'pays',
  },
  {
    name: 'Auth0, machine to machine',
    issuer: 'https://tenant.eu.auth0.com/',
    header: { typ: 'at+jwt' },
    claims: {
      sub: 'm2mclient@clients',
      aud: 'https://bursar.example',
      azp: 'm2mclient',
      client_id: 'm2mclient',
      gty: 'client-credentials',
      scope: 'bursar:manage',
    },
    manager: { allowedAudience: ['https://bursar.example'], managementScope: 'bursar:manage' },
    outcome: 'manages',
  },
  {
    name: 'Okta, custom authorization server',
    issuer: 'https://org.okta.com/oauth2/default',
    claims: {
      ver: 1,
      jti: 'AT.example',
      sub: 'alice@example.com',
      aud: 'api://default',
      cid: '0oaexample',
      uid: '00uexample',
      scp: ['openid', 'bursar.pay'],
      auth_time: 1_789_999_000,
    },
    manager: { allowedAudience: ['api://default'], allowedClients: ['0oaexample'], allowedScopes: ['bursar.pay'] },
    outcome: 'pays',
  },
  {
    name: 'Okta, service app',
    issuer: 'https://org.okta.com/oauth2/default',
    claims: { ver: 1, sub: '0oaservice', aud: 'api://default', cid: '0oaservice', scp: ['bursar/manage'] },
    manager: { allowedClients: ['0oaservice'] },
    outcome: 'manages',
  },
  {
    name: 'Entra ID version 2, user',
    issuer: ENTRA_V2,
    header: { typ: 'JWT', x5t: 'thumbprint' },
    claims: {
      sub: 'pairwise-AAAA_bbbb-1',
      oid: 'c0ffee00-0000-4000-8000-000000000001',
      tid: TENANT,
      aud: 'a11d0000-0000-4000-8000-000000000002',
      azp: 'b0b00000-0000-4000-8000-000000000003',
      azpacr: '1',
      scp: 'access_as_user bursar.pay',
      groups: ['11111111-0000-4000-8000-000000000001'],
      ver: '2.0',
    },
    manager: {
      allowedClients: ['b0b00000-0000-4000-8000-000000000003'],
      allowedScopes: ['bursar.pay'],
      customClaims: [{ name: 'tid', type: 'STRING', operator: 'EQUALS', value: TENANT }],
    },
    outcome: 'pays',
  },
  {
    name: 'Entra ID version 2, application alone',
    issuer: ENTRA_V2,
    claims: {
      sub: 'c0ffee00-0000-4000-8000-000000000009',
      aud: 'a11d0000-0000-4000-8000-000000000002',
      azp: 'b0b00000-0000-4000-8000-000000000009',
      idtyp: 'app',
      roles: ['bursar.manage'],
      ver: '2.0',
    },
    manager: { allowedAudience: ['a11d0000-0000-4000-8000-000000000002'], managementScope: 'bursar.manage' },
    outcome: 'manages',
  },
  {
    name: 'Entra ID version 1, by the discovery URL of its own issuer',
    issuer: ENTRA_V1,
    claims: {
      sub: 'pairwise-AAAA_bbbb-2',
      aud: 'api://bursar',
      appid: 'b0b00000-0000-4000-8000-000000000003',
      scp: 'bursar.pay',
      ver: '1.0',
    },
    manager: { allowedAudience: ['api://bursar'], allowedClients: ['b0b00000-0000-4000-8000-000000000003'] },
    outcome: 'pays',
  },
  {
    name: 'Google, ID token of a user',
    issuer: 'https://accounts.google.com',
    claims: {
      sub: '110169484474386276334',
      aud: 'client.apps.googleusercontent.com',
      azp: 'client.apps.googleusercontent.com',
      email: 'alice@example.com',
      email_verified: true,
    },
    manager: { allowedAudience: ['client.apps.googleusercontent.com'] },
    outcome: 'pays',
  },
  {
    name: 'Google, ID token without the scheme in its issuer',
    issuer: 'accounts.google.com',
    claims: { sub: '110169484474386276334', aud: 'client.apps.googleusercontent.com' },
    manager: {},
    outcome: { refused: 'unknown_issuer' },
  },
  {
    name: 'Keycloak, user with a Chinese name as id',
    issuer: 'https://sso.example/realms/商店',
    header: { typ: 'JWT' },
    claims: {
      sub: '王小明',
      typ: 'Bearer',
      azp: 'shop',
      aud: 'account',
      scope: 'openid bursar/pay',
      realm_access: { roles: ['bursar/manage', 'offline_access'] },
      resource_access: { account: { roles: ['view-profile'] } },
    },
    manager: { allowedClients: ['shop'], allowedScopes: ['bursar/pay'] },
    outcome: 'pays',
  },
  {
    name: 'Duende IdentityServer, with scopes in a list',
    issuer: 'https://identity.example',
    header: { typ: 'at+jwt' },
    claims: { sub: 'alice', client_id: 'agent', aud: 'bursar', scope: ['bursar/pay', 'profile'], amr: ['pwd'] },
    manager: { allowedAudience: ['bursar'], allowedScopes: ['bursar/pay'] },
    outcome: 'pays',
  },
  {
    name: 'Spring Authorization Server, with scopes in a list',
    issuer: 'https://auth.example:9000',
    claims: { sub: 'service', aud: 'service', scope: ['bursar/manage'], jti: 'b7f2' },
    manager: { allowedAudience: ['service'] },
    outcome: 'manages',
  },
  {
    name: 'UAA, by the discovery URL of its own issuer',
    issuer: 'https://uaa.example/oauth/token',
    claims: {
      sub: '3f2a0000-0000-4000-8000-00000000000a',
      client_id: 'app',
      cid: 'app',
      azp: 'app',
      scope: ['openid', 'bursar.pay'],
      aud: ['app', 'bursar'],
      rev_sig: 'abcd',
    },
    manager: { allowedClients: ['app'], allowedAudience: ['bursar'] },
    outcome: 'pays',
  },
  {
    name: 'Ory Hydra, with scopes in scp and null beside',
    issuer: 'https://hydra.example/',
    algorithm: 'ES256',
    claims: { sub: 'alice', client_id: 'agent', aud: [], ext: {}, scope: null, scp: ['bursar/pay'] },
    manager: { allowedScopes: ['bursar/pay'] },
    outcome: 'pays',
  },
  {
    name: 'Zitadel, machine user',
    issuer: 'https://instance.zitadel.cloud',
    claims: { sub: '218394785234', client_id: '2183@project', aud: ['2183@project', '2180'], jti: 'x' },
    manager: { allowedAudience: ['2180'] },
    outcome: 'pays',
  },
  {
    name: 'authentik, signed with Ed25519',
    issuer: 'https://login.example/application/o/bursar/',
    algorithm: 'EdDSA',
    claims: { sub: '👩‍💻', aud: 'client', azp: 'client', scope: 'openid bursar/pay', uid: 'x' },
    manager: { allowedAudience: ['client'] },
    outcome: 'pays',
  },
  {
    name: 'Kubernetes, service account',
    issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE',
    claims: {
      sub: 'system:serviceaccount:shop:agent',
      aud: ['bursar'],
      'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'agent', uid: 'x' } },
    },
    manager: { allowedAudience: ['bursar'] },
    outcome: 'pays',
  },
  {
    name: 'a logout token',
    issuer: 'https://identity.example',
    header: { typ: 'logout+jwt' },
    claims: { sub: 'alice', aud: 'bursar', events: {} },
    manager: {},
    outcome: { refused: 'malformed' },
  },
];
