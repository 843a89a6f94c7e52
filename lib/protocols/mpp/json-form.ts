import { parseBase64Json } from '../../json/base64-json.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { CHALLENGES_MAX } from './auth-params.ts';
import { encodeBase64Url } from './base64url.ts';
import { isBase64Url, textOfBase64Url } from './decoded.ts';
import { canonical } from './payment-request.ts';

/** As JSON-RPC carries them, a `request` and an `opaque` are JSON values, and texts in base64url everywhere else. */
const ENCODED: ReadonlySet<string> = new Set(['request', 'opaque']);
const NAMES = ['id', 'realm', 'method', 'intent', 'request', 'expires', 'digest', 'description', 'opaque', 'header'];
// eslint-disable-next-line no-control-regex -- they would make the whole header unreadable
const CONTROL = /[\0-\x1f\x7f]/;

/**
 * Challenges of JSON-RPC as the header `WWW-Authenticate` has them. Left out is what cannot stand in a header; whether the others can
 * be paid is not looked at. `null`: none is left. May throw where one is nested beyond all measure.
 * @see https://github.com/tempoxyz/mpp-specs draft-payment-transport-mcp
 */
export function toAuthenticate(challenges: readonly unknown[]): string | null {
  const written = challenges.slice(0, CHALLENGES_MAX).flatMap((each) => {
    const params = NAMES.flatMap((name) => {
      const value = memberOf(each, name);
      return value === undefined ? [] : [[name, ENCODED.has(name) && isRecord(value) ? encode(value) : value] as const];
    });
    if (params.length === 0 || !params.every(([, value]) => typeof value === 'string' && !CONTROL.test(value)))
      return [];
    return [`Payment ${params.map(([name, value]) => `${name}="${quote(value as string)}"`).join(', ')}`];
  });
  return written.length === 0 ? null : written.join(', ');
}

function encode(value: object): string {
  return encodeBase64Url(canonical(value));
}

/** What ASCII does not have is written as mppx writes it, since a header carries it no other way. */
function quote(text: string): string {
  return text
    .replaceAll(/[\\"]/g, String.raw`\$&`)
    .replaceAll(/[^ -~]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A credential as JSON-RPC carries it: the object, with the request of its challenge as a JSON value. A bearer instrument: never log
 * it. `null`: it cannot be read.
 */
export function toJsonCredential(credential: string): object | null {
  const read = parseBase64Json(credential.replace(/^Payment /, ''));
  const challenge = read.ok ? memberOf(read.value, 'challenge') : undefined;
  const encoded = memberOf(challenge, 'request');
  const text = typeof encoded === 'string' && isBase64Url(encoded) ? textOfBase64Url(encoded) : null;
  if (!read.ok || text === null) return null;
  const request: unknown = JSON.parse(text);
  return { ...(read.value as object), challenge: { ...(challenge as object), request } };
}
