import { readBounded } from '../../domain/bounded-bytes.ts';

/** What a client credentials request says. */
export interface TokenRequest {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes with spaces between. */
  readonly scope: string;
  /** For whom the token is meant (RFC 8707). @default - what the issuer says */
  readonly resource?: string;
}

const TIMEOUT_MS = 5_000;
const ANSWER_MAX_BYTES = 16 * 1_024;
const ERROR_CODE = /^[a-z_]{1,64}$/;

/**
 * Asks an issuer for an access token by the client credentials grant, once, and follows no redirect. Does not look into the
 * token.
 *
 * @returns the token's text
 * @throws TokenRefused where the issuer refuses, Error where it does not answer in time or not as RFC 6749 says
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export async function requestToken(request: TokenRequest): Promise<string> {
  // RFC 6749 2.3.1: each of the two is form-encoded before they are joined.
  const basic = `${encodeURIComponent(request.clientId)}:${encodeURIComponent(request.clientSecret)}`;
  const response = await fetch(request.tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: request.scope,
      ...(request.resource === undefined ? {} : { resource: request.resource }),
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = parseAnswer(await readText(response));
  if (!response.ok) {
    const { error } = answer;
    throw new TokenRefused(response.status, typeof error === 'string' && ERROR_CODE.test(error) ? error : null);
  }
  if (typeof answer['access_token'] !== 'string')
    throw new Error('the token endpoint answered without an access token');
  return answer['access_token'];
}

/** The issuer's "no". */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly status: number;
  /** As RFC 6749 section 5.2 lists them, such as `invalid_client`; `null` where the issuer named none. */
  readonly code: string | null;

  constructor(status: number, code: string | null) {
    super(`the token endpoint answered ${status} ${code ?? 'without a reason'}`);
    this.status = status;
    this.code = code;
  }
}

async function readText({ body }: Response): Promise<string> {
  const bytes = await readBounded(body, ANSWER_MAX_BYTES);
  if (bytes === null) throw new Error(`the token endpoint answered more than ${ANSWER_MAX_BYTES} bytes`);
  return new TextDecoder().decode(bytes);
}

function parseAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The text may hold a token, so that it stays out of the error.
  }
  throw new Error('the token endpoint answered something other than a JSON object');
}
