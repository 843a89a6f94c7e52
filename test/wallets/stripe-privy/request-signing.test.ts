import { p256 } from '@noble/curves/nist';
import { sha256 } from '@noble/hashes/sha2.js';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  mintStripePrivyToken,
  parseStripePrivySecrets,
  type StripePrivySecrets,
  type StripePrivyToken,
  type StripePrivyTokenRequest,
} from '../../../lib/wallets/stripe-privy/request-signing.ts';
import type { FieldProblem } from '../../../lib/domain/refusal.ts';
import { clock, createEcKey, NOW_SECONDS } from '../provider-keys.ts';

const key = createEcKey();
const good = {
  appId: 'clapp01',
  appSecret: 'a-secret_of/the=app',
  authorizationId: 'quorum1',
  authorizationPrivateKey: `wallet-auth:${key.pkcs8}`,
};
const expiry = String(NOW_SECONDS * 1_000 + 500 + 120_000);

function parsed(input: Partial<typeof good> = {}): StripePrivySecrets {
  const result = parseStripePrivySecrets({ ...good, ...input });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function problems(input: Partial<typeof good>): readonly FieldProblem[] {
  const result = parseStripePrivySecrets({ ...good, ...input });
  return result.ok ? [] : result.error;
}

const RPC = {
  requestPath: '/v1/wallets/w1/rpc',
  requestBody: '{"method":"eth_signTypedData_v4","chain_type":"ethereum"}',
  includeAuthorizationSignature: true,
};

function mint(request: Partial<StripePrivyTokenRequest>, secrets = parsed()): StripePrivyToken {
  const minted = mintStripePrivyToken(secrets, { ...RPC, ...request }, { clock });
  if (!minted.ok) throw new Error(JSON.stringify(minted.error));
  return minted.value;
}

function refusal(request: Partial<StripePrivyTokenRequest>): string {
  const minted = mintStripePrivyToken(parsed(), { ...RPC, ...request }, { clock });
  return minted.ok ? 'minted' : minted.error.map(({ message }) => message).join('; ');
}

/** Whether the key signed exactly this text. */
function hasSigned({ authorizationSignature = '' }: StripePrivyToken, payload: string, by = key): boolean {
  const signature = p256.Signature.fromDER(Buffer.from(authorizationSignature, 'base64'));
  return p256.verify(signature.toCompactRawBytes(), sha256(Buffer.from(payload)), by.publicKey, { lowS: false });
}

/** The canonical payload, written out by hand. */
function payloadOf(body: string, url = 'https://api.privy.io/v1/wallets/w1/rpc'): string {
  const headers = `{"privy-app-id":"clapp01","privy-request-expiry":"${expiry}"}`;
  return `{"body":${body},"headers":${headers},"method":"POST","url":"${url}","version":1}`;
}

const BODY = '{"chain_type":"ethereum","method":"eth_signTypedData_v4"}';

test('mints the basic token of the app, and nothing else unless it is asked for', () => {
  const minted = mint({ includeAuthorizationSignature: false });
  expect(minted).toEqual({ appId: 'clapp01', basicAuthToken: expect.any(String) });
  expect(Buffer.from(minted.basicAuthToken, 'base64').toString()).toBe('clapp01:a-secret_of/the=app');
});

test('signs the canonical request with its expiry', () => {
  const minted = mint({});
  expect(minted.requestExpiry).toBe(Number(expiry));
  expect(hasSigned(minted, payloadOf(BODY))).toBe(true);
});

test('signs nothing else: neither another body, path, host, app, expiry nor key', () => {
  const minted = mint({});
  expect(hasSigned(minted, payloadOf(BODY.replace('v4', 'v3')))).toBe(false);
  expect(hasSigned(minted, payloadOf(BODY, 'https://api.privy.io/v1/wallets/w2/rpc'))).toBe(false);
  expect(hasSigned(minted, payloadOf(BODY, 'https://api.privy.com/v1/wallets/w1/rpc'))).toBe(false);
  expect(hasSigned(minted, payloadOf(BODY).replace('clapp01', 'clapp02'))).toBe(false);
  expect(hasSigned(minted, payloadOf(BODY).replace(expiry, String(Number(expiry) + 1)))).toBe(false);
  expect(hasSigned(minted, payloadOf(BODY), createEcKey())).toBe(false);
});

test('signs a body in whatever order its members stand, in the canonical form of its numbers and letters', () => {
  const requestBody = ' {"z":[1.50,-0,1e21],"10":"\\u00e9","9":{"b":1,"a":null}} ';
  expect(hasSigned(mint({ requestBody }), payloadOf('{"10":"é","9":{"a":null,"b":1},"z":[1.5,0,1e+21]}'))).toBe(true);
});

test.each(['{}', '[]'])('signs %s as no body', (requestBody) => {
  expect(hasSigned(mint({ requestBody }), payloadOf('""'))).toBe(true);
});

test('signs the whole URL of another host, with its query and without a slash at its end', () => {
  const withQuery = mint({ requestHost: 'privy.example.com', requestPath: '/v1/users?limit=2&x=1' });
  expect(hasSigned(withQuery, payloadOf(BODY, 'https://privy.example.com/v1/users?limit=2&x=1'))).toBe(true);
  expect(hasSigned(mint({ requestPath: '/v1/users/' }), payloadOf(BODY, 'https://api.privy.io/v1/users'))).toBe(true);
});

test.each([
  ['', 'requestBody must be JSON'],
  ['{"a":1', 'requestBody must be JSON'],
  ['{"a":1,"a":2}', 'requestBody must be JSON'],
  ['a=1', 'requestBody must be JSON'],
  ['null', 'requestBody must be a JSON object or list'],
  ['"a"', 'requestBody must be a JSON object or list'],
  ['{"a":"\\ud800"}', 'requestBody must be text of whole Unicode characters'],
])('refuses to sign the body %s', (requestBody, message) => {
  expect(refusal({ requestBody })).toContain(message);
});

test('does not look at the body where nothing is signed', () => {
  expect(refusal({ requestBody: 'a=1', includeAuthorizationSignature: false })).toBe('minted');
});

test.each(['a b', 'user@privy.io', 'privy.io/x', ''])('refuses the host %j', (requestHost) => {
  expect(refusal({ requestHost })).toBe('requestHost must be a host name in lower case');
});

test.each(['', 'v1', '/a#b'])('refuses the path %j', (requestPath) => {
  expect(refusal({ requestPath })).toContain('requestPath must be a path');
});

test('never mints the same signature twice', () => {
  expect(mint({}).authorizationSignature).not.toBe(mint({}).authorizationSignature);
});

test.each(['', 'wallet-auth:', 'wallet-api:', '\n wallet-auth:'])('takes a key after %j', (prefix) => {
  const secrets = parsed({ authorizationPrivateKey: `${prefix}${key.pkcs8}\n` });
  expect(hasSigned(mint({}, secrets), payloadOf(BODY))).toBe(true);
});

test('refuses a key of another curve or form, cut by a byte, with another prefix, and the public half of another key', () => {
  const der = Buffer.from(key.pkcs8, 'base64');
  const mixed = Buffer.concat([der.subarray(0, der.indexOf(key.publicKey)), createEcKey().publicKey]);
  const wrong = [
    createEcKey('P-384').pkcs8,
    key.sec1,
    der.subarray(0, -1).toString('base64'),
    `wallet-other:${key.pkcs8}`,
    `wallet-auth:wallet-auth:${key.pkcs8}`,
    mixed.toString('base64'),
    '',
    'wallet-auth:',
  ];
  for (const authorizationPrivateKey of wrong) {
    const said = problems({ authorizationPrivateKey });
    expect(said.map(({ name }) => name)).toEqual(['authorizationPrivateKey']);
    expect(said[0]?.message).toMatch(/must be base64 of a P-256 private key in PKCS #8 DER/);
  }
});

test('leaves out the whitespace around an app secret and refuses any within it', () => {
  const { basicAuthToken } = parsed({ appSecret: ' shh\n' });
  expect(Buffer.from(basicAuthToken, 'base64').toString()).toBe('clapp01:shh');
  expect(problems({ appSecret: 's hh' }).map(({ name }) => name)).toEqual(['appSecret']);
});

test.each(['', 'a:b', 'a b', 'ä'])('refuses the app id %j', (appId) => {
  expect(problems({ appId }).map(({ name }) => name)).toEqual(['appId']);
});

test('reports every problem at once', () => {
  const wrong = { appId: '', appSecret: '', authorizationId: '', authorizationPrivateKey: '' };
  expect(problems(wrong).map(({ name }) => name)).toEqual(Object.keys(wrong));
});

test('never throws on any secrets, and says the same of all that are wrong', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.base64String().map((text) => `wallet-auth:${text}`),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  );
  const messages = new Set<string>();
  fc.assert(
    fc.property(
      anything,
      anything,
      anything,
      anything,
      (appId, appSecret, authorizationId, authorizationPrivateKey) => {
        const result = parseStripePrivySecrets({ appId, appSecret, authorizationId, authorizationPrivateKey });
        if (!result.ok) for (const { message } of result.error) messages.add(message);
      },
    ),
    { numRuns: 200 },
  );
  // A message that quoted, measured or described its secret would be one of many.
  expect(messages.size).toBeLessThanOrEqual(4);
  expect(messages.size).toBeGreaterThan(1);
});

test('does not show the authorization key when parsed secrets are printed', () => {
  const text = `${inspect(parsed(), { depth: 9 })} ${JSON.stringify(parsed())}`;
  const { d = '' } = key.privateKey.export({ format: 'jwk' });
  for (const secret of [key.pkcs8, d, Buffer.from(d, 'base64url').toString('hex')]) {
    expect(text).not.toContain(secret.slice(-40));
  }
});
