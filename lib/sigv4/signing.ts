import { createHmac, hash } from 'node:crypto';
import { canonicalHeaders, canonicalPath } from './canonical-request.ts';

/** A request to a service of AWS, without a query. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `null` for the keys of a user, which have none. */
  readonly sessionToken: string | null;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
  readonly key: SigningKey;
  readonly atMs: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signs a request with Signature Version 4: all of its headers, and the host.
 * @returns the headers to send, without `host`, which the sender sets
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signRequest(
  { method, url, headers, body }: UnsignedRequest,
  { region, service, key, atMs }: SigningScope,
): Readonly<Record<string, string>> {
  const date = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const scope = [date.slice(0, 8), region, service, 'aws4_request'];
  const sent = {
    ...headers,
    'x-amz-date': date,
    ...(key.sessionToken === null ? {} : { 'x-amz-security-token': key.sessionToken }),
  };
  const signed = Object.entries({ ...sent, host: url.host });
  const names = signed.map(([name]) => name).sort();
  const canonical = [
    method,
    canonicalPath(url.pathname, true),
    '',
    canonicalHeaders(signed, names),
    names.join(';'),
    hash('sha256', body),
  ].join('\n');
  const toSign = [ALGORITHM, date, scope.join('/'), hash('sha256', canonical)].join('\n');
  const signingKey = scope.reduce<string | Buffer>(
    (derived, part) => createHmac('sha256', derived).update(part).digest(),
    `AWS4${key.secretAccessKey}`,
  );
  const signature = createHmac('sha256', signingKey).update(toSign).digest('hex');
  const credential = `Credential=${key.accessKeyId}/${scope.join('/')}`;
  return {
    ...sent,
    authorization: `${ALGORITHM} ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}
