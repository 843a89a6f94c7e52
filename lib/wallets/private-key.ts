import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { PROVIDER_SECRET_MAX_CHARS } from '../domain/provider-limits.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/;
const PROBE = Buffer.from('a key agrees with itself');

/** Base64 of either alphabet, padded or not, wrapped into lines or not; `null` for anything else and for nothing at all. */
export function decodeBase64(text: string): Buffer | null {
  if (text.length > PROVIDER_SECRET_MAX_CHARS) return null;
  const letters = text.replaceAll(/\s/g, '');
  return BASE64.test(letters) ? Buffer.from(letters, 'base64') : null;
}

/**
 * The Ed25519 key of a seed (RFC 8032), `null` unless `publicKey` belongs to it.
 *
 * @param seed 32 bytes
 */
export function toEd25519Key(seed: Buffer, publicKey: Buffer): KeyObject | null {
  const [d, x] = [seed.toString('base64url'), publicKey.toString('base64url')];
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x } });
  return createPublicKey(key).export({ format: 'jwk' }).x === x ? key : null;
}

export type EcKeyForm = 'pkcs8' | 'sec1';

/** A P-256 private key in DER of one of the forms; `null` for anything else, such as another curve or a public half that is not its own. */
export function parseP256Key(der: Buffer, forms: readonly EcKeyForm[]): KeyObject | null {
  for (const type of forms) {
    const key = readPrivateKey(der, type);
    if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1' && agreesWithItself(key)) return key;
  }
  return null;
}

function readPrivateKey(der: Buffer, type: EcKeyForm): KeyObject | null {
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch {
    // OpenSSL throws for every DER that is no key; what it says may describe the secret.
    return null;
  }
}

/** The DER names the public half beside the private one, and nothing says that they belong together. */
function agreesWithItself(key: KeyObject): boolean {
  return verify('sha256', PROBE, createPublicKey(key), sign('sha256', PROBE, key));
}
