import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { memberOf } from '../../json/record.ts';

/** The key that requests to a signer are signed with: never a wallet's. */
export interface RequestKey {
  readonly privateKey: KeyObject;
  /** 32 bytes in unpadded base64url; it is the `keyid` of requests as well. */
  readonly publicKey: string;
}

/** Draws a request key. @returns its secret as text, and the half that the signer is given */
export function drawRequestKey(): { readonly secret: string; readonly publicKey: string } {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { secret: JSON.stringify({ requestKey: jwk }), publicKey: jwk.x! };
}

/** Reads what `drawRequestKey` made; `null` for anything else. Says no more, since whatever it quoted would be part of a secret. */
export function parseRequestKey(secret: string): RequestKey | null {
  try {
    const jwk = memberOf(JSON.parse(secret), 'requestKey') as JsonWebKey | undefined;
    const privateKey = createPrivateKey({ key: jwk ?? {}, format: 'jwk' });
    const publicKey = memberOf(jwk, 'x');
    return privateKey.asymmetricKeyType === 'ed25519' && typeof publicKey === 'string'
      ? { privateKey, publicKey }
      : null;
  } catch {
    return null;
  }
}
