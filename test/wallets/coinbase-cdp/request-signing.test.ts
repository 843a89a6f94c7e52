import { ed25519 } from '@noble/curves/ed25519';
import { p256 } from '@noble/curves/nist';
import { sha256 } from '@noble/hashes/sha2.js';
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  mintCoinbaseCdpToken,
  parseCoinbaseCdpSecrets,
  type CoinbaseCdpSecrets,
  type CoinbaseCdpToken,
  type CoinbaseCdpTokenRequest,
} from '../../../lib/wallets/coinbase-cdp/request-signing.ts';
import type { FieldProblem } from '../../../lib/domain/refusal.ts';
import { clock, createApiKey, createEcKey, createRandom, decodeJwt, NOW_SECONDS } from '../provider-keys.ts';

const apiKey = createApiKey();
const walletKey = createEcKey();
const apiKeyId = 'organizations/0a/apiKeys/1b';
const good = { apiKeyId, apiKeySecret: apiKey.secret, walletSecret: walletKey.pkcs8 };
const deps = { clock, random: createRandom() };

function parsed(input: Parameters<typeof parseCoinbaseCdpSecrets>[0] = good): CoinbaseCdpSecrets {
  const result = parseCoinbaseCdpSecrets(input);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function problems(input: Partial<typeof good>): readonly FieldProblem[] {
  const result = parseCoinbaseCdpSecrets({ ...good, ...input });
  return result.ok ? [] : result.error;
}

const POST = {
  requestMethod: 'POST',
  requestPath: '/platform/v2/evm/accounts',
  includeWalletAuthToken: true,
  requestBody: '{"name":"till","tags":["b","a"]}',
} as const;

async function mint(request: CoinbaseCdpTokenRequest, secrets = parsed()): Promise<Required<CoinbaseCdpToken>> {
  const minted = await mintCoinbaseCdpToken(secrets, request, deps);
  if (!minted.ok) throw new Error(JSON.stringify(minted.error));
  return { walletAuthToken: '', ...minted.value };
}

async function refusal(request: CoinbaseCdpTokenRequest, secrets = parsed()): Promise<string> {
  const minted = await mintCoinbaseCdpToken(secrets, request, deps);
  return minted.ok ? 'minted' : minted.error.map(({ message }) => message).join('; ');
}

async function hashOf(requestBody: string): Promise<unknown> {
  return decodeJwt((await mint({ ...POST, requestBody })).walletAuthToken).claims['reqHash'];
}

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

test('mints a bearer token with the claims of Coinbase, signed by the API key', async () => {
  const { bearerToken } = await mint({ requestMethod: 'GET', requestPath: '/platform/v2/evm/accounts' });
  const { header, claims, signed, signature } = decodeJwt(bearerToken);
  expect(header).toEqual({
    alg: 'EdDSA',
    kid: apiKeyId,
    typ: 'JWT',
    nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(claims).toEqual({
    sub: apiKeyId,
    iss: 'cdp',
    uris: ['GET api.cdp.coinbase.com/platform/v2/evm/accounts'],
    iat: NOW_SECONDS,
    nbf: NOW_SECONDS,
    exp: NOW_SECONDS + 120,
  });
  expect(ed25519.verify(signature, signed, apiKey.publicKey)).toBe(true);
  expect(ed25519.verify(signature, signed, createApiKey().publicKey)).toBe(false);
});

test.each(['pkcs8', 'sec1'] as const)('mints a wallet token bound to the body with a key in %s', async (form) => {
  const { walletAuthToken } = await mint(POST, parsed({ ...good, walletSecret: walletKey[form] }));
  const { header, claims, signed, signature } = decodeJwt(walletAuthToken);
  expect(header).toEqual({ alg: 'ES256', typ: 'JWT' });
  expect(claims).toEqual({
    uris: ['POST api.cdp.coinbase.com/platform/v2/evm/accounts'],
    reqHash: sha256Hex(POST.requestBody),
    iat: NOW_SECONDS,
    nbf: NOW_SECONDS,
    jti: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(p256.verify(signature, sha256(signed), walletKey.publicKey, { lowS: false })).toBe(true);
  expect(p256.verify(signature, sha256(signed), createEcKey().publicKey, { lowS: false })).toBe(false);
});

test('leaves the wallet token out unless it is asked for', async () => {
  const minted = await mintCoinbaseCdpToken(parsed(), { ...POST, includeWalletAuthToken: false }, deps);
  expect(minted.ok && Object.keys(minted.value)).toEqual(['bearerToken']);
});

test('never mints the same token twice', async () => {
  const [one, two] = [await mint(POST), await mint(POST)];
  expect(decodeJwt(one.bearerToken).header['nonce']).not.toBe(decodeJwt(two.bearerToken).header['nonce']);
  expect(decodeJwt(one.walletAuthToken).claims['jti']).not.toBe(decodeJwt(two.walletAuthToken).claims['jti']);
});

test('binds the members of a body in whatever order they stand', async () => {
  const sorted = sha256Hex('{"a":{"x":[{"p":1,"q":2}],"y":"é"},"b":null}');
  expect(await hashOf('{"a":{"x":[{"p":1,"q":2}],"y":"é"},"b":null}')).toBe(sorted);
  expect(await hashOf('{ "b": null, "a": {"y":"\\u00e9", "x":[{"q":2,"p":1}]} }')).toBe(sorted);
});

test('sorts names that look like numbers as the SDK of Coinbase does', async () => {
  expect(await hashOf('{"b":0,"10":0,"9":0}')).toBe(sha256Hex('{"9":0,"10":0,"b":0}'));
});

test('does not bind a body that is one byte apart, or whose list stands in another order', async () => {
  const hash = await hashOf(POST.requestBody);
  expect(await hashOf(POST.requestBody.replace('till', 'tilk'))).not.toBe(hash);
  expect(await hashOf('{"name":"till","tags":["a","b"]}')).not.toBe(hash);
});

test('binds any body as the sorted text of its members', async () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
  const flat = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(scalar, fc.array(scalar)), { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(flat, async (body) => {
      const names = Object.keys(body).toSorted();
      const members = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(body[name])}`);
      expect(await hashOf(JSON.stringify(body))).toBe(sha256Hex(`{${members.join(',')}}`));
    }),
    { numRuns: 40 },
  );
});

test.each(['{}', '[]', '', undefined])('binds nothing where the body has no members: %s', async (requestBody) => {
  const { walletAuthToken } = await mint({ ...POST, requestBody });
  expect(Object.keys(decodeJwt(walletAuthToken).claims)).not.toContain('reqHash');
});

test.each([
  ['{"name":', 'requestBody must be JSON'],
  ['name=till', 'requestBody must be JSON'],
  ['{"name":"a","name":"b"}', 'requestBody must be JSON'],
  ['"till"', 'requestBody must be a JSON object or list'],
  ['null', 'requestBody must be a JSON object or list'],
  ['7', 'requestBody must be a JSON object or list'],
])('refuses to bind %s', async (requestBody, message) => {
  expect(await refusal({ ...POST, requestBody })).toContain(message);
});

test('does not look at the body for a bearer token', async () => {
  const { bearerToken } = await mint({ ...POST, includeWalletAuthToken: false, requestBody: 'name=till' });
  expect(bearerToken).not.toBe('');
});

test('leaves the query out of both tokens, resolves dots in the path and keeps another host', async () => {
  const request = { ...POST, requestPath: '/platform/v1/../v2/a?x=1&y=2', requestHost: 'cdp.example.com' };
  const { bearerToken, walletAuthToken } = await mint(request);
  expect(decodeJwt(bearerToken).claims['uris']).toEqual(['POST cdp.example.com/platform/v2/a']);
  expect(decodeJwt(walletAuthToken).claims['uris']).toEqual(['POST cdp.example.com/platform/v2/a']);
});

test.each(['a b', 'user@cdp.example.com', 'cdp.example.com/x', '', 'cdp.example.com:99999', 'cdp.example.com?'])(
  'refuses the host %j',
  async (requestHost) => {
    expect(await refusal({ ...POST, requestHost })).toBe('requestHost must be a host name in lower case');
  },
);

test.each(['', 'platform', '/a#b', '/a b', '/a\n'])('refuses the path %j', async (requestPath) => {
  expect(await refusal({ ...POST, requestPath })).toContain('requestPath must be a path');
});

test('refuses a wallet token where there is no wallet secret, and mints a bearer token there', async () => {
  const secrets = parsed({ ...good, walletSecret: null });
  expect(await refusal(POST, secrets)).toContain('has no walletSecret');
  expect((await mint({ ...POST, includeWalletAuthToken: false }, secrets)).bearerToken).not.toBe('');
});

test('takes secrets in either alphabet of base64, wrapped into lines', () => {
  const wrapped = walletKey.pkcs8.replaceAll(/(.{64})/g, '$1\n');
  expect(problems({ walletSecret: `${wrapped}\n` })).toEqual([]);
  const url = apiKey.secret.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  expect(problems({ apiKeySecret: url })).toEqual([]);
});

test('refuses an API key secret whose public half belongs to another seed', () => {
  const [own, other] = [apiKey.secret, createApiKey().secret].map((text) => Buffer.from(text, 'base64'));
  const mixed = Buffer.concat([own!.subarray(0, 32), other!.subarray(32)]).toString('base64');
  expect(problems({ apiKeySecret: mixed })).toEqual([
    {
      name: 'apiKeySecret',
      message: 'apiKeySecret must end in the Ed25519 public key that belongs to its seed',
    },
  ]);
});

test.each([32, 63, 65])('refuses an API key secret of %i bytes', (length) => {
  const apiKeySecret = Buffer.alloc(length, 7).toString('base64');
  const [problem, ...others] = problems({ apiKeySecret });
  expect(others).toEqual([]);
  expect(problem?.message).toContain('expected 64 bytes');
  expect(problem?.message).not.toContain(apiKeySecret.slice(0, 4));
});

test.each(['P-384', 'secp256k1'])('refuses a wallet secret on the curve %s', (curve) => {
  expect(problems({ walletSecret: createEcKey(curve).pkcs8 }).map(({ name }) => name)).toEqual(['walletSecret']);
});

test('refuses a wallet secret that carries the public half of another key', () => {
  const der = Buffer.from(walletKey.pkcs8, 'base64');
  const at = der.indexOf(walletKey.publicKey);
  expect(at).toBeGreaterThan(0);
  const mixed = Buffer.concat([der.subarray(0, at), createEcKey().publicKey]).toString('base64');
  expect(problems({ walletSecret: mixed }).map(({ name }) => name)).toEqual(['walletSecret']);
});

test('refuses a wallet secret cut by a byte, a public key, an Ed25519 key and PEM', () => {
  const der = Buffer.from(walletKey.pkcs8, 'base64');
  const pem = `-----BEGIN PRIVATE KEY-----\n${walletKey.pkcs8}\n-----END PRIVATE KEY-----`;
  const wrong = [der.subarray(0, -1).toString('base64'), Buffer.from(walletKey.publicKey).toString('base64')];
  for (const walletSecret of [...wrong, apiKey.secret, pem, '']) {
    expect(problems({ walletSecret }).map(({ message }) => message)).toEqual([
      'walletSecret must be base64 of a P-256 private key in DER, PKCS #8 or SEC 1',
    ]);
  }
});

test('reports every problem at once', () => {
  const names = problems({ apiKeyId: '', apiKeySecret: 'x', walletSecret: 'x' }).map(({ name }) => name);
  expect(names).toEqual(['apiKeyId', 'apiKeySecret', 'walletSecret']);
});

test('never throws on any secrets, and says the same of all that are no base64', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  );
  const messages = new Set<string>();
  fc.assert(
    fc.property(anything, anything, anything, (id, apiKeySecret, walletSecret) => {
      const result = parseCoinbaseCdpSecrets({ apiKeyId: id, apiKeySecret, walletSecret });
      if (!result.ok) for (const { message } of result.error) messages.add(message);
    }),
    { numRuns: 300 },
  );
  // A message that quoted, measured or described its secret would be one of many.
  expect(messages.size).toBeLessThanOrEqual(4);
  expect(messages.size).toBeGreaterThan(1);
});

test('never throws on a damaged wallet secret', () => {
  const der = Buffer.from(walletKey.sec1, 'base64');
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(der);
      damaged[at]! ^= flip;
      expect(problems({ walletSecret: damaged.toString('base64') }).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 200 },
  );
});

test('does not show a secret when parsed secrets are printed', () => {
  const text = `${inspect(parsed(), { depth: 9 })} ${JSON.stringify(parsed())}`;
  const { d = '' } = walletKey.privateKey.export({ format: 'jwk' });
  const secrets = [apiKey.secret, walletKey.pkcs8, d, Buffer.from(d, 'base64url').toString('hex')];
  for (const secret of secrets) expect(text).not.toContain(secret.slice(-40));
});
