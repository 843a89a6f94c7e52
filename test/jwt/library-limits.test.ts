import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KidNotFoundInJwksError, JwtInvalidSignatureError, JwtParseError } from 'aws-jwt-verify/error';
import { SimpleJwksCache, type Jwks } from 'aws-jwt-verify/jwk';
import { JwtVerifier } from 'aws-jwt-verify/jwt-verifier';
import { createKey, signToken, type TestKey } from './issuer.ts';

// What `aws-jwt-verify` does by itself, and why it is not left to: ADR 12. A release that does otherwise turns this red, and what
// stands beside the library in `lib/jwt` may go.

const ISSUER = 'https://issuer.example';
const JWKS_URI = 'https://issuer.example/keys';

let key: TestKey;
let published: unknown[];
let fetches: number;

beforeEach(async () => {
  key = await createKey('first', 'ES256');
  published = [key.jwk];
  fetches = 0;
});
let fail = false;
afterEach(() => {
  fail = false;
});

function createVerifier() {
  const fetcher = {
    fetch: async () => {
      fetches += 1;
      if (fail) throw new Error('no answer');
      return new TextEncoder().encode(JSON.stringify({ keys: published })).buffer as ArrayBuffer;
    },
  };
  const jwksCache = new SimpleJwksCache({ fetcher });
  return JwtVerifier.create({ issuer: ISSUER, jwksUri: JWKS_URI, audience: null }, { jwksCache });
}

function tokenBy(signer: TestKey, claims: Record<string, unknown> = {}) {
  return signToken(signer, { iss: ISSUER, sub: 'alice', exp: Math.floor(Date.now() / 1000) + 60, ...claims });
}

describe('the library’s own cache', () => {
  test('asks an issuer that fails with every token: its penalty box is not told of failures', async () => {
    const verifier = createVerifier();
    fail = true;
    for (let at = 0; at < 20; at += 1) await expect(verifier.verify(await tokenBy(key))).rejects.toThrow('no answer');
    expect(fetches).toBe(20);
  });

  test('trusts a key that was withdrawn for as long as no token names another', async () => {
    const verifier = createVerifier();
    const token = await tokenBy(key);
    await verifier.verify(token);
    published = [];
    for (let at = 0; at < 20; at += 1) await verifier.verify(token);
    expect(fetches).toBe(1);
  });

  test('refuses a key that replaced another under its id for good', async () => {
    const verifier = createVerifier();
    await verifier.verify(await tokenBy(key));
    const replaced = await createKey('first', 'ES256');
    published = [replaced.jwk];
    for (let at = 0; at < 20; at += 1) {
      await expect(verifier.verify(await tokenBy(replaced))).rejects.toThrow(JwtInvalidSignatureError);
    }
    expect(fetches).toBe(1);
  });

  test('keeps a key object for its id, so that a new set alone changes nothing', async () => {
    const verifier = createVerifier();
    const old = await tokenBy(key);
    await verifier.verify(old);
    const replaced = await createKey('first', 'ES256');
    published = [replaced.jwk];
    await verifier.hydrate();
    await expect(verifier.verify(await tokenBy(replaced))).rejects.toThrow(JwtInvalidSignatureError);
    await verifier.verify(old);
    verifier.cacheJwks({ keys: published } as Jwks);
    await verifier.verify(await tokenBy(replaced));
  });

  test('takes the first of two keys with one id', async () => {
    const verifier = createVerifier();
    const rsa = await createKey('first', 'RS256');
    published = [rsa.jwk, key.jwk];
    await expect(verifier.verify(await tokenBy(key))).rejects.toThrow('JWT signature algorithm not allowed');
  });

  test.each([
    ['that is no object', 'key'],
    ['without a type', { kid: 'x' }],
    ['with a number for an id', { kty: 'oct', kid: 1 }],
  ])('refuses a whole set for a member %s', async (_, member) => {
    const verifier = createVerifier();
    published = [key.jwk, member];
    await expect(verifier.verify(await tokenBy(key))).rejects.toThrow(/JWK/);
  });
});

describe('the library’s own reader', () => {
  test.each([
    ['a scope in a list', { scope: ['a'] }],
    ['a scope that is null', { scope: null, scp: 'a' }],
  ])('refuses %s', async (_, claims) => {
    await expect(createVerifier().verify(await tokenBy(key, claims))).rejects.toThrow(JwtParseError);
  });

  test('takes a token in more than one spelling', async () => {
    const verifier = createVerifier();
    const token = await tokenBy(key);
    await verifier.verify(token);
    await verifier.verify(`${token}==`);
  });
});

test('the library asks for an unknown key once in ten seconds, but for all of them together', async () => {
  const verifier = createVerifier();
  await verifier.verify(await tokenBy(key));
  const later = await createKey('later', 'ES256');
  await expect(verifier.verify(await tokenBy({ ...key, id: 'invented' }))).rejects.toThrow(KidNotFoundInJwksError);
  published = [key.jwk, later.jwk];
  await expect(verifier.verify(await tokenBy(later))).rejects.toThrow(/waiting for back off period/);
  expect(fetches).toBe(2);
});
