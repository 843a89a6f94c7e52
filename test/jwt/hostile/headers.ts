import { createHmac, createSign, KeyObject } from 'node:crypto';
import { exportSPKI, importJWK, type CryptoKey } from 'jose';
import { createKey, signToken } from '../issuer.ts';
import { encode, signText, withHeader, type HostileToken, type Make, type Scene } from './scene.ts';

function unsigned(alg: unknown): Make {
  return ({ claims, ec }) => `${encode({ alg, kid: ec.id })}.${encode(claims)}.`;
}

function hmac(alg: string, secret: (scene: Scene) => string | Promise<string>): Make {
  return async (scene) => {
    const input = `${encode({ alg, kid: scene.rsa.id })}.${encode(scene.claims)}`;
    const mac = createHmac(`sha${alg.slice(2)}`, await secret(scene)).update(input);
    return `${input}.${mac.digest('base64url')}`;
  };
}

async function pemOf({ rsa }: Scene): Promise<string> {
  return exportSPKI((await importJWK(rsa.jwk, 'RS256')) as CryptoKey);
}

export const ALGORITHMS: HostileToken[] = [
  ...['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', null, 0, ['ES256'], { ES256: 1 }].map((alg): HostileToken => [
    `algorithm ${JSON.stringify(alg)} with a signature`,
    'algorithm',
    async (scene) => `${await unsigned(alg)(scene)}${encode('x'.repeat(64))}`,
  ]),
  ['algorithm none without a signature', 'malformed', unsigned('none')],
  ['no algorithm', 'algorithm', (scene) => signText(scene, { kid: scene.ec.id }, scene.claims)],
  ['algorithm in lower case', 'algorithm', withHeader({ alg: 'es256' })],
  ['algorithm that is a name on every object', 'algorithm', withHeader({ alg: 'toString' })],
  ['algorithm secp256k1', 'algorithm', withHeader({ alg: 'ES256K' })],
  [
    'algorithm none in unicode escapes',
    'algorithm',
    ({ claims, ec }) =>
      `${encode(`{"alg":"\\u006eone","kid":"${ec.id}"}`)}.${encode(claims)}.${encode('x'.repeat(64))}`,
  ],
  [
    'algorithm twice, once in unicode escapes',
    'malformed',
    (scene) => signText(scene, `{"alg":"ES256","\\u0061lg":"none","kid":"${scene.ec.id}"}`, scene.claims),
  ],
  ['HS256 with the public key in PEM as secret', 'algorithm', hmac('HS256', pemOf)],
  [
    'HS256 with the public key in PEM, trimmed',
    'algorithm',
    hmac('HS256', async (scene) => (await pemOf(scene)).trim()),
  ],
  ['HS256 with the public key as JWK as secret', 'algorithm', hmac('HS256', ({ rsa }) => JSON.stringify(rsa.jwk))],
  ['HS384 with the modulus as secret', 'algorithm', hmac('HS384', ({ rsa }) => String(rsa.jwk.n))],
  ['HS512 with an empty secret', 'algorithm', hmac('HS512', () => '')],
  [
    'PS256, which is asymmetric but not taken',
    'algorithm',
    async (scene) => {
      const pss = await createKey(scene.rsa.id, 'PS256');
      return signToken(pss, scene.claims);
    },
  ],
  ['RS256 named over an ES256 signature', 'algorithm', withHeader({ alg: 'RS256' })],
  [
    'RS256 named over an ES256 signature by a key without an algorithm',
    'algorithm',
    (scene) => signText(scene, { alg: 'RS256', kid: scene.openKey.id }, scene.claims, scene.openKey.privateKey),
  ],
  [
    'RS512 by a key that is for RS256',
    'algorithm',
    ({ rsa, claims }) => {
      const input = `${encode({ alg: 'RS512', kid: rsa.id })}.${encode(claims)}`;
      return `${input}.${createSign('RSA-SHA512').update(input).sign(KeyObject.from(rsa.privateKey), 'base64url')}`;
    },
  ],
  [
    'ES384 by a key on another curve than the set names for the id',
    'algorithm',
    async (scene) => signToken(await createKey(scene.ec.id, 'ES384'), scene.claims),
  ],
  ['EdDSA under the id of an EC key', 'algorithm', ({ ed, ec, claims }) => signToken(ed, claims, { kid: ec.id })],
];

export const KEY_IDS: HostileToken[] = [
  ...[
    '../../../../dev/null',
    "x' OR '1'='1",
    'no-such-key',
    'https://evil.example/key',
    '__proto__',
    '0',
    '\u0000',
  ].map((kid): HostileToken => [`key id ${JSON.stringify(kid)}`, 'unknown_key', withHeader({ kid })]),
  ...[null, 7, ['ec'], { id: 'ec' }, '', 'k'.repeat(257), true].map((kid): HostileToken => [
    `key id ${JSON.stringify(kid).slice(0, 20)}`,
    'malformed',
    withHeader({ kid }),
  ]),
  ['no key id', 'malformed', (scene) => signText(scene, { alg: 'ES256' }, scene.claims)],
  ['key id with a space behind', 'unknown_key', (scene) => withHeader({ kid: `${scene.ec.id} ` })(scene)],
  ['key of a neighbour, by its own id', 'unknown_key', ({ neighbourKey, claims }) => signToken(neighbourKey, claims)],
  [
    'key of a neighbour, under an id of the issuer',
    'signature',
    ({ neighbourKey, ec, claims }) => signToken(neighbourKey, claims, { kid: ec.id }),
  ],
  [
    "key of the attacker, under an id of the issuer's RSA key",
    'signature',
    async ({ rsa, claims }) => signToken(await createKey(rsa.id, 'RS256'), claims),
  ],
  ['key for encryption', 'unknown_key', ({ encryptionKey, claims }) => signToken(encryptionKey, claims)],
  [
    'RSA key of 1024 bits',
    'unknown_key',
    ({ weakKey, claims }) => {
      const input = `${encode({ alg: 'RS256', kid: weakKey.id })}.${encode(claims)}`;
      return `${input}.${createSign('RSA-SHA256').update(input).sign(weakKey.privateKey, 'base64url')}`;
    },
  ],
];

export const HEADERS: HostileToken[] = [
  ['jku', 'malformed', withHeader({ jku: 'https://evil.example/jwks' })],
  ['x5u', 'malformed', withHeader({ x5u: 'https://evil.example/cert' })],
  ['x5c', 'malformed', withHeader({ x5c: ['MIIB'] })],
  ['crit', 'malformed', withHeader({ crit: ['exp'] })],
  ['empty crit', 'malformed', withHeader({ crit: [] })],
  ['b64', 'malformed', withHeader({ b64: false })],
  ['b64 and crit', 'malformed', withHeader({ b64: false, crit: ['b64'] })],
  ['zip', 'malformed', withHeader({ zip: 'DEF' })],
  [
    'jwk of the attacker',
    'malformed',
    async (scene) => {
      const own = await createKey(scene.ec.id, 'ES256');
      return signToken(own, scene.claims, { jwk: own.jwk });
    },
  ],
  ['type of a logout token', 'malformed', withHeader({ typ: 'logout+jwt' })],
  ['type that is no string', 'malformed', withHeader({ typ: ['JWT'] })],
  ['type with a line break', 'malformed', withHeader({ typ: 'JWT\n' })],
  [
    'key id twice',
    'malformed',
    (scene) => signText(scene, `{"alg":"ES256","kid":"x","kid":"${scene.ec.id}"}`, scene.claims),
  ],
  [
    'prototype in the header',
    'malformed',
    (scene) => signText(scene, `{"kid":"${scene.ec.id}","__proto__":{"alg":"ES256"},"alg":"ES256"}`, scene.claims),
  ],
  [
    'too many header members',
    'malformed',
    withHeader(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`h${at}`, 1]))),
  ],
  ['nested header', 'malformed', withHeader({ extra: { a: { b: 1 } } })],
  ['header that is an array', 'malformed', (scene) => signText(scene, ['ES256'], scene.claims)],
  ['header that is a string', 'malformed', (scene) => signText(scene, '"ES256"', scene.claims)],
];
