import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign as signMessage,
  verify as verifyMessage,
  type KeyObject,
} from 'node:crypto';
import { sign as signDigest, verify as verifyDigest } from 'tiny-secp256k1';

export type KeySpec = 'ECC_SECG_P256K1' | 'ECC_NIST_EDWARDS25519';
export type SigningAlgorithm = 'ECDSA_SHA_256' | 'ED25519_SHA_512';
export type MessageType = 'DIGEST' | 'RAW';

export const KEY_SPECS: readonly KeySpec[] = ['ECC_SECG_P256K1', 'ECC_NIST_EDWARDS25519'];
export const ALGORITHM_OF: Readonly<Record<KeySpec, SigningAlgorithm>> = {
  ECC_SECG_P256K1: 'ECDSA_SHA_256',
  ECC_NIST_EDWARDS25519: 'ED25519_SHA_512',
};

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const SCALAR_BYTES = 32;
const POINT_BYTES = 65;
const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;

/** A key that signs the way KMS does. */
export interface SigningKey {
  readonly spki: Uint8Array;
  sign(message: Uint8Array, type: MessageType): Uint8Array;
  verify(message: Uint8Array, type: MessageType, signature: Uint8Array): boolean;
}

/** Makes key material; the result is PKCS #8. */
export function generateKeyMaterial(spec: KeySpec): Buffer {
  const { privateKey } =
    spec === 'ECC_SECG_P256K1'
      ? generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
      : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'der' });
}

/** Loads a key from PKCS #8. Throws where the material is not of the spec. */
export function loadSigningKey(spec: KeySpec, pkcs8: Buffer): SigningKey {
  const privateKey = createPrivateKey({ key: pkcs8, type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  switch (spec) {
    case 'ECC_SECG_P256K1': {
      const scalar = toScalar(privateKey);
      const point = spki.subarray(-POINT_BYTES);
      const toDigest = (message: Uint8Array, type: MessageType) => (type === 'RAW' ? sha256(message) : message);
      return {
        spki,
        sign: (message, type) => signSecp256k1(scalar, toDigest(message, type)),
        verify: (message, type, signature) => {
          const compact = decodeDer(signature);
          return compact !== null && verifyDigest(toDigest(message, type), point, compact);
        },
      };
    }
    case 'ECC_NIST_EDWARDS25519': {
      if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
      const publicKey = createPublicKey(privateKey);
      return {
        spki,
        sign: (message) => signMessage(null, message, privateKey),
        verify: (message, _type, signature) => verifyMessage(null, message, publicKey, signature),
      };
    }
  }
}

function toScalar(privateKey: KeyObject): Uint8Array {
  const { crv, d } = privateKey.export({ format: 'jwk' });
  if (crv !== 'secp256k1' || d === undefined) throw new Error('not a secp256k1 key');
  return Buffer.from(d, 'base64url');
}

function sha256(message: Uint8Array): Uint8Array {
  return createHash('sha256').update(message).digest();
}

/**
 * Signs as KMS does: with fresh randomness, so that no two signatures are equal, in DER, and with s as it falls. The
 * library gives low s only, so a coin decides which of the two equally valid values is returned.
 */
function signSecp256k1(scalar: Uint8Array, digest: Uint8Array): Uint8Array {
  const compact = signDigest(digest, scalar, randomBytes(SCALAR_BYTES));
  const r = compact.subarray(0, SCALAR_BYTES);
  const s = compact.subarray(SCALAR_BYTES);
  const heads = (randomBytes(1)[0]! & 1) === 1;
  return encodeDer(r, heads ? negate(s) : s);
}

function negate(s: Uint8Array): Uint8Array {
  const flipped = ORDER - BigInt(`0x${Buffer.from(s).toString('hex')}`);
  return Buffer.from(flipped.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}

function encodeDer(r: Uint8Array, s: Uint8Array): Uint8Array {
  const body = Buffer.concat([encodeInteger(r), encodeInteger(s)]);
  return Buffer.concat([Buffer.from([DER_SEQUENCE, body.length]), body]);
}

function encodeInteger(scalar: Uint8Array): Buffer {
  const first = scalar.findIndex((byte) => byte !== 0);
  const digits = scalar.subarray(first);
  const padding = digits[0]! >= 0x80 ? [0] : [];
  return Buffer.from([DER_INTEGER, padding.length + digits.length, ...padding, ...digits]);
}

/** Reads r and s; `null` for anything that `encodeDer` does not write. */
function decodeDer(der: Uint8Array): Uint8Array | null {
  const compact = Buffer.alloc(2 * SCALAR_BYTES);
  let at = 2;
  for (let scalar = 1; scalar <= 2; scalar += 1) {
    const length = der[at + 1] ?? 0;
    const digits = Buffer.from(der.subarray(at + 2, at + 2 + length)).subarray(-SCALAR_BYTES);
    compact.set(digits, scalar * SCALAR_BYTES - digits.length);
    at += 2 + length;
  }
  const isZero = [0, SCALAR_BYTES].some((start) => compact.subarray(start, start + SCALAR_BYTES).every((b) => b === 0));
  if (isZero) return null;
  const [r, s] = [compact.subarray(0, SCALAR_BYTES), compact.subarray(SCALAR_BYTES)];
  return Buffer.compare(encodeDer(r, s), der) === 0 ? compact : null;
}
