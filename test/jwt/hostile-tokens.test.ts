import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JwtAuthorizer, VerifiedClaims } from '../../lib/domain/tenants/jwt-authorizer.ts';
import { toEpochMs, type Clock } from '../../lib/domain/time.ts';
import { admitClaims } from '../../lib/jwt/admission.ts';
import { createFetchJson } from '../../lib/jwt/fetch-json.ts';
import { createTokenVerifier, type TokenVerifier } from '../../lib/jwt/token-verifier.ts';
import type { Scene } from './hostile/scene.ts';
import { HOSTILE_TOKENS } from './hostile-tokens.ts';
import { createKey, signToken, startIssuer } from './issuer.ts';

const NOW_SECONDS = 1_790_000_000;
const clock: Clock = { now: () => toEpochMs(NOW_SECONDS * 1000), sleep: () => Promise.resolve() };

let scene: Scene;
let verifier: TokenVerifier;
let authorizer: JwtAuthorizer;

beforeAll(async () => {
  // The library judges times by the machine's clock.
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_SECONDS * 1000 });
  const [rsa, ec, ed, neighbourKey, encryption, open] = await Promise.all([
    createKey('rsa', 'RS256'),
    createKey('ec', 'ES256'),
    createKey('ed', 'EdDSA'),
    createKey('neighbour', 'ES256'),
    createKey('encryption', 'ES256'),
    createKey('open', 'ES256'),
  ]);
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const encryptionKey = { ...encryption, jwk: { ...encryption.jwk, use: 'enc' } };
  const { alg: _, ...openJwk } = open.jwk;
  const openKey = { ...open, jwk: openJwk };
  const issuer = await startIssuer([rsa, ec, ed, encryptionKey, openKey]);
  issuer.keys.push({ ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256', use: 'sig' });
  const neighbour = await startIssuer([neighbourKey]);
  const claims = {
    iss: issuer.issuer,
    sub: 'alice',
    aud: 'bursar',
    client_id: 'agent',
    scope: 'bursar/pay',
    tier: 'gold',
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 300,
  };
  const weakKey = { id: 'weak', privateKey: weak.privateKey };
  scene = {
    issuer,
    neighbour,
    rsa,
    ec,
    ed,
    neighbourKey,
    encryptionKey,
    weakKey,
    openKey,
    nowSeconds: NOW_SECONDS,
    claims,
  };
  authorizer = {
    discoveryUrl: issuer.discoveryUrl,
    allowedAudience: ['bursar'],
    allowedClients: ['agent'],
    allowedScopes: ['bursar/pay'],
    customClaims: [{ name: 'tier', type: 'STRING', operator: 'EQUALS', value: 'gold' }],
    advertisedScopeMapping: null,
    managementScope: 'bursar/manage',
    managementMayPay: false,
  };
  const trusted = new Map([issuer, neighbour].map((each) => [each.issuer, each.discoveryUrl]));
  verifier = createTokenVerifier({
    clock,
    fetchJson: createFetchJson(),
    reportDroppedKeys: () => undefined,
    findDiscoveryUrl: (key) => Promise.resolve(trusted.get(key) ?? null),
  });
});

afterAll(async () => {
  vi.useRealTimers();
  await Promise.all([scene.issuer.close(), scene.neighbour.close()]);
});

async function judge(token: string): Promise<string> {
  const verified = await verifier.verify(token);
  if (!verified.ok) return verified.error.reason;
  const admitted = admitClaims(authorizer, verified.value, clock.now());
  return admitted.ok ? `admitted ${admitted.value.userId}` : `admission: ${admitted.error.reason}`;
}

test.each(HOSTILE_TOKENS)('refuses a token: %s (%s)', async (_, reason, make) => {
  expect(await judge(await make(scene))).toBe(reason);
  expect(await judge(await signToken(scene.ec, scene.claims))).toBe('admitted alice');
});

test('the corpus is large and names each token once', () => {
  expect(HOSTILE_TOKENS.length).toBeGreaterThanOrEqual(130);
  expect(new Set(HOSTILE_TOKENS.map(([name]) => name)).size).toBe(HOSTILE_TOKENS.length);
});

test('a refusal quotes nothing of the token but the issuer, where that has the form of one', async () => {
  for (const [, , make] of HOSTILE_TOKENS) {
    const token = await make(scene);
    const verified = await verifier.verify(token);
    const { issuer, ...refusal } = verified.ok ? {} : verified.error;
    const text = JSON.stringify(refusal);
    if (issuer !== undefined) expect(issuer).toMatch(/^https?:\/\/[^\s"\\?#@]+$/i);
    for (const part of token.split('.').filter(({ length }) => length > 16)) expect(text).not.toContain(part);
    expect(text).not.toContain('evil.example');
  }
});

describe('one step on the good side of a refusal', () => {
  const good: [string, (now: number) => Partial<VerifiedClaims>, Record<string, unknown>?][] = [
    ['expires in a second', (now) => ({ exp: now + 1 })],
    ['expires in a fraction of a second', (now) => ({ exp: now + 0.001 })],
    ['not valid for another 5 seconds, the grace', (now) => ({ nbf: now + 5 })],
    ['user of 255 characters', () => ({ sub: 'a'.repeat(255) })],
    ['access token of Cognito', () => ({ token_use: 'access' })],
    ['audience in a list', () => ({ aud: ['other', 'bursar'] })],
    ['scope among others', () => ({ scope: 'openid bursar/pay x' })],
    ['scope in a list', () => ({ scope: ['openid', 'bursar/pay'] })],
    ['scope null beside scp', () => ({ scope: null, scp: ['bursar/pay'] })],
    ['scope among roles', () => ({ scope: undefined, roles: ['bursar/pay'] })],
    ['type JWT', () => ({}), { typ: 'JWT' }],
    ['type at+jwt', () => ({}), { typ: 'at+jwt' }],
    ['type application/at+JWT', () => ({}), { typ: 'application/at+JWT' }],
  ];
  test.each(good)('admits a token: %s', async (_, change, header = {}) => {
    const claims = { ...scene.claims, ...change(NOW_SECONDS) };
    expect(await judge(await signToken(scene.ec, claims, header))).toBe(`admitted ${String(claims['sub'])}`);
  });

  test('admits a token by a key that names no algorithm, with the algorithm of its curve', async () => {
    expect(await judge(await signToken(scene.openKey, scene.claims))).toBe('admitted alice');
  });

  test('admits tokens by RSA and Ed25519', async () => {
    expect(await judge(await signToken(scene.rsa, scene.claims))).toBe('admitted alice');
    expect(await judge(await signToken(scene.ed, scene.claims))).toBe('admitted alice');
  });
});
