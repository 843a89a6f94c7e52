import { createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ApiRequest, Route } from '../api-server.ts';
import type { App, KeyQuorum } from './app.ts';
import { ApiError } from './api-error.ts';
import { countSigned, findQuorum, keysOf, thresholdOf } from './quorums.ts';

const SIGNATURES_MAX = 16;
const SIGNATURE_MAX_CHARS = 200;

/** Verifies app id and secret, and that the request is not over. Throws `ApiError`. */
export function checkApp(app: App, now: number, { headers }: ApiRequest<Route>): void {
  if (headers['privy-app-id'] !== app.appId) throw unauthorized('Missing or invalid Privy app ID.');
  const given = /^Basic ([\w+/=-]+)$/.exec(headers.authorization ?? '')?.[1];
  const accepted = app.appSecrets.map((secret) => Buffer.from(`${app.appId}:${secret}`));
  const bytes = Buffer.from(given ?? '', 'base64');
  if (!accepted.some((each) => each.length === bytes.length && timingSafeEqual(each, bytes))) {
    throw unauthorized('Invalid app ID or app secret.');
  }
  const expiry = headers['privy-request-expiry'];
  if (expiry === undefined) return;
  if (typeof expiry !== 'string' || !/^\d{1,15}$/.test(expiry) || Number(expiry) <= now) {
    throw new ApiError(400, 'request_expired', 'The request has expired, or privy-request-expiry is no time.');
  }
}

/** What is signed where a request must be authorized: the request itself, in its canonical form. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  /** A JSON value; an empty object is signed as an empty text. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param more what else is signed of an intent */
export function formatPayload({ method, url, body, headers }: SignedRequest, more: object = {}): Uint8Array {
  const empty = typeof body === 'object' && body !== null && Object.keys(body).length === 0;
  const text = canonicalize({ version: 1, method, url, body: empty ? '' : body, headers, ...more });
  return Buffer.from(text ?? '');
}

export function toSignedRequest(request: ApiRequest<Route>, body: unknown): SignedRequest {
  const headers: Record<string, string> = {};
  for (const name of ['privy-app-id', 'privy-idempotency-key', 'privy-request-expiry']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { method: request.operation.method, url: `${request.url.origin}${request.url.pathname}`, body, headers };
}

/** The key of the quorums that made a signature over a payload; `null` where none did. */
export function findSigner(keys: readonly string[], payload: Uint8Array, signature: string): string | null {
  if (signature.length > SIGNATURE_MAX_CHARS) return null;
  const bytes = Buffer.from(signature, 'base64');
  return (
    keys.find((key) => {
      const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
      return verify('sha256', payload, { key: publicKey, dsaEncoding: 'der' }, bytes);
    }) ?? null
  );
}

/**
 * Verifies `privy-authorization-signature` against quorums, any of which is enough.
 * @param quorumIds whose signatures count, in the order in which they are looked at; none asks for nothing
 * @returns the quorum that authorized the request, `null` where none was asked for
 * @throws ApiError
 */
export function checkAuthorization(
  app: App,
  quorumIds: readonly string[],
  request: ApiRequest<Route>,
  body: unknown,
): KeyQuorum | null {
  if (quorumIds.length === 0) return null;
  const header = request.headers['privy-authorization-signature'];
  const signatures = typeof header === 'string' ? header.split(',').filter((each) => each.trim() !== '') : [];
  if (signatures.length === 0) {
    const message = 'Missing `privy-authorization-signature` header.';
    throw new ApiError(401, 'missing_or_empty_authorization_header', message);
  }
  if (signatures.length > SIGNATURES_MAX) {
    const message = 'Number of signatures does not match the authorization threshold.';
    throw new ApiError(400, 'incorrect_quantity_of_authorization_signatures', message);
  }
  const quorums = quorumIds.map((id) => findQuorum(app, id));
  const keys = quorums.flatMap((quorum) => keysOf(app, quorum));
  const payload = formatPayload(toSignedRequest(request, body));
  const signers = signatures.map((signature) => findSigner(keys, payload, signature.trim()));
  const signed = new Set(signers.filter((key) => key !== null));
  if (signed.size === 0) {
    const message = 'No valid authorization signatures were provided.';
    throw new ApiError(401, 'zero_correct_authorization_signatures', message);
  }
  const enough = quorums.find((quorum) => countSigned(app, quorum, signed) >= thresholdOf(quorum));
  if (enough === undefined || signers.includes(null)) {
    const message = 'Not enough valid authorization signatures were provided.';
    throw new ApiError(400, 'insufficient_correct_authorization_signatures', message);
  }
  return enough;
}

function unauthorized(message: string): ApiError {
  return new ApiError(401, 'invalid_credentials', message);
}
