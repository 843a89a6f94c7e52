import { createHash, sign } from 'node:crypto';
import type { EpochMs } from '../../domain/time.ts';
import type { RequestKey } from './request-key.ts';

/** How long a signer may take a request for fresh; it remembers nonces for as long. */
export const REQUEST_LIFE_SECONDS = 60;

const LABEL = 'bursar';
const COMPONENTS = '("@method" "@target-uri" "content-digest" "content-type")';

/**
 * Signs a POST of JSON as an HTTP message: method, whole URL or ARN, content type and body. Every try takes another nonce.
 *
 * @param nonce unpadded base64url
 * @see https://www.rfc-editor.org/rfc/rfc9421 and https://www.rfc-editor.org/rfc/rfc9530 for `content-digest`
 */
export function signRequest(
  { uri, body }: { readonly uri: string; readonly body: string },
  { key, now, nonce }: { readonly key: RequestKey; readonly now: EpochMs; readonly nonce: string },
): Readonly<Record<'content-digest' | 'signature' | 'signature-input', string>> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const created = Math.floor(now / 1_000);
  const expires = created + REQUEST_LIFE_SECONDS;
  const params = `${COMPONENTS};created=${created};expires=${expires};nonce="${nonce}";keyid="${key.publicKey}";alg="ed25519"`;
  const base = [
    '"@method": POST',
    `"@target-uri": ${uri}`,
    `"content-digest": ${digest}`,
    '"content-type": application/json',
    `"@signature-params": ${params}`,
  ].join('\n');
  const signature = sign(null, Buffer.from(base), key.privateKey).toString('base64');
  return {
    'content-digest': digest,
    'signature-input': `${LABEL}=${params}`,
    signature: `${LABEL}=:${signature}:`,
  };
}
