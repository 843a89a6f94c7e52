import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { ok, refuse, type Result } from '../domain/result.ts';
import type { EpochMs } from '../domain/time.ts';
import { canonicalHeaders, canonicalPath, canonicalQuery, sortedAndUnique, splitTarget } from './canonical-request.ts';

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, not decoded. */
  readonly target: string;
  /** In order, repetitions included; names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What a signer holds. */
export interface SigningCredential {
  readonly secretAccessKey: string;
  /** `null` for a long-lived key, which must come without a token. */
  readonly sessionToken: string | null;
}

export interface SignatureRules {
  readonly region: string;
  /** The signing name that the credential scope must have, such as `execute-api`. */
  readonly service: string;
  readonly findCredential: (accessKeyId: string) => SigningCredential | null;
  readonly now: EpochMs;
  /**
   * Whether the signer removes dot segments and repeated slashes, as AWS SDKs do for every service but S3.
   * @default true
   */
  readonly normalizePath?: boolean;
}

/** Why a signature does not count. The messages name neither signature, token nor secret. */
export interface SignatureRefusal {
  readonly reason: 'missing' | 'incomplete' | 'unknown-key' | 'wrong-scope' | 'expired' | 'invalid';
  readonly message: string;
}

export interface VerifiedKey {
  readonly accessKeyId: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MAX_MS = 5 * 60 * 1000;
const EXPIRES_MAX_SECONDS = 7 * 24 * 60 * 60;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^\s,/]{1,128}\/[^\s,]{1,256}), *SignedHeaders=([^\s,=]{1,4096}), *Signature=([0-9a-f]{64})$/;
const SCOPE = /^([^/]{1,128})\/(\d{8})\/([^/]{1,64})\/([^/]{1,64})\/aws4_request$/;
const INSTANT = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
const EXPIRES = /^[1-9][0-9]{0,5}$/;
/** Headers of which a second copy could be read by another part of the system than the one that was verified. */
const SINGLE_HEADERS = ['authorization', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
const TOKEN_HEADER = 'x-amz-security-token';

/** The parts of a signature, wherever the request carries them. */
interface SignatureParts {
  readonly form: 'header' | 'query';
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly instant: string;
  readonly expiresSeconds: number | null;
  readonly token: string | null;
}

/**
 * Verifies a Signature Version 4 in the Authorization header or in the query: who signed, that every byte that counts was
 * signed, for this region and service, and now. Says nothing about what the signer may do. The body's digest is always
 * computed; `UNSIGNED-PAYLOAD` and chunked signatures are refused. All `x-amz-*` headers must be signed, the session token
 * excepted, which some services add afterwards and which is compared with the credential's own.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: SignedRequest, rules: SignatureRules): Result<VerifiedKey, SignatureRefusal> {
  const parts = readParts(request);
  if (!parts.ok) return parts;
  const { credential, instant } = parts.value;
  const scope = SCOPE.exec(credential);
  if (scope === null) return no('incomplete', 'Credential must be KEY/DATE/REGION/SERVICE/aws4_request.');
  const [, accessKeyId, date, region, service] = scope as unknown as [string, string, string, string, string];

  const untimely = checkTime(parts.value, date, rules.now);
  if (untimely !== null) return untimely;
  if (region !== rules.region)
    return no('wrong-scope', `Credential should be scoped to a valid region: ${rules.region}.`);
  if (service !== rules.service) {
    return no('wrong-scope', `Credential should be scoped to correct service: '${rules.service}'.`);
  }
  const found = rules.findCredential(accessKeyId);
  if (found === null || !sameText(parts.value.token ?? '', found.sessionToken ?? '')) {
    return no('unknown-key', 'The security token included in the request is invalid.');
  }

  const key = signingKey(found, [date, region, service]);
  for (const canonical of canonicalRequests(request, parts.value, rules.normalizePath ?? true)) {
    const toSign = [ALGORITHM, instant, credential.slice(accessKeyId.length + 1), sha256(canonical)].join('\n');
    if (sameText(hmac(key, toSign).toString('hex'), parts.value.signature)) return ok({ accessKeyId });
  }
  return no(
    'invalid',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );
}

function no(reason: SignatureRefusal['reason'], message: string): Result<never, SignatureRefusal> {
  return refuse({ reason, message });
}

function readParts(request: SignedRequest): Result<SignatureParts, SignatureRefusal> {
  for (const name of SINGLE_HEADERS) {
    if (valuesOf(request, name).length > 1) return no('incomplete', `Header '${name}' must occur once.`);
  }
  const { query } = splitTarget(request.target);
  const [authorization] = valuesOf(request, 'authorization');
  const inQuery = query.some(([name]) => name.toLowerCase() === 'x-amz-signature');
  if (authorization !== undefined && inQuery) return no('incomplete', 'Only one signature is allowed.');
  const parts = inQuery ? readQueryParts(query) : readHeaderParts(request, authorization);
  if (!parts.ok) return parts;
  return checkCoverage(request, parts.value);
}

function readHeaderParts(
  request: SignedRequest,
  authorization: string | undefined,
): Result<SignatureParts, SignatureRefusal> {
  if (!authorization?.startsWith('AWS4-')) return no('missing', 'Missing Authentication Token');
  const parts = AUTHORIZATION.exec(authorization);
  if (parts === null) {
    return no('incomplete', `Authorization must be '${ALGORITHM} Credential=..., SignedHeaders=..., Signature=...'.`);
  }
  const [instant] = valuesOf(request, 'x-amz-date');
  if (instant === undefined)
    return no('incomplete', "Authorization header requires existence of an 'X-Amz-Date' header.");
  return ok({
    form: 'header',
    credential: parts[1]!,
    signedHeaders: parts[2]!.split(';'),
    signature: parts[3]!,
    instant,
    expiresSeconds: null,
    token: valuesOf(request, TOKEN_HEADER)[0] ?? null,
  });
}

function readQueryParts(query: readonly (readonly [string, string])[]): Result<SignatureParts, SignatureRefusal> {
  const all = (name: string): string[] => query.filter(([key]) => key === name).map(([, value]) => value);
  const names = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'];
  for (const name of names) {
    if (all(`X-Amz-${name}`).length !== 1) return no('incomplete', `Query parameter 'X-Amz-${name}' must occur once.`);
  }
  const tokens = all('X-Amz-Security-Token');
  if (tokens.length > 1) return no('incomplete', "Query parameter 'X-Amz-Security-Token' must occur once.");
  const [algorithm, credential, instant, expires, signedHeaders, signature] = names.map(
    (name) => all(`X-Amz-${name}`)[0]!,
  ) as [string, string, string, string, string, string];
  if (algorithm !== ALGORITHM) return no('incomplete', `X-Amz-Algorithm must be ${ALGORITHM}.`);
  if (!SIGNATURE.test(signature)) return no('incomplete', 'X-Amz-Signature must be 64 hexadecimal digits.');
  if (!EXPIRES.test(expires) || Number(expires) > EXPIRES_MAX_SECONDS) {
    return no('incomplete', `X-Amz-Expires must be between 1 and ${EXPIRES_MAX_SECONDS} seconds.`);
  }
  return ok({
    form: 'query',
    credential,
    signedHeaders: signedHeaders.split(';'),
    signature,
    instant,
    expiresSeconds: Number(expires),
    token: tokens[0] ?? null,
  });
}

/** What must be signed is signed, and what is signed is there. */
function checkCoverage(request: SignedRequest, parts: SignatureParts): Result<SignatureParts, SignatureRefusal> {
  const { signedHeaders, form } = parts;
  if (!sortedAndUnique(signedHeaders))
    return no('incomplete', 'SignedHeaders must be in lower case, sorted and unique.');
  const required = form === 'header' ? ['host', 'x-amz-date'] : ['host'];
  const present = request.headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => name.startsWith('x-amz-') && name !== TOKEN_HEADER);
  for (const name of [...required, ...present]) {
    if (!signedHeaders.includes(name)) return no('incomplete', `Header '${name}' must be signed.`);
  }
  for (const name of signedHeaders) {
    if (valuesOf(request, name).length === 0) return no('incomplete', `Header '${name}' is signed but missing.`);
  }
  const [digest] = valuesOf(request, 'x-amz-content-sha256');
  if (digest !== undefined && !sameText(digest, sha256(request.body))) {
    return no('invalid', "Header 'x-amz-content-sha256' must be the SHA-256 of the body in hexadecimal.");
  }
  return ok(parts);
}

function checkTime(parts: SignatureParts, date: string, now: EpochMs): Result<never, SignatureRefusal> | null {
  const fields = INSTANT.exec(parts.instant);
  if (fields === null || parts.instant.slice(0, 8) !== date) {
    return no('incomplete', 'X-Amz-Date must be YYYYMMDDTHHMMSSZ on the day of the credential.');
  }
  const [year, month, day, hour, minute, second] = fields.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const signedAt = Date.UTC(year, month - 1, day, hour, minute, second);
  if (signedAt - now > SKEW_MAX_MS) return no('expired', `Signature not yet current: signed at ${parts.instant}.`);
  const lifeMs = parts.expiresSeconds === null ? SKEW_MAX_MS : parts.expiresSeconds * 1000;
  return now - signedAt > lifeMs ? no('expired', `Signature expired: signed at ${parts.instant}.`) : null;
}

/** The texts that the signer may have signed: some have the token added to a presigned URL afterwards. */
function canonicalRequests(request: SignedRequest, parts: SignatureParts, normalizePath: boolean): string[] {
  const { path, query } = splitTarget(request.target);
  const unsigned = [['X-Amz-Signature']];
  if (parts.form === 'query' && parts.token !== null) unsigned.push(['X-Amz-Signature', 'X-Amz-Security-Token']);
  return unsigned.map((names) =>
    [
      request.method,
      canonicalPath(path, normalizePath),
      canonicalQuery(query.filter(([name]) => !names.includes(name))),
      canonicalHeaders(request.headers, parts.signedHeaders),
      parts.signedHeaders.join(';'),
      sha256(request.body),
    ].join('\n'),
  );
}

function valuesOf(request: SignedRequest, name: string): string[] {
  return request.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value.trim());
}

/** The latest key that was derived of each credential, for as long as somebody holds the credential. */
const latestKeys = new WeakMap<SigningCredential, { readonly scope: string; readonly key: KeyObject }>();

/** Derived once a day for each service, as signers do: four of the five HMACs of a request. */
function signingKey(credential: SigningCredential, parts: readonly [date: string, region: string, service: string]) {
  const scope = parts.join('/');
  const latest = latestKeys.get(credential);
  if (latest?.scope === scope) return latest.key;
  const secret = [...parts, 'aws4_request'].reduce<string | Buffer>(
    (derived, text) => hmac(derived, text),
    `AWS4${credential.secretAccessKey}`,
  );
  const key = createSecretKey(secret as Buffer);
  latestKeys.set(credential, { scope, key });
  return key;
}

function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Equality in a time that does not depend on where the texts differ. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
