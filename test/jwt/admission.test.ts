import { describe, expect, test } from 'vitest';
import {
  issuerKeyOfDiscoveryUrl,
  type CustomClaim,
  type JwtAuthorizer,
  type VerifiedClaims,
} from '../../lib/domain/tenants/jwt-authorizer.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { admitClaims, scopeRefusal } from '../../lib/jwt/admission.ts';

const NOW = toEpochMs(1_790_000_000_000);

const AUTHORIZER: JwtAuthorizer = {
  discoveryUrl: 'https://issuer.example/pool/.well-known/openid-configuration',
  allowedAudience: null,
  allowedClients: null,
  allowedScopes: null,
  customClaims: [],
  advertisedScopeMapping: null,
  managementScope: 'bursar/manage',
  managementMayPay: false,
};

const CLAIMS: VerifiedClaims = { iss: 'https://issuer.example/pool', sub: 'alice', exp: NOW / 1000 + 60 };

function judge(authorizer: Partial<JwtAuthorizer>, claims: Record<string, unknown>): string {
  const admitted = admitClaims({ ...AUTHORIZER, ...authorizer }, { ...CLAIMS, ...claims }, NOW);
  return admitted.ok ? 'admitted' : admitted.error.reason;
}

test('admits a token without further conditions, as its user and with its scopes', () => {
  const admitted = admitClaims(AUTHORIZER, { ...CLAIMS, scope: 'a b  c ', scp: ['d', 'e f'] }, NOW);
  expect(admitted).toEqual({ ok: true, value: { userId: 'alice', scopes: new Set(['a', 'b', 'c', 'd', 'e', 'f']) } });
});

const CASES: [string, Partial<JwtAuthorizer>, Record<string, unknown>, string][] = [
  ['issuer with a slash behind', {}, { iss: 'https://issuer.example/pool/' }, 'admitted'],
  ['issuer of another pool', {}, { iss: 'https://issuer.example/pool2' }, 'issuer'],
  ['issuer above the pool', {}, { iss: 'https://issuer.example' }, 'issuer'],
  ['issuer in another case', {}, { iss: 'https://issuer.example/Pool' }, 'issuer'],
  ['discovery URL of another form', { discoveryUrl: 'https://issuer.example/pool' }, {}, 'issuer'],
  ['a second left', {}, { exp: NOW / 1000 + 1 }, 'admitted'],
  ['no second left', {}, { exp: NOW / 1000 }, 'expired'],
  ['time that is no number', {}, { exp: Number.NaN }, 'expired'],

  ['audience', { allowedAudience: ['a', 'b'] }, { aud: 'b' }, 'admitted'],
  ['audience in a list', { allowedAudience: ['a', 'b'] }, { aud: ['x', 'a'] }, 'admitted'],
  ['another audience', { allowedAudience: ['a', 'b'] }, { aud: 'a b' }, 'audience'],
  ['no audience', { allowedAudience: ['a'] }, {}, 'audience'],
  ['audience beside a number', { allowedAudience: ['a'] }, { aud: ['a', 1] }, 'audience'],
  ['audience where none is allowed', { allowedAudience: [] }, { aud: 'a' }, 'audience'],
  ['audience where the client should stand', { allowedClients: ['a'] }, { aud: 'a' }, 'client'],
  ['any audience without a condition', {}, { aud: 'a' }, 'admitted'],

  ['client', { allowedClients: ['a'] }, { client_id: 'a' }, 'admitted'],
  ['client as azp', { allowedClients: ['a'] }, { azp: 'a' }, 'admitted'],
  ['azp beside another client', { allowedClients: ['a'] }, { client_id: 'b', azp: 'a' }, 'client'],
  ['azp beside a client that is null', { allowedClients: ['a'] }, { client_id: null, azp: 'a' }, 'client'],
  ['client in a list', { allowedClients: ['a'] }, { client_id: ['a'] }, 'client'],
  ['no client', { allowedClients: ['a'] }, {}, 'client'],

  ['one of the scopes', { allowedScopes: ['a', 'b'] }, { scope: 'x b' }, 'admitted'],
  ['scope in a list', { allowedScopes: ['a'] }, { scp: ['x', 'a'] }, 'admitted'],
  ['scp as a string', { allowedScopes: ['a'] }, { scp: 'x a' }, 'admitted'],
  ['a part of a scope', { allowedScopes: ['bursar/pay'] }, { scope: 'bursar/payment bursar' }, 'scope'],
  ['scope in another case', { allowedScopes: ['a'] }, { scope: 'A' }, 'scope'],
  ['scope that is empty', { allowedScopes: [''] }, { scope: '  ' }, 'scope'],
  ['no scope', { allowedScopes: ['a'] }, {}, 'scope'],
  ['scope as an object', { allowedScopes: ['a'] }, { scope: { a: 'a' } }, 'scope'],
];

test.each(CASES)('judges a token with: %s', (_, authorizer, claims, outcome) => {
  expect(judge(authorizer, claims)).toBe(outcome);
});

describe('custom claims', () => {
  const equals: CustomClaim = { name: 'tier', type: 'STRING', operator: 'EQUALS', value: 'gold' };
  const contains: CustomClaim = { name: 'groups', type: 'STRING_ARRAY', operator: 'CONTAINS', value: 'payers' };
  const any: CustomClaim = {
    name: 'groups',
    type: 'STRING_ARRAY',
    operator: 'CONTAINS_ANY',
    values: ['payers', 'admins'],
  };
  const cases: [CustomClaim, unknown, boolean][] = [
    [equals, 'gold', true],
    [equals, 'golden', false],
    [equals, ['gold'], false],
    [equals, null, false],
    [contains, ['x', 'payers'], true],
    [contains, ['x'], false],
    [contains, [], false],
    [contains, 'payers', false],
    [contains, ['payers', 1], false],
    [contains, { 0: 'payers' }, false],
    [any, ['admins'], true],
    [any, ['x', 'payers'], true],
    [any, ['x'], false],
    [any, 'admins', false],
    [{ ...any, values: [] }, ['admins'], false],
  ];
  test.each(cases)('%o by the value %j: %s', (condition, value, holds) => {
    expect(judge({ customClaims: [condition] }, { [condition.name]: value })).toBe(holds ? 'admitted' : 'claim');
  });

  test('must all hold', () => {
    expect(judge({ customClaims: [equals, contains] }, { tier: 'gold', groups: ['payers'] })).toBe('admitted');
    expect(judge({ customClaims: [equals, contains] }, { tier: 'gold', groups: [] })).toBe('claim');
    expect(judge({ customClaims: [equals, contains] }, { groups: ['payers'] })).toBe('claim');
  });

  test.each(['__proto__', 'constructor', 'toString'])('are never inherited: %s', (name) => {
    const claims = Object.assign(Object.create({ tier: 'gold' }) as object, CLAIMS);
    expect(admitClaims({ ...AUTHORIZER, customClaims: [equals] }, claims, NOW).ok).toBe(false);
    const inherited: CustomClaim = { ...equals, name, value: 'gold' };
    expect(judge({ customClaims: [inherited] }, {})).toBe('claim');
  });
});

test('an inherited audience, client or scope counts for nothing', () => {
  const claims = Object.assign(Object.create({ aud: 'a', client_id: 'a', scope: 'a' }) as object, CLAIMS);
  for (const name of ['allowedAudience', 'allowedClients', 'allowedScopes']) {
    expect(admitClaims({ ...AUTHORIZER, [name]: ['a'] }, claims, NOW).ok).toBe(false);
  }
});

describe('the management scope', () => {
  const agent = new Set(['x', 'bursar/manages']);
  const manager = new Set(['x', 'bursar/manage']);

  test('is needed for managing', () => {
    expect(scopeRefusal(AUTHORIZER, agent, 'manage')).toBe('lacks_management_scope');
    expect(scopeRefusal(AUTHORIZER, new Set(), 'manage')).toBe('lacks_management_scope');
    expect(scopeRefusal(AUTHORIZER, manager, 'manage')).toBeNull();
  });

  test('keeps from paying unless the manager allows it', () => {
    expect(scopeRefusal(AUTHORIZER, agent, 'pay')).toBeNull();
    expect(scopeRefusal(AUTHORIZER, manager, 'pay')).toBe('has_management_scope');
    expect(scopeRefusal({ ...AUTHORIZER, managementMayPay: true }, manager, 'pay')).toBeNull();
    expect(scopeRefusal({ ...AUTHORIZER, managementMayPay: true }, agent, 'manage')).toBe('lacks_management_scope');
  });

  test('makes no difference to reading', () => {
    expect(scopeRefusal(AUTHORIZER, agent, 'read')).toBeNull();
    expect(scopeRefusal(AUTHORIZER, manager, 'read')).toBeNull();
  });

  test('is the one that the manager names', () => {
    expect(scopeRefusal({ ...AUTHORIZER, managementScope: 'x' }, agent, 'manage')).toBeNull();
    expect(scopeRefusal({ ...AUTHORIZER, managementScope: 'y' }, manager, 'manage')).toBe('lacks_management_scope');
  });
});

test('a discovery URL gives the issuer key that tokens are looked up by', () => {
  expect(issuerKeyOfDiscoveryUrl(AUTHORIZER.discoveryUrl)).toBe('https://issuer.example/pool');
  const wellKnown = 'https://issuer.example/.well-known';
  expect(issuerKeyOfDiscoveryUrl(`${wellKnown}/oauth-authorization-server`)).toBe('https://issuer.example');
  expect(issuerKeyOfDiscoveryUrl(`${wellKnown}/oauth-authorization-server/pool`)).toBe('https://issuer.example/pool');
  expect(issuerKeyOfDiscoveryUrl(`${wellKnown}/openid-configuration/pool/`)).toBe('https://issuer.example/pool');
  expect(issuerKeyOfDiscoveryUrl('https://issuer.example/a/.well-known/openid-configuration/b')).toBeNull();
  expect(issuerKeyOfDiscoveryUrl(`${wellKnown}/openid-configurations`)).toBeNull();
});

describe('a token of the page of wallets', () => {
  const withPage = { ...AUTHORIZER, walletSignIn: { clientId: 'page', scope: 'bursar/wallet' } };
  const page = new Set(['openid', 'bursar/wallet']);

  test('looks after wallets and reads, and neither pays nor manages', () => {
    expect(scopeRefusal(withPage, page, 'wallet')).toBeNull();
    expect(scopeRefusal(withPage, page, 'read')).toBeNull();
    expect(scopeRefusal(withPage, page, 'pay')).toBe('has_wallet_scope');
    expect(scopeRefusal({ ...withPage, managementMayPay: true }, page, 'pay')).toBe('has_wallet_scope');
    expect(scopeRefusal(withPage, page, 'manage')).toBe('lacks_management_scope');
  });

  test('is one where the manager has a page alone, and no agent’s is', () => {
    expect(scopeRefusal(AUTHORIZER, page, 'wallet')).toBe('lacks_management_scope');
    expect(scopeRefusal(AUTHORIZER, page, 'pay')).toBeNull();
    expect(scopeRefusal(withPage, new Set(['bursar/pay']), 'wallet')).toBe('lacks_management_scope');
    expect(scopeRefusal(withPage, new Set([AUTHORIZER.managementScope]), 'wallet')).toBeNull();
  });
});
