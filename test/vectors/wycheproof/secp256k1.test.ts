import { createHash } from 'node:crypto';
import { verify } from 'tiny-secp256k1';
import { describe, expect, test } from 'vitest';
import { parseDerSignature, parseSpkiPublicKey, toLowS } from '../../../lib/wallets/secp256k1.ts';
import { readVectors, type SignatureVector, type VectorFile } from './vectors.ts';

interface Group {
  readonly publicKeyDer: string;
  readonly tests: readonly SignatureVector[];
}

/** Flags of vectors that are wrong by their encoding, whatever the key says. */
const ENCODING_FLAGS = new Set(['BerEncodedSignature', 'InvalidEncoding', 'InvalidTypesInSignature', 'RangeCheck']);

/** Runs every vector and returns those whose outcome is not the published one. */
function disagreements(
  file: VectorFile<Group>,
  accepts: (point: Uint8Array, digest: Uint8Array, signature: Uint8Array) => boolean,
): readonly string[] {
  let ran = 0;
  const wrong = file.testGroups.flatMap(({ publicKeyDer, tests }) => {
    const point = parseSpkiPublicKey(Buffer.from(publicKeyDer, 'hex'));
    if (!point.ok) return ['a public key was refused'];
    ran += tests.length;
    return tests
      .filter(({ msg, sig, result }) => {
        const digest = createHash('sha256').update(Buffer.from(msg, 'hex')).digest();
        return accepts(point.value, digest, Buffer.from(sig, 'hex')) !== (result === 'valid');
      })
      .map(({ tcId, comment, result }) => `${tcId} (${result}): ${comment}`);
  });
  expect(ran).toBe(file.numberOfTests);
  return wrong;
}

function vectorsOf(file: VectorFile<Group>): readonly SignatureVector[] {
  return file.testGroups.flatMap(({ tests }) => tests);
}

describe('wycheproof ecdsa_secp256k1_sha256', () => {
  const name = 'ecdsa_secp256k1_sha256_test.json';

  test('accepts all valid and refuses all invalid signatures, of either s', () => {
    const wrong = disagreements(readVectors<Group>(name), (point, digest, der) => {
      const parsed = parseDerSignature(der);
      return parsed.ok && verify(digest, point, toLowS(parsed.value), true);
    });
    expect(wrong).toEqual([]);
  });

  test('refuses what is wrong by its encoding before any key is looked at', () => {
    const badlyEncoded = vectorsOf(readVectors<Group>(name)).filter(
      ({ flags, result }) => result === 'invalid' && flags.some((flag) => ENCODING_FLAGS.has(flag)),
    );
    expect(badlyEncoded.length).toBeGreaterThan(150);
    const read = badlyEncoded.filter(({ sig }) => parseDerSignature(Buffer.from(sig, 'hex')).ok);
    expect(read.map(({ tcId, comment }) => `${tcId}: ${comment}`)).toEqual([]);
  });
});

test('wycheproof ecdsa_secp256k1_sha256_bitcoin: accepts exactly the valid ones, which have low s', () => {
  const wrong = disagreements(readVectors<Group>('ecdsa_secp256k1_sha256_bitcoin_test.json'), (point, digest, der) => {
    const parsed = parseDerSignature(der);
    return parsed.ok && verify(digest, point, parsed.value, true);
  });
  expect(wrong).toEqual([]);
});
