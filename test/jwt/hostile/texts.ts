import { constants, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { createKey, signToken } from '../issuer.ts';
import { encode, rawClaims, signText, tampered, withClaims, withClaimsText, type HostileToken } from './scene.ts';

export const SIGNATURES: HostileToken[] = [
  ['signature cut short', 'signature', tampered(([h, c, s]) => `${h}.${c}.${s.slice(0, -6)}`)],
  ['signature longer', 'signature', tampered(([h, c, s]) => `${h}.${c}.${s.slice(0, -2)}AAAAAA`)],
  ['signature stripped', 'malformed', tampered(([h, c]) => `${h}.${c}.`)],
  ['signature and its dot stripped', 'malformed', tampered(([h, c]) => `${h}.${c}`)],
  [
    'signature of other claims',
    'signature',
    tampered(([h, , s], { claims }) => `${h}.${encode({ ...claims, sub: 'bob' })}.${s}`),
  ],
  [
    'header of another spelling',
    'signature',
    tampered(([, c, s], { ec }) => `${encode({ kid: ec.id, alg: 'ES256' })}.${c}.${s}`),
  ],
  ['all zero signature', 'signature', tampered(([h, c]) => `${h}.${c}.${Buffer.alloc(64).toString('base64url')}`)],
  ['signature of r and s equal to the order', 'signature', tampered(([h, c]) => `${h}.${c}.${ORDER_TWICE}`)],
  [
    'signature in DER',
    'signature',
    tampered(
      ([h, c], { ec }) =>
        `${h}.${c}.${sign('sha256', Buffer.from(`${h}.${c}`), KeyObject.from(ec.privateKey)).toString('base64url')}`,
    ),
  ],
  [
    'EdDSA signature of another key',
    'signature',
    async ({ ed, claims }) => signToken(await createKey(ed.id, 'EdDSA'), claims),
  ],
  [
    'EdDSA signature of zeros',
    'signature',
    async ({ ed, claims }) => {
      const [h, c] = (await signToken(ed, claims)).split('.');
      return `${h}.${c}.${Buffer.alloc(64).toString('base64url')}`;
    },
  ],
  [
    'RS256 signature of one byte',
    'signature',
    ({ rsa, claims }) => `${encode({ alg: 'RS256', kid: rsa.id })}.${encode(claims)}.AQ`,
  ],
  [
    'RS256 signature of zeros',
    'signature',
    ({ rsa, claims }) =>
      `${encode({ alg: 'RS256', kid: rsa.id })}.${encode(claims)}.${Buffer.alloc(256).toString('base64url')}`,
  ],
  [
    'RS256 signature with padding of PSS',
    'signature',
    ({ rsa, claims }) => {
      const input = `${encode({ alg: 'RS256', kid: rsa.id })}.${encode(claims)}`;
      const key = { key: KeyObject.from(rsa.privateKey), padding: constants.RSA_PKCS1_PSS_PADDING };
      return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
    },
  ],
];

/** The order of P-256 twice: an r and s that are zero for a verifier that reduces before it checks. */
const ORDER_TWICE = Buffer.from(
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.repeat(2),
  'hex',
).toString('base64url');

export const SHAPES: HostileToken[] = [
  ['nothing', 'malformed', () => ''],
  ['dots', 'malformed', () => '..'],
  ['three words', 'malformed', () => 'not.a.token'],
  ['a fourth part', 'malformed', tampered((parts) => `${parts.join('.')}.AAAA`)],
  ['a dot behind', 'malformed', tampered((parts) => `${parts.join('.')}.`)],
  ['padding', 'malformed', tampered(([h, c, s]) => `${h}.${c}.${s}==`)],
  ['standard base64', 'malformed', tampered(([h, c]) => `${h}.${c}.${Buffer.alloc(64, 0xff).toString('base64')}`)],
  ['another spelling of the last character', 'malformed', tampered((parts) => respell(parts.join('.')))],
  ['a space before', 'malformed', tampered((parts) => ` ${parts.join('.')}`)],
  ['a line break behind', 'malformed', tampered((parts) => `${parts.join('.')}\n`)],
  ['a space within', 'malformed', tampered(([h, c, s]) => `${h}.${c.slice(0, 8)} ${c.slice(8)}.${s}`)],
  ['a NUL behind', 'malformed', tampered((parts) => `${parts.join('.')}\u0000`)],
  ['the scheme before', 'malformed', tampered((parts) => `Bearer ${parts.join('.')}`)],
  ['two tokens', 'malformed', tampered((parts) => `${parts.join('.')},${parts.join('.')}`)],
  [
    'encrypted token',
    'malformed',
    async ({ claims }) => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
        .encrypt(publicKey);
    },
  ],
  [
    'token in JSON form',
    'malformed',
    tampered(([h, c, s]) => JSON.stringify({ protected: h, payload: c, signature: s })),
  ],
  [
    'token in a token',
    'malformed',
    async (scene) =>
      signText(scene, { alg: 'ES256', kid: scene.ec.id, cty: 'JWT' }, await signToken(scene.ec, scene.claims)),
  ],
  ['claims in an array', 'malformed', withClaimsText((json) => `[${json}]`)],
  ['claims a string', 'malformed', withClaimsText((json) => JSON.stringify(json))],
  ['claims null', 'malformed', withClaimsText(() => 'null')],
  ['claims with text behind', 'malformed', withClaimsText((json) => `${json}{}`)],
  ['claims with a byte order mark', 'malformed', withClaimsText((json) => `\ufeff${json}`)],
  ['claims in UTF-16', 'malformed', rawClaims((json) => Buffer.from(json, 'utf16le'))],
  [
    'claims with bytes that are not UTF-8',
    'malformed',
    rawClaims((json) => Buffer.from(json.replace('alice', 'al\u00ffce'), 'latin1')),
  ],
  [
    'claims nested deeply',
    'malformed',
    withClaimsText((json) => json.replace('{', `{"x":${'['.repeat(2_000)}${']'.repeat(2_000)},`)),
  ],
  [
    'too many claims',
    'malformed',
    withClaims(() => Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`c${at}`, 1]))),
  ],
  ['giant token', 'malformed', withClaims(() => ({ filler: 'x'.repeat(1_000_000) }))],
  ['giant run of dots', 'malformed', () => '.'.repeat(100_000)],
];

/** 64 bytes leave four unused bits in the last character. */
function respell(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1];
}
