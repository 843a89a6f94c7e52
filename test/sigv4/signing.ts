import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { toEpochMs } from '../../lib/domain/time.ts';
import type { SignatureRules, SignedRequest } from '../../lib/sigv4/verification.ts';

export const NOW = toEpochMs(Date.UTC(2026, 10, 21, 7, 30, 0));
const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
export const TOKEN = 'session/token+with=signs';

export const rules: SignatureRules = {
  region: 'us-east-1',
  service: 'execute-api',
  now: NOW,
  findCredential: (id) =>
    id === KEY.accessKeyId ? { secretAccessKey: KEY.secretAccessKey, sessionToken: null } : null,
};
export const tokenRules: SignatureRules = {
  ...rules,
  findCredential: () => ({ secretAccessKey: KEY.secretAccessKey, sessionToken: TOKEN }),
};

interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const PAYMENT: Unsigned = {
  method: 'POST',
  path: '/prod/payments/processPayment',
  query: {},
  headers: { 'content-type': 'application/json', 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'ada' },
  body: '{"a":1}',
};

interface SignOptions {
  readonly service?: string;
  readonly region?: string;
  readonly at?: number;
  readonly form?: 'header' | 'query';
  readonly sessionToken?: string;
  readonly expiresIn?: number;
  /** Leaves out the header with the body's digest. */
  readonly digest?: 'unsent';
}

/** Signs as AWS SDKs do and gives what would go over the wire. */
export async function sign(unsigned: Unsigned, options: SignOptions = {}): Promise<SignedRequest> {
  const signer = new SignatureV4({
    service: options.service ?? 'execute-api',
    region: options.region ?? 'us-east-1',
    credentials: options.sessionToken === undefined ? KEY : { ...KEY, sessionToken: options.sessionToken },
    sha256: Sha256,
    applyChecksum: options.digest !== 'unsent',
  });
  const { method, path, body } = unsigned;
  const request = {
    protocol: 'http:',
    hostname: '127.0.0.1',
    method,
    path,
    body,
    query: { ...unsigned.query },
    headers: { host: '127.0.0.1:8787', ...unsigned.headers },
  };
  const signingDate = new Date(options.at ?? NOW);
  const signed =
    options.form === 'query'
      ? await signer.presign(request, { signingDate, expiresIn: options.expiresIn ?? 60 })
      : await signer.sign(request, { signingDate });
  const query = Object.entries(signed.query ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return {
    method,
    target: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: Object.entries(signed.headers),
    body: Buffer.from(body),
  };
}

export function replaceHeader(request: SignedRequest, name: string, change: (value: string) => string): SignedRequest {
  const headers = request.headers.map(
    ([key, value]) => [key, key.toLowerCase() === name ? change(value) : value] as const,
  );
  return { ...request, headers };
}

export function addHeader(request: SignedRequest, name: string, value: string): SignedRequest {
  return { ...request, headers: [...request.headers, [name, value]] };
}

/** A result of the verifier. */
export const refused = (reason: string): object => ({ ok: false, error: { reason } });
