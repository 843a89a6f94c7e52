import { createPublicKey, verify } from 'node:crypto';
import { importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { createKeySet } from '../../../lib/jwt/key-set.ts';
import { findSigner } from '../../../lib/local/providers/stripe-privy/authorization.ts';
import { bytesOf, readVectors, type SignatureVector } from './vectors.ts';

// P-256 and Ed25519: by these wallet providers know who asks, issuers sign tokens, and a signer of the user's own knows its connector.

interface Group {
  readonly publicKeyDer: string;
  readonly tests: readonly SignatureVector[];
}

/** As it is published; some groups have the key in DER alone. */
const jwkOf = ({ publicKeyDer }: Group) =>
  createPublicKey({ format: 'der', type: 'spki', key: bytesOf(publicKeyDer) }).export({ format: 'jwk' });

type Accepts = (group: Group, message: Buffer, signature: Buffer) => boolean | Promise<boolean>;

/** Runs every vector and returns those whose outcome is not the published one. */
async function disagreements(name: string, accepts: Accepts, skips?: (vector: SignatureVector) => boolean) {
  const file = readVectors<Group>(name);
  const wrong: string[] = [];
  let ran = 0;
  for (const group of file.testGroups) {
    for (const vector of group.tests) {
      ran += 1;
      if (skips?.(vector) === true) continue;
      const { tcId, comment, msg, sig, result } = vector;
      const accepted = await accepts(group, bytesOf(msg), bytesOf(sig));
      if (accepted !== (result === 'valid')) wrong.push(`${tcId} (${result}): ${comment}`);
    }
  }
  expect(ran).toBe(file.numberOfTests);
  return wrong;
}

/** As jose verifies a token, which is what stands in for Coinbase asks. */
const byJose =
  (alg: 'ES256' | 'EdDSA'): Accepts =>
  async (group, message, signature) => {
    const { kty, crv, x, y } = jwkOf(group);
    const jwk = { kty: kty!, crv: crv!, x: x!, ...(y === undefined ? {} : { y }) };
    const key = await importJWK(jwk, alg);
    if (!('type' in key)) throw new Error('the key of a shared secret');
    const algorithm = alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' };
    return crypto.subtle.verify(algorithm, key, new Uint8Array(signature), new Uint8Array(message));
  };

/** As the tokens of issuers are verified, and the requests of a connector by the example's signer. */
const byNode =
  (hash: 'sha256' | null): Accepts =>
  (group, message, signature) => {
    const key = createPublicKey({ format: 'jwk', key: jwkOf(group) });
    return verify(hash, message, hash === null ? key : { key, dsaEncoding: 'ieee-p1363' }, signature);
  };

const SCALAR_BYTES = 32;

/** An integer in DER: no needless zero before it, and none negative. */
function encodeInteger(bytes: Buffer): Buffer {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  const value = bytes.every((byte) => byte === 0) ? Buffer.alloc(1) : digits;
  const sign = value[0]! >= 0x80 ? Buffer.alloc(1) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x02, sign.length + value.length]), sign, value]);
}

/** The same two numbers in DER, as Privy wants them. */
function toDer(signature: Buffer): Buffer {
  const body = Buffer.concat([
    encodeInteger(signature.subarray(0, SCALAR_BYTES)),
    encodeInteger(signature.subarray(SCALAR_BYTES)),
  ]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

const isTwoNumbers = ({ sig }: SignatureVector): boolean => sig.length === 4 * SCALAR_BYTES;

describe('wycheproof ecdsa_secp256r1_sha256_p1363', () => {
  const name = 'ecdsa_secp256r1_sha256_p1363_test.json';

  test.each([
    ['the tokens of Coinbase', byJose('ES256')],
    ['the tokens of issuers', byNode('sha256')],
  ])('accepts all valid and refuses all invalid signatures of %s', async (_what, accepts) => {
    expect(await disagreements(name, accepts)).toEqual([]);
  });

  test('accepts all valid and refuses all invalid signatures of the requests of Privy', async () => {
    const byPrivy: Accepts = ({ publicKeyDer }, message, signature) => {
      const key = bytesOf(publicKeyDer).toString('base64');
      return findSigner([key], message, toDer(signature).toString('base64')) === key;
    };
    expect(await disagreements(name, byPrivy, (vector) => !isTwoNumbers(vector))).toEqual([]);
  });

  test('has no key that an issuer could not publish', async () => {
    const jwks = readVectors<Group>(name).testGroups.map((group, index) => ({ ...jwkOf(group), kid: String(index) }));
    for (const jwk of jwks) {
      const set = createKeySet(() => Promise.resolve({ keys: [jwk] }));
      await set.getJwks('https://issuer.example/keys');
      expect([jwk.kid, set.size]).toEqual([jwk.kid, 1]);
    }
  });
});

describe('wycheproof ed25519', () => {
  const name = 'ed25519_test.json';

  test.each([
    ['the tokens of Coinbase', byJose('EdDSA')],
    ['the tokens of issuers, and the requests to a signer', byNode(null)],
  ])('accepts all valid and refuses all invalid signatures of %s', async (_what, accepts) => {
    expect(await disagreements(name, accepts)).toEqual([]);
  });
});
