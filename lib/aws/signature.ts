import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Credentials } from './credentials.ts';

export interface ToSign {
  readonly body: string;
  readonly contentType: string;
  /** `X-Amz-Target`: the protocol's version and the operation. */
  readonly target: string;
  readonly credentials: Credentials;
  readonly atMs: number;
}

/** The headers of a signed POST to `/`, as a list that Node's client sends as it stands. */
export type SignedHeaders = readonly string[];

const ALGORITHM = 'AWS4-HMAC-SHA256';
const USER_AGENT = 'bursar-lean/1';

/**
 * Signs requests of the AWS JSON protocols, which are all POSTs to `/`, with Signature Version 4. The signing key is derived
 * once a day and secret.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner(place: { readonly region: string; readonly service: string; readonly host: string }) {
  const { region, service, host } = place;
  const dateOf = createDateWriter();
  // As a key object: bytes would be made one for each request, at six times the cost of the signature itself.
  let keyOf: { readonly secret: string; readonly day: string; readonly key: KeyObject } | null = null;

  const signingKey = (secret: string, day: string): KeyObject => {
    if (keyOf?.secret !== secret || keyOf.day !== day)
      keyOf = { secret, day, key: deriveKey(secret, [day, region, service]) };
    return keyOf.key;
  };

  return ({ body, contentType, target, credentials, atMs }: ToSign): SignedHeaders => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const date = dateOf(atMs);
    const day = date.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const token = sessionToken === null ? '' : `x-amz-security-token:${sessionToken}\n`;
    const names = `content-type;host;x-amz-date;${sessionToken === null ? '' : 'x-amz-security-token;'}x-amz-target`;
    const canonical = `POST\n/\n\ncontent-type:${contentType}\nhost:${host}\nx-amz-date:${date}\n${token}x-amz-target:${target}\n\n${names}\n${hash('sha256', body)}`;
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', signingKey(secretAccessKey, day)).update(toSign).digest('hex');
    const headers = [
      'host',
      host,
      'content-type',
      contentType,
      'content-length',
      Buffer.byteLength(body).toString(),
      'x-amz-date',
      date,
      'x-amz-target',
      target,
      'user-agent',
      USER_AGENT,
      'authorization',
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    ];
    if (sessionToken !== null) headers.push('x-amz-security-token', sessionToken);
    return headers;
  };
}

function deriveKey(secret: string, scope: readonly string[]): KeyObject {
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [...scope, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return createSecretKey(key);
}

/** `20261128T204629Z`; a second is written once. */
function createDateWriter(): (atMs: number) => string {
  let second = Number.NaN;
  let text = '';
  return (atMs) => {
    const now = Math.floor(atMs / 1_000);
    if (now !== second) {
      second = now;
      text = `${new Date(now * 1_000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    }
    return text;
  };
}
