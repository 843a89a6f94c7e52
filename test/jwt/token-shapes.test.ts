import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { discoveryUrlOf, issuerKey, type JwtAuthorizer } from '../../lib/domain/tenants/jwt-authorizer.ts';
import { formatUserHeader, parseUserHeader } from '../../lib/domain/tenants/user-id.ts';
import { toEpochMs, type Clock } from '../../lib/domain/time.ts';
import { admitClaims, scopeRefusal } from '../../lib/jwt/admission.ts';
import { formatClaims, parseClaims } from '../../lib/jwt/claims-text.ts';
import { createTokenVerifier, type TokenVerifier } from '../../lib/jwt/token-verifier.ts';
import { createKey, signToken, type TestKey } from './issuer.ts';
import { TOKEN_SHAPES, type TokenShape } from './token-shapes.ts';

const NOW_SECONDS = 1_790_000_000;
const clock: Clock = { now: () => toEpochMs(Date.now()), sleep: () => Promise.resolve() };
const TIMES = { iat: NOW_SECONDS, nbf: NOW_SECONDS, exp: NOW_SECONDS + 3_600 };

/** Each issuer with keys of its own, under one and the same id. */
const keys = new Map<string, Record<'RS256' | 'ES256' | 'EdDSA', TestKey>>();
let verifier: TokenVerifier;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_SECONDS * 1000 });
  for (const issuer of new Set(TOKEN_SHAPES.map((shape) => shape.issuer))) {
    const [RS256, ES256, EdDSA] = await Promise.all([
      createKey('rs', 'RS256'),
      createKey('es', 'ES256'),
      createKey('ed', 'EdDSA'),
    ]);
    keys.set(issuer, { RS256, ES256, EdDSA });
  }
  const documents = new Map<string, object>();
  for (const [issuer, own] of keys) {
    const jwksUri = `https://keys.example/${documents.size}`;
    documents.set(discoveryUrlOf(issuer), { issuer, jwks_uri: jwksUri });
    documents.set(jwksUri, { keys: Object.values(own).map(({ jwk }) => jwk) });
  }
  const trusted = new Map([...keys.keys()].map((issuer) => [issuerKey(issuer), discoveryUrlOf(issuer)]));
  verifier = createTokenVerifier({
    clock,
    fetchJson: async (url) => documents.get(url) ?? {},
    reportDroppedKeys: () => undefined,
    findDiscoveryUrl: async (key) => trusted.get(key) ?? null,
  });
});

afterAll(() => {
  vi.useRealTimers();
});

function tokenOf({ issuer, algorithm = 'RS256', header, claims }: TokenShape): Promise<string> {
  return signToken(keys.get(issuer)![algorithm], { iss: issuer, ...TIMES, ...claims }, header);
}

function managerOf({ issuer, manager }: TokenShape): JwtAuthorizer {
  return {
    discoveryUrl: discoveryUrlOf(issuer),
    allowedAudience: null,
    allowedClients: null,
    allowedScopes: null,
    customClaims: [],
    advertisedScopeMapping: null,
    managementScope: 'bursar/manage',
    managementMayPay: false,
    ...manager,
  };
}

/** What the manager makes of the token after it went from the authorizer to the function. */
async function judge(shape: TokenShape, manager: JwtAuthorizer) {
  const verified = await verifier.verify(await tokenOf(shape));
  if (!verified.ok) return { refused: verified.error.reason };
  const claims = parseClaims(formatClaims(verified.value));
  const admitted = admitClaims(manager, claims!, clock.now());
  if (!admitted.ok) return { refused: admitted.error.reason };
  const { userId, scopes } = admitted.value;
  const pays = scopeRefusal(manager, scopes, 'pay') === null;
  const manages = scopeRefusal(manager, scopes, 'manage') === null;
  return { userId, outcome: pays === manages ? 'both or neither' : pays ? 'pays' : 'manages' };
}

test.each(TOKEN_SHAPES.map((shape) => [shape.name, shape] as const))('%s', async (_, shape) => {
  const judged = await judge(shape, managerOf(shape));
  const { outcome } = shape;
  expect(judged).toEqual(typeof outcome === 'string' ? { userId: shape.claims.sub, outcome } : outcome);
});

test('every user that a token brings can be named in a header', () => {
  for (const { claims } of TOKEN_SHAPES) expect(parseUserHeader(formatUserHeader(claims.sub))).toBe(claims.sub);
});

test('a manager admits no token of another issuer, so one id at two issuers is two users', async () => {
  const issuers = [...keys.keys()].filter((issuer) => issuer.startsWith('https:'));
  const shapes = issuers.map((issuer) => ({ ...TOKEN_SHAPES[0]!, issuer, claims: { sub: 'alice', scope: 'x' } }));
  for (const shape of shapes) {
    for (const other of shapes) {
      const expected = shape === other ? { userId: 'alice', outcome: 'pays' } : { refused: 'issuer' };
      expect(await judge(shape, managerOf({ ...other, manager: {} }))).toEqual(expected);
    }
  }
});

test.each(['alice ', ' alice', 'ALICE', 'alice\u00a0', 'ａｌｉｃｅ', 'a\u006cice\u200b', 'Ünal', 'U\u0308nal'])(
  'an id is taken as it is, so %j is a user of its own',
  async (sub) => {
    const shape: TokenShape = { ...TOKEN_SHAPES[0]!, claims: { sub } };
    expect(await judge(shape, managerOf({ ...shape, manager: {} }))).toEqual({ userId: sub, outcome: 'pays' });
  },
);
