import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Randomness } from '../../lib/domain/ports/services.ts';
import { toEpochMs, type Clock } from '../../lib/domain/time.ts';

/** Keys as the vendors hand them out; made anew for every run. */
export function createApiKey(): { readonly secret: string; readonly publicKey: Uint8Array } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  return { secret: Buffer.concat([Buffer.from(d, 'base64url'), publicKey]).toString('base64'), publicKey };
}

export interface EcKey {
  readonly pkcs8: string;
  readonly sec1: string;
  /** The uncompressed point. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

export function createEcKey(namedCurve = 'P-256'): EcKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const encode = (type: 'pkcs8' | 'sec1') => privateKey.export({ format: 'der', type }).toString('base64');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return { pkcs8: encode('pkcs8'), sec1: encode('sec1'), publicKey: der.subarray(-65), privateKey };
}

export const NOW_SECONDS = 1_790_000_000;

/** Half a second into its second, so that a token's times show how they are rounded. */
export const clock: Pick<Clock, 'now'> = { now: () => toEpochMs(NOW_SECONDS * 1_000 + 500) };

/** Bytes that never come twice. */
export function createRandom(): Pick<Randomness, 'bytes'> {
  let drawn = 0;
  return {
    bytes: (length) => {
      drawn += 1;
      return new Uint8Array(length).fill(drawn);
    },
  };
}

export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Takes a compact JWS apart without checking anything. */
export function decodeJwt(token: string): Jwt {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0) throw new Error('not a compact JWS');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return {
    header: read(header),
    claims: read(claims),
    signed: Buffer.from(`${header}.${claims}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}
