import { describe, expect, test } from 'vitest';
import {
  MANAGEMENT_SCOPE_DEFAULT,
  discoveryUrlOf,
  issuerKey,
  issuerKeyOfDiscoveryUrl,
  mayTrust,
} from '../../../lib/domain/tenants/jwt-authorizer.ts';

const OPENID = '/.well-known/openid-configuration';
const RFC8414 = '/.well-known/oauth-authorization-server';

describe('a discovery URL', () => {
  test.each([
    [`https://issuer.example${OPENID}`, 'https://issuer.example'],
    [`https://issuer.example/pool/1${OPENID}`, 'https://issuer.example/pool/1'],
    [`https://issuer.example/pool${RFC8414}`, 'https://issuer.example/pool'],
    [`https://issuer.example/pool/${OPENID}`, 'https://issuer.example/pool'],
    // RFC 8414 puts the issuer's path behind the well-known part.
    [`https://issuer.example${RFC8414}/pool/1`, 'https://issuer.example/pool/1'],
    [`https://issuer.example${OPENID}/pool`, 'https://issuer.example/pool'],
    [`http://127.0.0.1:9000${RFC8414}/a`, 'http://127.0.0.1:9000/a'],
  ])('%s is of the issuer %s', (url, issuer) => {
    expect(issuerKeyOfDiscoveryUrl(url)).toBe(issuer);
  });

  test.each([
    `https://issuer.example/.well-known/other`,
    `https://issuer.example/a?b${OPENID}`,
    `https://issuer.example/a#b${OPENID}`,
    `https://issuer.example/a b${OPENID}`,
    `https://issuer.example${OPENID}?x`,
    `https://issuer.example${OPENID}#x`,
    `https://issuer.example${OPENID} `,
    ` https://issuer.example${OPENID}`,
    ` https://issuer.example${RFC8414}/pool`,
    `ftp://issuer.example${RFC8414}/pool`,
    `https://issuer.example/one${RFC8414}/two`,
    `https://is suer.example${RFC8414}/pool`,
    `https://issuer.example${RFC8414}/pool?x`,
    `https://issuer.example${RFC8414}/po ol`,
    `https://issuer.example${RFC8414}/`,
    OPENID,
  ])('%j is none', (url) => {
    expect(issuerKeyOfDiscoveryUrl(url)).toBeNull();
  });

  test('of an issuer stands behind it, with one slash', () => {
    expect(discoveryUrlOf('https://issuer.example/')).toBe(`https://issuer.example${OPENID}`);
    expect(discoveryUrlOf('https://issuer.example/pool')).toBe(`https://issuer.example/pool${OPENID}`);
  });
});

test('an issuer with and without a slash at the end is one', () => {
  expect(issuerKey('https://issuer.example/')).toBe('https://issuer.example');
  expect(issuerKey('https://issuer.example')).toBe('https://issuer.example');
});

test('a deployment trusts every issuer, or those that it names', () => {
  const key = 'https://issuer.example';
  expect([mayTrust(null, key), mayTrust(null, null)]).toEqual([true, true]);
  expect([mayTrust(new Set([key]), key), mayTrust(new Set(['x']), key), mayTrust(new Set([key]), null)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('the scope that manages is the published one', () => {
  expect(MANAGEMENT_SCOPE_DEFAULT).toBe('bursar/manage');
});
