import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMs } from '../../lib/domain/time.ts';
import { createFetchJson } from '../../lib/jwt/fetch-json.ts';
import { createKey, type TestKey } from './issuer.ts';
import { clock, setTime, START, withVerifier } from './verifier-scene.ts';

const scene = withVerifier();
const { claimsOf, createVerifier, judge, tokenBy } = scene;

test.each(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])('verifies %s', async (algorithm) => {
  const key = await createKey('own', algorithm);
  scene.issuer.keys = [key.jwk];
  const verified = await scene.verifier.verify(
    await tokenBy(key, { scope: 'a b', extra: { any: [1, null, 'thing'] } }),
  );
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
    scene.issuer.keys = [change(scene.ec)];
    expect(await judge(await tokenBy(scene.ec))).toBe('unknown_key');
  });

  test('takes a key that names neither use nor algorithm, beside things that are no keys', async () => {
    const { use: _use, alg: _alg, ...jwk } = scene.ec.jwk;
    scene.issuer.keys = [null, 'key', [], {}, { ...jwk, key_ops: ['verify'] }];
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
  });

  test('takes the 100th usable key of a set and not the 101st, whatever stands between, and says what it leaves out', async () => {
    const noise = [{ ...scene.later.jwk, use: 'enc' }, { ...scene.later.jwk, kid: undefined }, 'key'];
    const others = Array.from({ length: 100 }, (_, at) => ({ ...scene.later.jwk, kid: `other-${at}` }));
    scene.issuer.keys = [...Array.from({ length: 40 }, () => noise).flat(), ...others.slice(1), scene.ec.jwk];
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    expect(scene.reports).toEqual([
      { issuer: scene.issuer.issuer, taken: 100, dropped: { not_for_signatures: 40, no_id: 40, not_a_key: 40 } },
    ]);
    scene.issuer.keys = [...others, scene.ec.jwk];
    setTime(addMs(START, 600_000));
    expect(await judge(await tokenBy(scene.ec))).toBe('unknown_key');
    expect(scene.reports.at(-1)).toEqual({ issuer: scene.issuer.issuer, taken: 100, dropped: { too_many: 1 } });
  });

  test('says nothing of a set that is taken whole', async () => {
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    expect(scene.reports).toEqual([]);
  });

  test.each([
    [2_048, 'alice'],
    [2_040, 'unknown_key'],
  ])('an RSA key of %d bits: %s', async (modulusLength, outcome) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
    scene.issuer.keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'rsa' }];
    const header = Buffer.from('{"alg":"RS256","kid":"rsa"}').toString('base64url');
    const input = `${header}.${Buffer.from(JSON.stringify(claimsOf())).toString('base64url')}`;
    const signature = sign('sha256', Buffer.from(input), privateKey).toString('base64url');
    expect(await judge(`${input}.${signature}`)).toBe(outcome);
  });

  test('takes a key that names no algorithm for that of its curve alone', async () => {
    const key = await createKey('first', 'ES384');
    scene.issuer.keys = [{ ...key.jwk, alg: undefined }];
    expect(await judge(await tokenBy(key))).toBe('alice');
    expect(await judge(await tokenBy(scene.ec))).toBe('algorithm');
  });

  test('takes the key that suits where two have one id', async () => {
    const rsa = await createKey('first', 'RS256');
    scene.issuer.keys = [rsa.jwk, scene.ec.jwk];
    expect(await judge(await tokenBy(scene.ec))).toBe('alice');
    expect(await judge(await tokenBy(rsa))).toBe('alice');
  });
});

test('takes the issuer in its own spelling, with a slash behind, and refuses the other', async () => {
  scene.issuer.discovery = { issuer: `${scene.issuer.issuer}/` };
  expect(await judge(await tokenBy(scene.ec, { iss: `${scene.issuer.issuer}/` }))).toBe('alice');
  expect(await judge(await tokenBy(scene.ec))).toBe('unknown_issuer');
  expect(scene.issuer.counts.discovery).toBe(1);
});

test('refuses a token whose time runs out while the issuer is asked', async () => {
  const fetchJson = createFetchJson();
  scene.verifier = createVerifier(async (url) => {
    setTime(addMs(clock.now(), 600));
    return fetchJson(url);
  });
  expect(await judge(await tokenBy(scene.ec, { exp: START / 1000 + 1 }))).toBe('expired');
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
        expect((await scene.verifier.verify(token)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses a good token with any one change, and throws nothing', async () => {
    const token = await tokenBy(scene.ec);
    const change = fc.tuple(fc.nat(token.length), fc.nat(3), fc.string({ unit: 'binary', maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, removed, inserted]) => {
        const changed = token.slice(0, at) + inserted + token.slice(at + removed);
        fc.pre(changed !== token);
        expect((await scene.verifier.verify(changed)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
    const bits = Array.from(
      { length: token.length },
      (_, at) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1),
    );
    for (const changed of bits) expect((await scene.verifier.verify(changed)).ok).toBe(false);
    expect(await judge(token)).toBe('alice');
  });

  test('refuses any other claims under a good signature', async () => {
    const [header, , signature] = (await tokenBy(scene.ec)).split('.');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (change) => {
        fc.pre(Object.keys(change).length > 0);
        const claims = Buffer.from(JSON.stringify({ ...claimsOf(), ...change })).toString('base64url');
        expect((await scene.verifier.verify(`${header}.${claims}.${signature}`)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
