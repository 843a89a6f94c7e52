import { keccak_256 } from '@noble/hashes/sha3.js';
import { isPoint, recover } from 'tiny-secp256k1';
import { toChecksumAddress } from '../chains/evm/address.ts';
import { DER_SIGNATURE_MAX_BYTES } from '../domain/limits.ts';
import type { Hex } from '../domain/payment/payment.ts';
import { ok, refuse, type Result } from '../domain/result.ts';

declare const compactSignature: unique symbol;

/** 64 bytes, r then s, both from 1 to the order less one. */
export type CompactSignature = Uint8Array & { readonly [compactSignature]: true };

export interface EncodingRefusal {
  readonly reason: 'bad_encoding';
  readonly expected: string;
}

const DIGEST_BYTES = 32;
const SCALAR_BYTES = 32;
const POINT_BYTES = 65;

const ORDER_HEX = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const ORDER = BigInt(`0x${ORDER_HEX}`);
const ORDER_BYTES = Buffer.from(ORDER_HEX, 'hex');
const HALF_ORDER_BYTES = Buffer.from((ORDER >> 1n).toString(16), 'hex');

const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;

// SubjectPublicKeyInfo up to the point: id-ecPublicKey, secp256k1, bit string of 65 bytes without unused bits.
const SPKI_PREFIX = Buffer.from('3056301006072a8648ce3d020106052b8104000a034200', 'hex');
const UNCOMPRESSED = 0x04;

/**
 * Reads an ECDSA signature from strict DER (RFC 3279 section 2.2.3, X.690 section 10): minimal lengths, minimal positive
 * integers below the order, nothing after them. Accepts high s, as KMS gives it. Takes any bytes and never throws.
 */
export function parseDerSignature(der: Uint8Array): Result<CompactSignature, EncodingRefusal> {
  const refusal = refuse<EncodingRefusal>({
    reason: 'bad_encoding',
    expected: `a DER sequence of two integers below the order, at most ${DER_SIGNATURE_MAX_BYTES} bytes`,
  });
  if (der.length > DER_SIGNATURE_MAX_BYTES || der[0] !== DER_SEQUENCE || der[1] !== der.length - 2) return refusal;
  const compact = new Uint8Array(2 * SCALAR_BYTES);
  const rEnd = readScalar(der, 2, compact.subarray(0, SCALAR_BYTES));
  if (rEnd === null) return refusal;
  const sEnd = readScalar(der, rEnd, compact.subarray(SCALAR_BYTES));
  return sEnd === der.length ? ok(compact as CompactSignature) : refusal;
}

/** Reads one DER integer into 32 bytes; returns where it ends, or `null` where there is no scalar in minimal form. */
function readScalar(der: Uint8Array, at: number, into: Uint8Array): number | null {
  const length = der[at + 1] ?? 0;
  const start = at + 2;
  const end = start + length;
  if (der[at] !== DER_INTEGER || length === 0 || length > SCALAR_BYTES + 1 || end > der.length) return null;
  const first = der[start]!;
  if (first >= 0x80) return null;
  const padded = first === 0 && length > 1;
  if (padded && der[start + 1]! < 0x80) return null;
  const digits = der.subarray(padded ? start + 1 : start, end);
  if (digits.length > SCALAR_BYTES) return null;
  into.set(digits, SCALAR_BYTES - digits.length);
  return isScalar(into) ? end : null;
}

function isScalar(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte !== 0) && Buffer.compare(bytes, ORDER_BYTES) < 0;
}

/**
 * The same signature with s at most half the order, the only form that Ethereum accepts. The argument is left as it is.
 * @see https://eips.ethereum.org/EIPS/eip-2
 */
export function toLowS(signature: CompactSignature): CompactSignature {
  const s = signature.subarray(SCALAR_BYTES);
  if (Buffer.compare(s, HALF_ORDER_BYTES) <= 0) return signature;
  const low = Uint8Array.from(signature);
  const flipped = ORDER - BigInt(`0x${Buffer.from(s).toString('hex')}`);
  low.set(Buffer.from(flipped.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex'), SCALAR_BYTES);
  return low as CompactSignature;
}

/**
 * Reads the uncompressed point from a SubjectPublicKeyInfo of exactly the form that KMS gives for ECC_SECG_P256K1.
 * Refuses other curves, compressed points and points off the curve. Takes any bytes and never throws.
 */
export function parseSpkiPublicKey(spki: Uint8Array): Result<Uint8Array, EncodingRefusal> {
  const point = spki.subarray(SPKI_PREFIX.length);
  const matches =
    spki.length === SPKI_PREFIX.length + POINT_BYTES &&
    Buffer.compare(spki.subarray(0, SPKI_PREFIX.length), SPKI_PREFIX) === 0 &&
    point[0] === UNCOMPRESSED &&
    isPoint(point);
  return matches
    ? ok(point)
    : refuse({ reason: 'bad_encoding', expected: 'an uncompressed secp256k1 point as SubjectPublicKeyInfo' });
}

/** The checksummed address of an uncompressed public key: 65 bytes that begin with 4. Throws on anything else. */
export function addressOf(point: Uint8Array): Hex {
  return toChecksumAddress(lowerCaseAddress(point));
}

/** Whether an uncompressed public key is the one behind an address, in any case. */
export function isAddressOf(address: Hex, point: Uint8Array): boolean {
  return lowerCaseAddress(point) === address.toLowerCase();
}

function lowerCaseAddress(point: Uint8Array): string {
  if (point.length !== POINT_BYTES || point[0] !== UNCOMPRESSED) {
    throw new Error('not an uncompressed public key: expected 65 bytes that begin with 4');
  }
  return `0x${Buffer.from(keccak_256(point.subarray(1)).subarray(12)).toString('hex')}`;
}

/** Throws unless there are 32 bytes to sign: another length is a bug of the caller. */
export function assertDigest(digest: Uint8Array): void {
  if (digest.length !== DIGEST_BYTES) throw new RangeError(`not a digest: expected 32 bytes, got ${digest.length}`);
}

/** Prints r, s and v (27 or 28) as 65 bytes of hex, the form that Ethereum contracts read. */
export function formatSignature(signature: Uint8Array, recoveryId: 0 | 1): Hex {
  return `0x${Buffer.from(signature).toString('hex')}${recoveryId === 0 ? '1b' : '1c'}`;
}

/**
 * Finds v by recovering the signer: the 65-byte signature if, and only if, the key behind the address made it over this
 * digest; `null` otherwise. Recovers once in half of the cases, twice in the others.
 * @param signature with low s
 */
export function sealSignature(signature: CompactSignature, digest: Uint8Array, address: Hex): Hex | null {
  for (const recoveryId of [0, 1] as const) {
    const point = recoverPoint(digest, signature, recoveryId);
    if (point !== null && isAddressOf(address, point)) return formatSignature(signature, recoveryId);
  }
  return null;
}

function recoverPoint(digest: Uint8Array, signature: CompactSignature, recoveryId: 0 | 1): Uint8Array | null {
  try {
    return recover(digest, signature, recoveryId, false);
  } catch {
    // Thrown where r is no x coordinate of a point: nobody made such a signature.
    return null;
  }
}
