import { sign, type KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { PROVIDER_REQUEST_LIFE_MS, PROVIDER_SECRET_MAX_CHARS } from '../../domain/provider-limits.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';
import { decodeBase64, parseP256Key } from '../private-key.ts';
import { parseRequestBody, parseRequestUrl, refuseField } from '../provider-request.ts';

const DEFAULT_HOST = 'api.privy.io';
export const SIGNATURE_VERSION = 1;
/** Privy shows keys with the first prefix, and showed them with the second. */
const KEY_PREFIX = /^\s*wallet-(?:auth|api):/;

/** Credentials of a Privy app, ready to use. The authorization key does not show when the value is printed; the token does. */
export interface StripePrivySecrets {
  readonly appId: string;
  /** base64 of `appId:appSecret`, as in RFC 7617. */
  readonly basicAuthToken: string;
  /** The id that Privy knows the authorization key by: of the key's quorum or signer. No token carries it. */
  readonly authorizationId: string;
  readonly authorizationKey: KeyObject;
}

/** The request is a POST: no other signed request is made on a wallet's behalf. */
export interface StripePrivyTokenRequest {
  readonly requestPath: string;
  /** JSON text, where a signature is asked for; not looked at elsewhere. */
  readonly requestBody: string;
  /** @default api.privy.io */
  readonly requestHost?: string | undefined;
  /** @default false */
  readonly includeAuthorizationSignature?: boolean | undefined;
}

export interface StripePrivyToken {
  /** For the header `privy-app-id`. */
  readonly appId: string;
  /** For the header `Authorization: Basic`. */
  readonly basicAuthToken: string;
  /** For the header `privy-authorization-signature`: base64 of the signature in DER. */
  readonly authorizationSignature?: string;
  /** For the header `privy-request-expiry`, which the signature covers: the request must be sent with it. */
  readonly requestExpiry?: EpochMs;
}

/** An app's secret, without the whitespace around it. The error never quotes the text. */
export function parseAppSecret(text: string): Result<string, string> {
  const secret = text.trim();
  return /^[\x21-\x7e]+$/.test(secret) && text.length <= PROVIDER_SECRET_MAX_CHARS
    ? ok(secret)
    : refuse('must be the secret of a Privy app: printable ASCII without spaces');
}

/** An authorization key: base64 of a P-256 private key in PKCS #8, with or without Privy's prefix. The error never quotes the text. */
export function parseAuthorizationPrivateKey(text: string): Result<KeyObject, string> {
  const der = decodeBase64(text.replace(KEY_PREFIX, ''));
  const key = der && parseP256Key(der, ['pkcs8']);
  return key === null
    ? refuse('must be base64 of a P-256 private key in PKCS #8 DER, with or without wallet-auth: before it')
    : ok(key);
}

/** Parses the credentials of an app. Reports every problem, quoting no secret. Does not ask Privy whether they are good. */
export function parseStripePrivySecrets(input: {
  readonly appId: string;
  readonly appSecret: string;
  readonly authorizationId: string;
  readonly authorizationPrivateKey: string;
}): Result<StripePrivySecrets, readonly FieldProblem[]> {
  const { appId, authorizationId } = input;
  const problems: FieldProblem[] = [];
  const note = (name: string, message: string) => void problems.push({ name, message: `${name} ${message}` });
  // A colon would end the user name of the basic token early.
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(appId)) note('appId', 'must be printable ASCII without spaces and colons');
  const appSecret = parseAppSecret(input.appSecret);
  if (!appSecret.ok) note('appSecret', appSecret.error);
  if (authorizationId === '') note('authorizationId', 'must be the id of an authorization key');
  const key = parseAuthorizationPrivateKey(input.authorizationPrivateKey);
  if (!key.ok) note('authorizationPrivateKey', key.error);
  if (problems.length > 0 || !appSecret.ok || !key.ok) return refuse(problems);
  const basicAuthToken = Buffer.from(`${appId}:${appSecret.value}`).toString('base64');
  return ok({ appId, basicAuthToken, authorizationId, authorizationKey: key.value });
}

/**
 * Mints what one POST to Privy must carry: the app's basic token and, when asked, a signature over the request that is good
 * for 120 seconds. Sends nothing. The bytes of the body may be arranged otherwise than those of `requestBody` when it is sent,
 * because both sides sign its canonical form. Refuses to sign a body that is not a JSON object or list.
 * https://docs.privy.io/controls/authorization-keys/using-owners/sign/direct-implementation
 * https://docs.privy.io/api-reference/request-expiry
 */
export function mintStripePrivyToken(
  secrets: StripePrivySecrets,
  request: StripePrivyTokenRequest,
  deps: { readonly clock: Pick<Clock, 'now'> },
): Result<StripePrivyToken, readonly FieldProblem[]> {
  const { requestPath, requestBody, requestHost = DEFAULT_HOST, includeAuthorizationSignature = false } = request;
  const { appId, basicAuthToken } = secrets;
  const url = parseRequestUrl(requestHost, requestPath);
  if (!url.ok) return url;
  if (!includeAuthorizationSignature) return ok({ appId, basicAuthToken });

  const body = parseRequestBody(requestBody);
  if (!body.ok) return body;
  const requestExpiry = addMs(deps.clock.now(), PROVIDER_REQUEST_LIFE_MS);
  const signed = { method: 'POST', url: url.value.href.replace(/\/$/, ''), body: body.value, requestExpiry } as const;
  const authorizationSignature = signStripePrivyRequest(secrets, signed);
  if (authorizationSignature === null) return refuseField('requestBody', 'must be text of whole Unicode characters');
  return ok({ appId, basicAuthToken, authorizationSignature, requestExpiry });
}

/** What an authorization signature covers, besides the app's id. */
export interface SignedRequest {
  readonly method: 'POST' | 'PATCH';
  /** Without a slash at its end. */
  readonly url: string;
  readonly body: object;
  /** @default - none */
  readonly idempotencyKey?: string;
  readonly requestExpiry: EpochMs;
}

/**
 * Signs a request with the authorization key: base64 of DER, over the canonical form (RFC 8785) that both sides make of it.
 * `null` where that has no form for the body: half a surrogate pair.
 * https://docs.privy.io/api-reference/authorization-signatures
 */
export function signStripePrivyRequest(
  { appId, authorizationKey }: Pick<StripePrivySecrets, 'appId' | 'authorizationKey'>,
  { method, url, body, idempotencyKey, requestExpiry }: SignedRequest,
): string | null {
  const payload = formatSignedRequest({
    version: SIGNATURE_VERSION,
    method,
    url,
    // Privy takes a body without members for no body.
    body: Object.keys(body).length === 0 ? '' : body,
    headers: {
      'privy-app-id': appId,
      ...(idempotencyKey === undefined ? {} : { 'privy-idempotency-key': idempotencyKey }),
      'privy-request-expiry': String(requestExpiry),
    },
  });
  if (payload === null) return null;
  return sign('sha256', Buffer.from(payload), { key: authorizationKey, dsaEncoding: 'der' }).toString('base64');
}

/** The canonical form of JSON (RFC 8785); `null` where there is none. */
export function formatSignedRequest(payload: object): string | null {
  try {
    return canonicalize(payload) ?? null;
  } catch {
    return null;
  }
}
