import { createHash, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { PROVIDER_TOKEN_LIFE_SECONDS } from '../../domain/provider-limits.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { floorToSeconds, type Clock } from '../../domain/time.ts';
import { decodeBase64, parseP256Key, toEd25519Key } from '../private-key.ts';
import { parseRequestBody, parseRequestUrl, refuseField } from '../provider-request.ts';

const DEFAULT_HOST = 'api.cdp.coinbase.com';
const NONCE_BYTES = 16;
/** The wire lets a secret have white space, and some clients put blanks in the place of line ends. */
const PEM = /^\s*-----BEGIN (EC )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END (?:EC )?PRIVATE KEY-----\s*$/;
const ED25519_SEED_BYTES = 32;
const API_KEY_SECRET_BYTES = 64;

/** Credentials of a Coinbase Developer Platform project, ready to sign. The keys do not show when the value is printed. */
export interface CoinbaseCdpSecrets {
  readonly apiKeyId: string;
  readonly apiKey: KeyObject;
  /** `null` for a project that only reads. */
  readonly walletKey: KeyObject | null;
}

export interface CoinbaseCdpTokenRequest {
  readonly requestMethod: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** May carry a query, which no token names. */
  readonly requestPath: string;
  /** @default api.cdp.coinbase.com */
  readonly requestHost?: string | undefined;
  /** @default false */
  readonly includeWalletAuthToken?: boolean | undefined;
  /** JSON text, where a wallet token is asked for. @default - a request without a body */
  readonly requestBody?: string | undefined;
}

export interface CoinbaseCdpToken {
  /** For the header `Authorization: Bearer`. */
  readonly bearerToken: string;
  /** For the header `X-Wallet-Auth`. */
  readonly walletAuthToken?: string;
}

export interface TokenDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'bytes'>;
}

/**
 * An API key's secret: base64 of an Ed25519 seed and the public key that belongs to it, or a P-256 key as PEM. The error never
 * quotes the text.
 */
export function parseApiKeySecret(text: string): Result<KeyObject, string> {
  const pem = PEM.exec(text);
  if (pem !== null) {
    const der = decodeBase64(pem[2]!);
    const p256 = der && parseP256Key(der, [pem[1] === 'EC ' ? 'sec1' : 'pkcs8']);
    return p256 === null ? refuse('must be a P-256 key, where it is PEM') : ok(p256);
  }
  const bytes = decodeBase64(text);
  if (bytes?.length !== API_KEY_SECRET_BYTES) {
    return refuse(`must be base64 of an Ed25519 API key, expected ${API_KEY_SECRET_BYTES} bytes: seed and public key`);
  }
  const key = toEd25519Key(bytes.subarray(0, ED25519_SEED_BYTES), bytes.subarray(ED25519_SEED_BYTES));
  return key === null ? refuse('must end in the Ed25519 public key that belongs to its seed') : ok(key);
}

/** A wallet secret: base64 of a P-256 private key in DER. The error never quotes the text. */
export function parseWalletSecret(text: string): Result<KeyObject, string> {
  const der = decodeBase64(text);
  const key = der && parseP256Key(der, ['pkcs8', 'sec1']);
  return key === null ? refuse('must be base64 of a P-256 private key in DER, PKCS #8 or SEC 1') : ok(key);
}

/** Parses the credentials of a project. Reports every problem, quoting no secret. Does not ask Coinbase whether they are good. */
export function parseCoinbaseCdpSecrets(input: {
  readonly apiKeyId: string;
  readonly apiKeySecret: string;
  readonly walletSecret: string | null;
}): Result<CoinbaseCdpSecrets, readonly FieldProblem[]> {
  const { apiKeyId, apiKeySecret, walletSecret } = input;
  const problems: FieldProblem[] = [];
  const note = (name: string, message: string) => void problems.push({ name, message: `${name} ${message}` });
  if (apiKeyId === '') note('apiKeyId', 'must be the id of an API key');
  const apiKey = parseApiKeySecret(apiKeySecret);
  if (!apiKey.ok) note('apiKeySecret', apiKey.error);
  const walletKey = walletSecret === null ? ok(null) : parseWalletSecret(walletSecret);
  if (!walletKey.ok) note('walletSecret', walletKey.error);
  if (problems.length > 0 || !apiKey.ok || !walletKey.ok) return refuse(problems);
  return ok({ apiKeyId, apiKey: apiKey.value, walletKey: walletKey.value });
}

/**
 * Mints the tokens of one request to Coinbase: a bearer token of 120 seconds, and a wallet token bound to the body when asked.
 * Sends nothing. A body without members binds nothing, as in Coinbase's SDK, and a query is left out of both tokens.
 * Refuses a body that is not a JSON object or list, and a wallet token where there is no wallet secret.
 * https://docs.cdp.coinbase.com/api-reference/v2/authentication
 */
export async function mintCoinbaseCdpToken(
  secrets: CoinbaseCdpSecrets,
  request: CoinbaseCdpTokenRequest,
  deps: TokenDeps,
): Promise<Result<CoinbaseCdpToken, readonly FieldProblem[]>> {
  const { requestMethod, requestPath, requestHost = DEFAULT_HOST, includeWalletAuthToken = false } = request;
  const url = parseRequestUrl(requestHost, requestPath);
  if (!url.ok) return url;
  const uris = [`${requestMethod} ${url.value.host}${url.value.pathname}`];
  if (!includeWalletAuthToken) return ok({ bearerToken: await mintBearerToken(secrets, uris, deps) });

  const { walletKey } = secrets;
  if (walletKey === null) {
    return refuseField('includeWalletAuthToken', 'must be false: the credential provider has no walletSecret');
  }
  const body = parseRequestBody(request.requestBody || '{}');
  if (!body.ok) return body;
  const [bearerToken, walletAuthToken] = await Promise.all([
    mintBearerToken(secrets, uris, deps),
    mintWalletToken(walletKey, { uris, ...bindBody(body.value) }, deps),
  ]);
  return ok({ bearerToken, walletAuthToken });
}

function mintBearerToken(secrets: CoinbaseCdpSecrets, uris: readonly string[], deps: TokenDeps): Promise<string> {
  const { apiKeyId: kid, apiKey } = secrets;
  const alg = apiKey.asymmetricKeyType === 'ec' ? 'ES256' : 'EdDSA';
  const now = floorToSeconds(deps.clock.now());
  return new SignJWT({ sub: kid, iss: 'cdp', uris })
    .setProtectedHeader({ alg, kid, typ: 'JWT', nonce: drawNonce(deps) })
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + PROVIDER_TOKEN_LIFE_SECONDS)
    .sign(apiKey);
}

/** Coinbase decides how long a wallet token is good for after `iat`; its own SDK names no end either. */
function mintWalletToken(
  key: KeyObject,
  claims: { readonly uris: readonly string[]; readonly reqHash?: string },
  deps: TokenDeps,
): Promise<string> {
  const now = floorToSeconds(deps.clock.now());
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuedAt(now)
    .setNotBefore(now)
    .setJti(drawNonce(deps))
    .sign(key);
}

function drawNonce({ random }: TokenDeps): string {
  return Buffer.from(random.bytes(NONCE_BYTES)).toString('hex');
}

function bindBody(body: object): { readonly reqHash?: string } {
  if (Object.keys(body).length === 0) return {};
  const text = JSON.stringify(sortMembers(body));
  return { reqHash: createHash('sha256').update(text).digest('hex') };
}

/**
 * Not RFC 8785: names that look like list indexes come first and in their numeric order, because that is what becomes of
 * sorted members in a JavaScript object, and so in Coinbase's SDK. The body's depth is bounded by its parser.
 */
function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sortMembers(member)]));
}
