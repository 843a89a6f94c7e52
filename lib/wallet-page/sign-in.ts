import { apiBase, CallFailed, readJson, send } from './calls.ts';

const KEY = 'bursar-wallet-sign-in';
const MANAGER_PATH = /\/wallet\/([0-9a-z-]+)$/;
const SECRET_BYTES = 32;

/** How the users of the manager sign in, as the deployment says. */
export interface SignInWay {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly paymentManagerArn: string;
  readonly clientId: string;
  readonly scope: string;
  readonly resource?: string;
}

/** What a sign-in that is under way has to be told by. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Who has signed in, for a while. */
export interface SignedIn {
  readonly token: string;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly paymentManagerArn: string;
}

/** Whose page it is; `null` for the one that links open. */
export function managerOf({ pathname }: Pick<Location, 'pathname'>): string | null {
  return MANAGER_PATH.exec(pathname)?.[1] ?? null;
}

/** `null` where the users of this manager do not sign in here. */
export async function findWay(managerId: string): Promise<SignInWay | null> {
  const response = await send(`${apiBase(location)}/wallet/${managerId}/sign-in`, { method: 'GET' });
  if (response.status === 404) return null;
  if (!response.ok) throw new CallFailed('refused', 'The page cannot tell how you sign in. Try again in a minute');
  return (await readJson(response)) as unknown as SignInWay;
}

/** Leaves for the issuer. PKCE, state and nonce are drawn for this attempt and kept in this tab. */
export async function signIn(way: SignInWay): Promise<void> {
  const attempt = { state: draw(), nonce: draw(), verifier: draw() };
  sessionStorage.setItem(KEY, JSON.stringify(attempt));
  location.assign(await authorizationUrl(way, attempt, redirectUri()));
}

/** @see https://www.rfc-editor.org/rfc/rfc7636#section-4.3 */
export async function authorizationUrl(way: SignInWay, attempt: Attempt, redirect: string): Promise<string> {
  const url = new URL(way.authorizationEndpoint);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(attempt.verifier));
  const parameters = {
    response_type: 'code',
    client_id: way.clientId,
    redirect_uri: redirect,
    scope: way.scope,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: toBase64Url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    ...(way.resource === undefined ? {} : { resource: way.resource }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** What the issuer sent a browser back with, taken out of the address; `null` for a visit that comes from nowhere. */
export function takeAnswer(): URLSearchParams | null {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state')) return null;
  history.replaceState(null, '', location.pathname);
  return answer;
}

/** The attempt that this tab began, which is good for one answer. */
export function takeAttempt(): Attempt | null {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return text === null ? null : (JSON.parse(text) as Attempt);
}

/** The code of an answer to this attempt; a reason where it is no such answer. */
export function readCode(
  answer: URLSearchParams,
  attempt: Attempt | null,
  { issuer }: Pick<SignInWay, 'issuer'>,
): { readonly code: string } | { readonly problem: string } {
  if (attempt === null || answer.get('state') !== attempt.state) {
    return { problem: 'This is not the sign-in that began here. Begin again.' };
  }
  // RFC 9207: an answer of another issuer than the one that was asked.
  if ((answer.get('iss') ?? issuer) !== issuer) return { problem: 'Somebody else answered the sign-in. Begin again.' };
  const code = answer.get('code');
  if (code === null) return { problem: 'The sign-in was not finished.' };
  return { code };
}

/** Exchanges a code for a token, once. */
export async function exchange(way: SignInWay, attempt: Attempt, code: string): Promise<SignedIn> {
  const response = await send(way.tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri(),
      client_id: way.clientId,
      code_verifier: attempt.verifier,
      ...(way.resource === undefined ? {} : { resource: way.resource }),
    }),
    credentials: 'omit',
  });
  const answer = await readJson(response);
  const { access_token: token, expires_in: seconds, id_token: idToken } = answer;
  const now = Date.now();
  const isOurs = typeof idToken === 'string' && isIdToken(idToken, way, attempt, now);
  if (!response.ok || typeof token !== 'string' || !isOurs) {
    throw new CallFailed('refused', 'The sign-in was not accepted. Begin again');
  }
  const life = typeof seconds === 'number' ? seconds : 300;
  return { token, expiresAt: new Date(now + life * 1_000).toISOString(), paymentManagerArn: way.paymentManagerArn };
}

/**
 * Whether an ID token is the issuer's answer to this attempt. It came from the issuer itself over TLS, which stands for its signature.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export function isIdToken(
  token: string,
  { issuer, clientId }: Pick<SignInWay, 'issuer' | 'clientId'>,
  { nonce }: Pick<Attempt, 'nonce'>,
  now: number,
): boolean {
  const claims = readClaims(token);
  const audience = [claims['aud']].flat();
  return (
    claims['iss'] === issuer &&
    audience.includes(clientId) &&
    (audience.length === 1 || claims['azp'] === clientId) &&
    claims['nonce'] === nonce &&
    typeof claims['exp'] === 'number' &&
    now < claims['exp'] * 1_000
  );
}

function readClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The page itself, as the issuer knows it. */
function redirectUri(): string {
  return location.origin + location.pathname;
}

function draw(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
