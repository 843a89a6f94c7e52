import { createHash } from 'node:crypto';
import { decodeProtectedHeader, importJWK, jwtVerify, type JWTPayload } from 'jose';
import { ApiError } from './api-error.ts';
import type { ApiKey, Project } from './project.ts';

/** A request as the tokens name it. */
export interface TokenedRequest {
  readonly method: string;
  /** With its port, as the client has it. */
  readonly host: string;
  /** Without a query. */
  readonly path: string;
  /** Empty for a request without one. */
  readonly body: string;
  readonly bearer: string | undefined;
  readonly walletToken: string | undefined;
}

/** How long a bearer token may be good for, and how old a wallet token may be, which names no end of its own. */
const TOKEN_LIFE_SECONDS = 120;
const CLOCK_SKEW_SECONDS = 10;
/** Tokens are remembered for longer than they are good, so that none is taken twice. */
const REPLAYS_MAX = 10_000;

/** What was seen of tokens already, by nonce. */
export function createReplayGuard(): (nonce: string) => 'new' | 'seen' {
  const seen = new Set<string>();
  return (nonce) => {
    if (seen.has(nonce)) return 'seen';
    seen.add(nonce);
    if (seen.size > REPLAYS_MAX) seen.delete(seen.values().next().value!);
    return 'new';
  };
}

export interface TokenCheck {
  readonly project: Project;
  readonly now: () => number;
  readonly replayed: (nonce: string) => 'new' | 'seen';
}

/** Verifies `Authorization: Bearer`: key, signature, times, what it is bound to, and that it comes for the first time. Throws `ApiError`. */
export async function checkBearer(check: TokenCheck, request: TokenedRequest): Promise<void> {
  const token = /^Bearer (\S+)$/.exec(request.bearer ?? '')?.[1];
  if (token === undefined) throw unauthorized('a bearer token is required');
  const { kid, alg, nonce } = readHeader(token);
  const key = check.project.apiKeys().find(({ id }) => id === kid);
  if (key === undefined) throw unauthorized('the API key is unknown or was deleted');
  const claims = await verify(check, token, key, alg);
  if (claims.sub !== key.id) throw unauthorized('sub must be the id of the API key');
  if (claims.iss !== 'cdp') throw unauthorized('iss must be cdp');
  if (claims.exp === undefined) throw unauthorized('a bearer token must end');
  if (claims.exp - (claims.nbf ?? claims.iat ?? 0) > TOKEN_LIFE_SECONDS) throw unauthorized('the token lives too long');
  assertBound(claims, request);
  if (typeof nonce !== 'string' || nonce === '') throw unauthorized('the header must have a nonce');
  if (check.replayed(`bearer ${nonce}`) === 'seen') throw unauthorized('the bearer token was used before');
}

/** Verifies `X-Wallet-Auth`, which the body is bound to as well. Throws `ApiError`. */
export async function checkWalletToken(check: TokenCheck, request: TokenedRequest): Promise<void> {
  const { walletToken } = request;
  if (walletToken === undefined) throw unauthorized('X-Wallet-Auth is required');
  const { alg } = readHeader(walletToken);
  const secrets = check.project.walletSecrets();
  let claims: JWTPayload | null = null;
  for (const secret of secrets) claims ??= await verify(check, walletToken, secret, alg).catch(() => null);
  if (claims === null) throw unauthorized('X-Wallet-Auth is of no wallet secret of the project');
  if (claims.iat === undefined || check.now() / 1_000 - claims.iat > TOKEN_LIFE_SECONDS) {
    throw unauthorized('X-Wallet-Auth is too old');
  }
  assertBound(claims, request);
  const expected = hashOfBody(request.body);
  if (claims['reqHash'] !== expected) throw unauthorized('reqHash is not the hash of the body');
  if (claims.jti === undefined) throw unauthorized('X-Wallet-Auth must have a jti');
  if (check.replayed(`wallet ${claims.jti}`) === 'seen') throw unauthorized('X-Wallet-Auth was used before');
}

function readHeader(token: string) {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw unauthorized('the token is not a JWT');
  }
}

async function verify(check: TokenCheck, token: string, key: ApiKey, alg: unknown): Promise<JWTPayload> {
  if (alg !== key.alg) throw unauthorized(`the token must be signed with ${key.alg}`);
  try {
    const { payload } = await jwtVerify(token, await importJWK(key.publicJwk, key.alg), {
      algorithms: [key.alg],
      typ: 'JWT',
      currentDate: new Date(check.now()),
      clockTolerance: CLOCK_SKEW_SECONDS,
    });
    return payload;
  } catch (error) {
    throw unauthorized(`the token is not good: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

function assertBound({ uris }: JWTPayload, { method, host, path }: TokenedRequest): void {
  const uri = `${method} ${host}${path}`;
  if (!Array.isArray(uris) || !uris.includes(uri)) throw unauthorized(`the token is not for ${uri}`);
}

/** SHA-256 of the body with its members sorted at every level; none where there is no body, or nothing in it. */
function hashOfBody(body: string): string | undefined {
  const value: unknown = body === '' ? {} : JSON.parse(body);
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return undefined;
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) result[name] = sorted((value as Record<string, unknown>)[name]);
  return result;
}

function unauthorized(message: string): ApiError {
  return new ApiError(401, 'unauthorized', message);
}
