import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
import { sign as signDigest } from 'tiny-secp256k1';
import { recoverAddress } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import type { Hex } from '../../lib/domain/payment/payment.ts';
import {
  addressOf,
  assertDigest,
  formatSignature,
  isAddressOf,
  parseDerSignature,
  parseSpkiPublicKey,
  sealSignature,
  toLowS,
  type CompactSignature,
} from '../../lib/wallets/secp256k1.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_ORDER = ORDER >> 1n;

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function compactOf(r: bigint, s: bigint): CompactSignature {
  return Buffer.concat([toBytes(r), toBytes(s)]) as Uint8Array as CompactSignature;
}

/** DER of any two integers, right or wrong. */
function derOf(r: bigint, s: bigint): Buffer {
  const integers = [r, s].map((value) => {
    const hex = value.toString(16);
    const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    const padded = digits[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
    return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n });

describe('DER signatures', () => {
  test('reads what Node writes', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    for (let i = 0; i < 50; i += 1) {
      const message = randomBytes(40);
      const parsed = parseDerSignature(sign('sha256', message, privateKey));
      expect(parsed.ok && parsed.value.length).toBe(64);
    }
  });

  test('reads any two scalars back', () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const parsed = parseDerSignature(derOf(r, s));
        expect(parsed.ok && Buffer.compare(parsed.value, compactOf(r, s))).toBe(0);
      }),
      {
        examples: [
          [1n, 1n],
          [ORDER - 1n, ORDER - 1n],
          [0x7fn, 0x80n],
          [HALF_ORDER, HALF_ORDER + 1n],
        ],
      },
    );
  });

  test.each([
    ['r of zero', derOf(0n, 1n)],
    ['s of zero', derOf(1n, 0n)],
    ['r of the order', derOf(ORDER, 1n)],
    ['s of the order', derOf(1n, ORDER)],
    ['r above the order', derOf(ORDER + 1n, 1n)],
    ['an r of 33 significant bytes', derOf(1n << 256n, 1n)],
    ['an r of 64 bytes', derOf(1n << 500n, 1n)],
    ['a negative r', Buffer.from('3006020180020101', 'hex')],
    ['a padded r', Buffer.from('300702020001020101', 'hex')],
    ['an empty r', Buffer.from('30050200020101', 'hex')],
    ['an integer that ends after the sequence', Buffer.from('3006020101020201', 'hex')],
    ['a byte after the sequence', Buffer.concat([derOf(1n, 1n), Buffer.from([0])])],
    ['a byte after s inside the sequence', Buffer.from('300702010102010100', 'hex')],
    ['a sequence that says too little', Buffer.from('3005020101020101', 'hex')],
    ['a long-form length', Buffer.from('308106020101020101', 'hex')],
    ['an indefinite length', Buffer.from('30800201010201010000', 'hex')],
    ['another tag than a sequence', Buffer.from('3106020101020101', 'hex')],
    ['another tag than an integer', Buffer.from('3006030101020101', 'hex')],
    ['one integer only', Buffer.from('3003020101', 'hex')],
    ['an empty sequence', Buffer.from('3000', 'hex')],
    ['no bytes', new Uint8Array()],
    ['73 bytes', Buffer.concat([Buffer.from([0x30, 71]), Buffer.alloc(71, 2)])],
  ])('refuses %s', (_name, der) => {
    expect(parseDerSignature(der).ok).toBe(false);
  });

  test('refuses or reads arbitrary bytes, never throws, and reads only the one right encoding', () => {
    const nearDer = fc
      .tuple(scalar, scalar, fc.nat({ max: 80 }), fc.nat({ max: 255 }), fc.nat({ max: 80 }))
      .map(([r, s, at, byte, length]) => {
        const der = Buffer.from(derOf(r, s));
        if (at < der.length) der[at] = byte;
        return new Uint8Array(der.subarray(0, length > 70 ? der.length : length));
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearDer), (bytes) => {
        const parsed = parseDerSignature(bytes);
        if (!parsed.ok) return;
        const [r, s] = [parsed.value.subarray(0, 32), parsed.value.subarray(32)].map((half) =>
          BigInt(`0x${Buffer.from(half).toString('hex')}`),
        );
        expect(Buffer.compare(derOf(r!, s!), bytes)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('low s', () => {
  test.each([
    ['one', 1n, 1n],
    ['half the order', HALF_ORDER, HALF_ORDER],
    ['half the order and one', HALF_ORDER + 1n, HALF_ORDER],
    ['the order less one', ORDER - 1n, 1n],
  ])('maps an s of %s to the lower of the two', (_name, s, expected) => {
    expect(Buffer.compare(toLowS(compactOf(5n, s)), compactOf(5n, expected))).toBe(0);
  });

  test('leaves its argument as it is', () => {
    const high = compactOf(5n, ORDER - 1n);
    toLowS(high);
    expect(Buffer.compare(high, compactOf(5n, ORDER - 1n))).toBe(0);
  });
});

describe('sealing', () => {
  const privateKey = randomBytes(32);
  const address = privateKeyToAddress(`0x${privateKey.toString('hex')}`);

  test('finds both recovery ids, as viem recovers them', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 30; i += 1) {
      const digest = randomBytes(32);
      const sealed = sealSignature(signDigest(digest, privateKey) as CompactSignature, digest, address);
      expect(await recoverAddress({ hash: digest, signature: sealed! })).toBe(address);
      seen.add(sealed!.slice(-2));
    }
    expect(seen).toEqual(new Set(['1b', '1c']));
  });

  test('refuses a signature over another digest', () => {
    const digest = randomBytes(32);
    const signature = signDigest(digest, privateKey) as CompactSignature;
    expect(sealSignature(signature, randomBytes(32), address)).toBeNull();
  });

  test('refuses another address', () => {
    const digest = randomBytes(32);
    const signature = signDigest(digest, privateKey) as CompactSignature;
    expect(sealSignature(signature, digest, `0x${'00'.repeat(20)}`)).toBeNull();
  });

  test('refuses an r that is no x coordinate, and never throws', () => {
    // x = 5 is on no point of secp256k1.
    expect(sealSignature(compactOf(5n, 1n), randomBytes(32), address)).toBeNull();
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        expect(sealSignature(compactOf(r, s), new Uint8Array(32).fill(7), address)).toBeNull();
      }),
    );
  });

  test('prints v as 27 or 28', () => {
    expect(formatSignature(compactOf(1n, 2n), 0)).toBe(`0x${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}1b`);
    expect(formatSignature(compactOf(1n, 2n), 1).slice(-2)).toBe('1c');
  });
});

function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

describe('public keys', () => {
  test('reads the point that Node exports, and gives the address that viem gives', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const parsed = parseSpkiPublicKey(spkiOf(privateKey));
    const { d } = privateKey.export({ format: 'jwk' });
    const expected = privateKeyToAddress(`0x${Buffer.from(d!, 'base64url').toString('hex')}`);
    expect(parsed.ok && addressOf(parsed.value)).toBe(expected);
    expect(parsed.ok && isAddressOf(expected.toLowerCase() as Hex, parsed.value)).toBe(true);
    expect(parsed.ok && isAddressOf(`0x${'00'.repeat(20)}`, parsed.value)).toBe(false);
  });

  test('refuses the keys of other curves', () => {
    for (const namedCurve of ['prime256v1', 'secp384r1']) {
      expect(parseSpkiPublicKey(spkiOf(generateKeyPairSync('ec', { namedCurve }).privateKey)).ok).toBe(false);
    }
    expect(parseSpkiPublicKey(spkiOf(generateKeyPairSync('ed25519').privateKey)).ok).toBe(false);
  });

  test('refuses a point off the curve, a cut key and one with a byte too many', () => {
    const spki = spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey);
    const offCurve = Buffer.from(spki);
    offCurve[spki.length - 1]! ^= 1;
    for (const wrong of [offCurve, spki.subarray(0, -1), Buffer.concat([spki, Buffer.from([0])]), new Uint8Array()]) {
      expect(parseSpkiPublicKey(wrong).ok).toBe(false);
    }
  });

  test('refuses arbitrary bytes and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(parseSpkiPublicKey(bytes).ok).toBe(false);
      }),
    );
  });

  test('throws for a point that is not uncompressed: that is a bug', () => {
    expect(() => addressOf(new Uint8Array(33).fill(2))).toThrow(/65 bytes/);
    expect(() => addressOf(new Uint8Array(65))).toThrow(/65 bytes/);
  });
});

test('accepts a digest of 32 bytes and refuses 31 and 33', () => {
  expect(() => assertDigest(new Uint8Array(32))).not.toThrow();
  expect(() => assertDigest(new Uint8Array(31))).toThrow(/got 31/);
  expect(() => assertDigest(new Uint8Array(33))).toThrow(/got 33/);
});
