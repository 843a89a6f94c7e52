// Who asks: requests are HTTP messages signed by RFC 9421 with the Ed25519 key of the connector.
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

/** As far as two clocks may differ. */
const SKEW_SECONDS = 30;
const COMPONENTS = '("@method" "@target-uri" "content-digest" "content-type")';
const INPUT = /^bursar=(\("[^)]{1,200}\)(;[\x20-\x7e]{1,400}))$/;
const SIGNATURE = /^bursar=:([A-Za-z0-9+/]{86}==):$/;

export interface SignedRequest {
  readonly method: string;
  /** As the client names it: the URL, or the function's ARN. */
  readonly uri: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Verifier {
  /** Whether the request is of this connector, whole, fresh and here for the first time. `now` is in seconds. */
  check(request: SignedRequest, now: number): boolean;
}

/** @param publicKey the connector's `signer.publicKey`: 32 bytes in base64url */
export function createVerifier(publicKey: string): Verifier {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  // A nonce is forgotten when its request has expired anyway.
  const seen = new Map<string, number>();
  return {
    check: (request, now) => {
      const params = readParams(request, key, now);
      if (params === null || params.keyid !== publicKey) return false;
      for (const [nonce, expires] of seen) if (expires < now - SKEW_SECONDS) seen.delete(nonce);
      if (seen.has(params.nonce)) return false;
      seen.set(params.nonce, params.expires);
      return true;
    },
  };
}

/** The parameters of a signature that verifies and is fresh, else `null`. */
function readParams({ method, uri, headers, body }: SignedRequest, key: KeyObject, now: number) {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const [, input = '', rest = ''] = INPUT.exec(headers['signature-input'] ?? '') ?? [];
  const [, signature = ''] = SIGNATURE.exec(headers['signature'] ?? '') ?? [];
  // Anything that is not covered could be changed on the way: other components are refused rather than understood.
  if (!input.startsWith(`${COMPONENTS};`) || headers['content-digest'] !== digest) return null;
  const base = [
    `"@method": ${method}`,
    `"@target-uri": ${uri}`,
    `"content-digest": ${digest}`,
    `"content-type": ${headers['content-type'] ?? ''}`,
    `"@signature-params": ${input}`,
  ].join('\n');
  if (!verify(null, Buffer.from(base), key, Buffer.from(signature, 'base64'))) return null;
  const text = (name: string): string => new RegExp(`;${name}="([A-Za-z0-9_-]{1,100})"`).exec(rest)?.[1] ?? '';
  const seconds = (name: string): number => Number(new RegExp(`;${name}=([0-9]{1,12})(?:;|$)`).exec(rest)?.[1]);
  const [created, expires] = [seconds('created'), seconds('expires')];
  const isFresh = created <= now + SKEW_SECONDS && expires >= now - SKEW_SECONDS && expires - created <= 300;
  return isFresh && text('nonce') !== '' ? { nonce: text('nonce'), keyid: text('keyid'), expires } : null;
}
