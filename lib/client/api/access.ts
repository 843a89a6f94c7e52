import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { BursarError } from './bursar-error.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** From then on they are invalid. @default - they do not expire */
  readonly expiration?: Date;
}

/** Finds credentials; those of `@aws-sdk/credential-providers` are of this kind. */
export type CredentialProvider = (options?: {
  readonly forceRefresh?: boolean;
  /** Never given. By this name the types of AWS's providers fit that take a client's configuration. */
  readonly callerClientConfig?: never;
}) => Promise<AwsCredentials>;

/** Signatures of AWS (SigV4), for a payment manager that IAM guards. */
export interface SignedAccess {
  readonly region: string;
  /** A provider is asked again before its credentials end, and once where the service takes them for expired. */
  readonly credentials: AwsCredentials | CredentialProvider;
}

/** Tokens of an issuer, for a payment manager of type CUSTOM_JWT. The endpoint then ends in `/oauth`, and the user is the token's. */
export interface TokenAccess {
  /** Asked before every attempt; must return one that is still valid. */
  readonly token: () => string | Promise<string>;
}

/** A request before it says who sends it. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Adds to a request what says who makes it: a signature of AWS credentials, or a token. */
export interface Authenticator {
  /** The headers to send, `host` left out: fetch sets it itself and refuses to be told. */
  readonly authenticate: (request: UnsignedRequest) => Promise<Record<string, string>>;
  /** Forgets credentials that the service takes for expired; whether there may be others. */
  readonly refresh: () => boolean;
}

/** New ones are asked for this long before credentials end, so that none ends on its way. */
const REFRESH_BEFORE_END_MS = 60_000;

export function createAuthenticator(access: SignedAccess | TokenAccess, now: () => number): Authenticator {
  if ('token' in access) {
    return { authenticate: async ({ headers }) => withToken(headers, await access.token()), refresh: () => false };
  }
  const { credentials, region } = access;
  const source = typeof credentials === 'function' ? createSource(credentials, now) : null;
  return {
    authenticate: async (request) =>
      signRequest(region, source === null ? (credentials as AwsCredentials) : await source.read(), request),
    refresh: () => {
      source?.forget();
      return source !== null;
    },
  };
}

/** Keeps credentials until shortly before they end; those that do not say when are asked for each time. */
function createSource(provider: CredentialProvider, now: () => number) {
  let held: AwsCredentials | null = null;
  let forceRefresh = false;
  return {
    read: async (): Promise<AwsCredentials> => {
      const endsMs = held?.expiration?.getTime();
      if (held !== null && endsMs !== undefined && now() < endsMs - REFRESH_BEFORE_END_MS) return held;
      held = await provider(forceRefresh ? { forceRefresh } : undefined);
      forceRefresh = false;
      return held;
    },
    forget: (): void => {
      held = null;
      forceRefresh = true;
    },
  };
}

/** RFC 6750: what a token is made of; anything else could break out of its header. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

function withToken(headers: Readonly<Record<string, string>>, token: string): Record<string, string> {
  if (TOKEN.test(token)) return { ...headers, authorization: `Bearer ${token}` };
  const details = { errorName: 'InvalidToken', status: 0, code: 'bursar:invalid_token', requestId: null };
  throw new BursarError('the token has characters that no bearer token has; nothing was sent', details);
}

/** AWS's own service, which takes signatures under its own name; a deployment of Bursar stands behind API Gateway, whatever its host is. */
const AWS_OWN_HOST = /(?:^|\.)bedrock-agentcore(?:-control)?\.[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;

async function signRequest(
  region: string,
  credentials: AwsCredentials,
  { method, url, headers, body }: UnsignedRequest,
): Promise<Record<string, string>> {
  const service = AWS_OWN_HOST.test(url.hostname) ? 'bedrock-agentcore' : 'execute-api';
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(
      [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
    ),
    headers: { ...headers, host: url.host },
    body,
  });
  const { host: _host, ...sent } = signed.headers;
  return sent;
}
