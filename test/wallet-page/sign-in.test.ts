import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authorizationUrl, isIdToken, managerOf, readCode, type SignInWay } from '../../lib/wallet-page/sign-in.ts';

const WAY: SignInWay = {
  issuer: 'https://login.example',
  authorizationEndpoint: 'https://login.example/authorize?tenant=a',
  tokenEndpoint: 'https://login.example/token',
  paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
  clientId: 'page',
  scope: 'openid bursar/wallet',
};
const ATTEMPT = { state: 'the-state', nonce: 'the-nonce', verifier: 'the-verifier' };
const NOW = Date.parse('2026-11-29T12:00:00Z');

const idToken = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify({ iss: WAY.issuer, aud: 'page', nonce: 'the-nonce', exp: NOW / 1_000 + 60, ...claims })).toString('base64url')}.signature`;
const judge = (claims: object, now = NOW) => isIdToken(idToken(claims), WAY, ATTEMPT, now);

test('an attempt asks for a code, with the hash of its verifier and never the verifier', async () => {
  const url = new URL(
    await authorizationUrl({ ...WAY, resource: 'urn:api' }, ATTEMPT, 'https://pay.example/v1/wallet/demo'),
  );
  expect(Object.fromEntries(url.searchParams)).toEqual({
    tenant: 'a',
    response_type: 'code',
    client_id: 'page',
    redirect_uri: 'https://pay.example/v1/wallet/demo',
    scope: 'openid bursar/wallet',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: createHash('sha256').update('the-verifier').digest('base64url'),
    code_challenge_method: 'S256',
    resource: 'urn:api',
  });
});

describe('an answer', () => {
  const read = (text: string, attempt: typeof ATTEMPT | null = ATTEMPT) =>
    readCode(new URLSearchParams(text), attempt, WAY);

  test('to this attempt gives its code', () => {
    expect(read('code=c&state=the-state')).toEqual({ code: 'c' });
    expect(read('code=c&state=the-state&iss=https%3A%2F%2Flogin.example')).toEqual({ code: 'c' });
  });

  test.each([
    ['another state', 'code=c&state=other', ATTEMPT],
    ['no attempt of this tab', 'code=c&state=the-state', null],
    ['another issuer', 'code=c&state=the-state&iss=https%3A%2F%2Fevil.example', ATTEMPT],
    ['an error', 'error=access_denied&state=the-state', ATTEMPT],
  ])('with %s gives none', (_name, text, attempt) => {
    expect(read(text, attempt)).toEqual({ problem: expect.any(String) as string });
  });
});

describe('an ID token', () => {
  test('of this attempt is taken, to its last second', () => {
    expect(judge({})).toBe(true);
    expect(judge({ aud: ['page', 'other'], azp: 'page' })).toBe(true);
    expect(judge({}, NOW + 59_999)).toBe(true);
    expect(judge({}, NOW + 60_000)).toBe(false);
  });

  test.each([
    { nonce: 'other' },
    { nonce: undefined },
    { iss: 'https://evil.example' },
    { aud: 'other' },
    { aud: ['page', 'other'] },
    { aud: ['page', 'other'], azp: 'other' },
    { exp: '4000000000' },
  ])('with %j is not', (claims) => {
    expect(judge(claims)).toBe(false);
  });

  test.each(['', 'a', 'a.b.c', 'e30.bnVsbA.x', 'e30.W10.x'])('that is none is not: %j', (token) => {
    expect(isIdToken(token, WAY, ATTEMPT, NOW)).toBe(false);
  });
});

test.each([
  ['/v1/wallet/demo-0123456789', 'demo-0123456789'],
  ['/wallet/demo-0123456789', 'demo-0123456789'],
  ['/v1/wallet', null],
])('the page at %s is that of %s', (pathname, managerId) => {
  expect(managerOf({ pathname })).toBe(managerId);
});
