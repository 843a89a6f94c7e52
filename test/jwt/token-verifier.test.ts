import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addMs, toEpochMs, type EpochMs } from '../../lib/domain/time.ts';
import { createFetchJson, FetchFailed, type FetchJson } from '../../lib/jwt/fetch-json.ts';
import { IssuerUnavailable } from '../../lib/jwt/issuer-keys.ts';
import { createTokenVerifier, type TokenVerifier } from '../../lib/jwt/token-verifier.ts';
import { createKey, signToken, startIssuer, type TestIssuer, type TestKey } from './issuer.ts';

const START = toEpochMs(1_790_000_000_000);

let ec: TestKey;
let later: TestKey;
let issuer: TestIssuer;
let now: EpochMs;
let lookups: string[];
let trusted: Map<string, string>;
let verifier: TokenVerifier;

const clock = { now: () => now, sleep: () => Promise.resolve() };

function createVerifier(
  fetchJson: FetchJson = createFetchJson({ timeoutMs: 1_000, maxBytes: 64 * 1024 }),
): TokenVerifier {
  return createTokenVerifier({
    clock,
    fetchJson,
    findDiscoveryUrl: (key) => {
      lookups.push(key);
      return Promise.resolve(trusted.get(key) ?? null);
    },
  });
}

function claimsOf(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { iss: issuer.issuer, sub: 'alice', exp: START / 1000 + 86_400, ...change };
}

function tokenBy(key: TestKey, change: Record<string, unknown> = {}): Promise<string> {
  return signToken(key, claimsOf(change));
}

async function judge(token: string): Promise<string> {
  const verified = await verifier.verify(token);
  return verified.ok ? verified.value.sub : verified.error.reason;
}

beforeAll(async () => {
  [ec, later] = await Promise.all([createKey('first', 'ES256'), createKey('later', 'ES256')]);
});

beforeEach(async () => {
  now = START;
  lookups = [];
  issuer = await startIssuer([ec]);
  trusted = new Map([[issuer.issuer, issuer.discoveryUrl]]);
  verifier = createVerifier();
});

afterEach(() => issuer.close());

test.each(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])('verifies %s', async (algorithm) => {
  const key = await createKey('own', algorithm);
  issuer.keys = [key.jwk];
  const verified = await verifier.verify(await tokenBy(key, { scope: 'a b', extra: { any: [1, null, 'thing'] } }));
  expect(verified).toEqual({ ok: true, value: claimsOf({ scope: 'a b', extra: { any: [1, null, 'thing'] } }) });
});

describe('keys of a set', () => {
  const unusable: [string, (key: TestKey) => Record<string, unknown>][] = [
    ['without an id', ({ jwk }) => ({ ...jwk, kid: undefined })],
    ['for encryption', ({ jwk }) => ({ ...jwk, use: 'enc' })],
    ['for other operations', ({ jwk }) => ({ ...jwk, key_ops: ['encrypt'] })],
    ['with its private half', ({ jwk }) => ({ ...jwk, d: jwk.x })],
    ['on another curve', ({ jwk }) => ({ ...jwk, crv: 'secp256k1' })],
    ['for another algorithm', ({ jwk }) => ({ ...jwk, alg: 'ES256K' })],
    ['that is no point of the curve', ({ jwk }) => ({ ...jwk, y: jwk.x })],
    ['that is symmetric', ({ jwk }) => ({ kid: jwk.kid, kty: 'oct', k: 'AAAA' })],
    ['that is symmetric by another name', ({ jwk }) => ({ ...jwk, kty: 'oct' })],
  ];
  test.each(unusable)('refuses a key %s', async (_, change) => {
    issuer.keys = [change(ec)];
    expect(await judge(await tokenBy(ec))).toBe('unknown_key');
  });

  test('takes a key that names neither use nor algorithm, beside things that are no keys', async () => {
    const { use: _use, alg: _alg, ...jwk } = ec.jwk;
    issuer.keys = [null, 'key', [], {}, { ...jwk, key_ops: ['verify'] }];
    expect(await judge(await tokenBy(ec))).toBe('alice');
  });

  test('takes the 32nd key of a set and not the 33rd', async () => {
    const others = Array.from({ length: 32 }, () => later.jwk);
    issuer.keys = [...others.slice(1), ec.jwk];
    expect(await judge(await tokenBy(ec))).toBe('alice');
    issuer.keys = [...others, ec.jwk];
    now = addMs(START, 600_000);
    expect(await judge(await tokenBy(ec))).toBe('unknown_key');
  });

  test.each([
    [2_048, 'alice'],
    [2_040, 'unknown_key'],
  ])('an RSA key of %d bits: %s', async (modulusLength, outcome) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
    issuer.keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'rsa' }];
    const header = Buffer.from('{"alg":"RS256","kid":"rsa"}').toString('base64url');
    const input = `${header}.${Buffer.from(JSON.stringify(claimsOf())).toString('base64url')}`;
    const signature = sign('sha256', Buffer.from(input), privateKey).toString('base64url');
    expect(await judge(`${input}.${signature}`)).toBe(outcome);
  });

  test('takes a key that names no algorithm for that of its curve alone', async () => {
    const key = await createKey('first', 'ES384');
    issuer.keys = [{ ...key.jwk, alg: undefined }];
    expect(await judge(await tokenBy(key))).toBe('alice');
    expect(await judge(await tokenBy(ec))).toBe('algorithm');
  });

  test('takes the key that suits where two have one id', async () => {
    const rsa = await createKey('first', 'RS256');
    issuer.keys = [rsa.jwk, ec.jwk];
    expect(await judge(await tokenBy(ec))).toBe('alice');
    expect(await judge(await tokenBy(rsa))).toBe('alice');
  });
});

describe('what is remembered', () => {
  test('asks an issuer once for many tokens, up to ten minutes', async () => {
    const token = await tokenBy(ec);
    expect(await judge(token)).toBe('alice');
    now = addMs(START, 599_999);
    expect(await judge(token)).toBe('alice');
    expect(issuer.counts).toEqual({ discovery: 1, keys: 1 });
    expect(lookups).toEqual([issuer.issuer]);
    now = addMs(START, 600_000);
    expect(await judge(token)).toBe('alice');
    expect(issuer.counts).toEqual({ discovery: 2, keys: 2 });
    expect(lookups).toHaveLength(2);
  });

  test('refuses a key that was withdrawn, after ten minutes', async () => {
    const token = await tokenBy(ec);
    expect(await judge(token)).toBe('alice');
    issuer.keys = [later.jwk];
    now = addMs(START, 600_000);
    expect(await judge(token)).toBe('unknown_key');
  });

  test('refuses the tokens of an issuer that is trusted no more, after ten minutes', async () => {
    const token = await tokenBy(ec);
    expect(await judge(token)).toBe('alice');
    trusted.clear();
    now = addMs(START, 600_000);
    expect(await judge(token)).toBe('unknown_issuer');
  });

  test('takes a new key at once, and a second one as soon as ten seconds have passed', async () => {
    const last = await createKey('last', 'ES256');
    expect(await judge(await tokenBy(ec))).toBe('alice');
    issuer.keys = [ec.jwk, later.jwk];
    now = addMs(START, 1);
    expect(await judge(await tokenBy(later))).toBe('alice');
    expect(issuer.counts.keys).toBe(2);
    issuer.keys = [ec.jwk, later.jwk, last.jwk];
    now = addMs(START, 10_000);
    expect(await judge(await tokenBy(last))).toBe('unknown_key');
    expect(issuer.counts.keys).toBe(2);
    now = addMs(START, 10_001);
    expect(await judge(await tokenBy(last))).toBe('alice');
    expect(issuer.counts.keys).toBe(3);
  });

  test('asks an issuer once in ten seconds for keys that it does not have', async () => {
    expect(await judge(await tokenBy(ec))).toBe('alice');
    now = addMs(START, 60_000);
    for (let at = 0; at < 20; at += 1) {
      expect(await judge(await signToken(ec, claimsOf(), { kid: `invented-${at}` }))).toBe('unknown_key');
    }
    expect(issuer.counts).toEqual({ discovery: 2, keys: 2 });
    expect(await judge(await tokenBy(ec))).toBe('alice');
  });

  test('shares one question among tokens that arrive together', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => tokenBy(ec, { sub: `user-${at}` })));
    const users = await Promise.all(tokens.map(judge));
    expect(new Set(users).size).toBe(20);
    expect(issuer.counts).toEqual({ discovery: 1, keys: 1 });
    expect(lookups).toHaveLength(1);
  });

  test('looks a stranger up once in ten seconds, and takes it once a manager trusts it', async () => {
    trusted.clear();
    const token = await tokenBy(ec);
    expect(await Promise.all([judge(token), judge(token)])).toEqual(['unknown_issuer', 'unknown_issuer']);
    trusted.set(issuer.issuer, issuer.discoveryUrl);
    now = addMs(START, 9_999);
    expect(await judge(token)).toBe('unknown_issuer');
    expect(lookups).toHaveLength(1);
    now = addMs(START, 10_000);
    expect(await judge(token)).toBe('alice');
    expect(lookups).toHaveLength(2);
  });

  test('looks nothing up for an issuer that can be none', async () => {
    for (const iss of [
      '',
      'x',
      'http://example.com',
      'https://example.com/?a',
      `https://example.com/${'x'.repeat(500)}`,
    ]) {
      expect(await judge(await tokenBy(ec, { iss }))).toBe('unknown_issuer');
    }
    expect(lookups).toEqual([]);
  });

  test('many strangers push no trusted issuer out', async () => {
    expect(await judge(await tokenBy(ec))).toBe('alice');
    for (let at = 0; at < 1_100; at += 1) await judge(await tokenBy(ec, { iss: `https://stranger-${at}.example` }));
    expect(await judge(await tokenBy(ec))).toBe('alice');
    expect(issuer.counts.discovery).toBe(1);
  });
});

describe('an issuer that cannot be asked', () => {
  const outages: [string, () => void][] = [
    ['answers an error', () => (issuer.answer = (_, response) => void response.writeHead(503).end())],
    ['answers no JSON', () => (issuer.answer = (_, response) => void response.end('<html>'))],
    ['hangs up', () => (issuer.answer = (request) => void request.destroy())],
    ['names no issuer', () => (issuer.discovery = { issuer: undefined })],
    ['names no key set', () => (issuer.discovery = { jwks_uri: undefined })],
    ['names a key set without encryption', () => (issuer.discovery = { jwks_uri: 'http://keys.example/' })],
    ['names a key set in a file', () => (issuer.discovery = { jwks_uri: 'file:///etc/passwd' })],
    ['names a key set that is none', () => (issuer.discovery = { jwks_uri: issuer.discoveryUrl })],
  ];
  test.each(outages)('is an outage, not a refusal, when it %s', async (_, plant) => {
    plant();
    await expect(verifier.verify(await tokenBy(ec))).rejects.toThrow(IssuerUnavailable);
  });

  test('is left alone for two seconds and asked again then', async () => {
    issuer.answer = (_, response) => void response.writeHead(503).end();
    const token = await tokenBy(ec);
    for (let at = 0; at < 5; at += 1) await expect(verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
    expect(issuer.counts.discovery).toBe(1);
    issuer.answer = null;
    now = addMs(START, 1_999);
    await expect(verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
    now = addMs(START, 2_000);
    expect(await judge(token)).toBe('alice');
  });

  test('still has the keys of the last ten minutes, for tokens by these', async () => {
    const token = await tokenBy(ec);
    expect(await judge(token)).toBe('alice');
    issuer.answer = (_, response) => void response.writeHead(503).end();
    now = addMs(START, 60_000);
    await expect(verifier.verify(await tokenBy(later))).rejects.toThrow(IssuerUnavailable);
    expect(await judge(token)).toBe('alice');
    now = addMs(START, 600_000);
    await expect(verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
  });

  test('shares one failure among tokens that arrive together', async () => {
    issuer.answer = (_, response) => void response.writeHead(503).end();
    const token = await tokenBy(ec);
    const outcomes = await Promise.allSettled([token, token, token].map((each) => verifier.verify(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(issuer.counts.discovery).toBe(1);
  });

  test('keeps what went wrong as the cause', async () => {
    issuer.answer = (_, response) => void response.writeHead(503).end();
    const error: unknown = await verifier.verify(await tokenBy(ec)).catch((thrown: unknown) => thrown);
    const causes = [error];
    while (causes.at(-1) instanceof Error) causes.push((causes.at(-1) as Error).cause);
    expect(causes.some((cause) => cause instanceof FetchFailed)).toBe(true);
  });
});

test('an outage of the registry is thrown as it is, and not remembered', async () => {
  let isDown = true;
  verifier = createTokenVerifier({
    clock,
    fetchJson: createFetchJson(),
    findDiscoveryUrl: () =>
      isDown ? Promise.reject(new Error('registry down')) : Promise.resolve(issuer.discoveryUrl),
  });
  await expect(verifier.verify(await tokenBy(ec))).rejects.toThrow('registry down');
  isDown = false;
  expect(await judge(await tokenBy(ec))).toBe('alice');
});

test('an issuer elsewhere cannot send us to a port of our own host', async () => {
  const asked: string[] = [];
  verifier = createVerifier((url) => {
    asked.push(url);
    return Promise.resolve({ issuer: 'https://issuer.example', jwks_uri: `${issuer.issuer}/keys`, keys: [ec.jwk] });
  });
  trusted.set('https://issuer.example', 'https://issuer.example/.well-known/openid-configuration');
  const token = await tokenBy(ec, { iss: 'https://issuer.example' });
  await expect(verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
  expect(asked).toEqual(['https://issuer.example/.well-known/openid-configuration']);
});

test('takes the issuer in its own spelling, with a slash behind, and refuses the other', async () => {
  issuer.discovery = { issuer: `${issuer.issuer}/` };
  expect(await judge(await tokenBy(ec, { iss: `${issuer.issuer}/` }))).toBe('alice');
  expect(await judge(await tokenBy(ec))).toBe('unknown_issuer');
  expect(issuer.counts.discovery).toBe(1);
});

test('refuses a token whose time runs out while the issuer is asked', async () => {
  const fetchJson = createFetchJson();
  verifier = createVerifier(async (url) => {
    now = addMs(now, 600);
    return fetchJson(url);
  });
  expect(await judge(await tokenBy(ec, { exp: START / 1000 + 1 }))).toBe('expired');
});

describe('for any text', () => {
  test('refuses it, and throws nothing', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.record({ alg: fc.constantFrom('ES256', 'RS256', 'EdDSA', 'none'), kid: fc.anything() }).map((header) => {
        try {
          return Buffer.from(JSON.stringify(header) ?? '').toString('base64url');
        } catch {
          return 'e30';
        }
      }),
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect((await verifier.verify(token)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses a good token with any one change, and throws nothing', async () => {
    const token = await tokenBy(ec);
    const change = fc.tuple(fc.nat(token.length), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, removed, inserted]) => {
        const changed = token.slice(0, at) + inserted + token.slice(at + removed);
        fc.pre(changed !== token);
        expect((await verifier.verify(changed)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
    const bits = Array.from(
      { length: token.length },
      (_, at) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1),
    );
    for (const changed of bits) expect((await verifier.verify(changed)).ok).toBe(false);
    expect(await judge(token)).toBe('alice');
  });

  test('refuses any other claims under a good signature', async () => {
    const [header, , signature] = (await tokenBy(ec)).split('.');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (change) => {
        fc.pre(Object.keys(change).length > 0);
        const claims = Buffer.from(JSON.stringify({ ...claimsOf(), ...change })).toString('base64url');
        expect((await verifier.verify(`${header}.${claims}.${signature}`)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
