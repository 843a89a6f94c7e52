import { formatHex } from '../../domain/hex.ts';
import { isRecord, memberOf } from '../../json/record.ts';

const EXTENSION = 'payment-identifier';
/** @see https://github.com/x402-foundation/x402/blob/main/specs/extensions/payment_identifier.md */
const ID = /^[a-zA-Z0-9_-]{16,128}$/;
const PREFIX = 'pay_';
const ID_DIGITS = 32;
/** Spellings of the extension's own pattern. A pattern that a stranger wrote is not run, since it could take for ever. */
const KNOWN_PATTERNS: ReadonlySet<unknown> = new Set([
  undefined,
  '^[a-zA-Z0-9_-]+$',
  '^[A-Za-z0-9_-]+$',
  '^[a-zA-Z0-9_-]{16,128}$',
  '^[A-Za-z0-9_-]{16,128}$',
]);

/** A document of version 2, as far as it is asked here. */
interface Extended {
  readonly extensions: unknown;
}

/** Why a challenge cannot be paid with an id that its seller insists on; `null` where it can, or where it does not insist. */
export function identifierFlaw({ extensions }: Extended): string | null {
  const declared = memberOf(extensions, EXTENSION);
  const info = memberOf(declared, 'info');
  if (memberOf(info, 'required') !== true) return null;
  const own = memberOf(info, 'id');
  if (own !== undefined && own !== null) {
    return typeof own === 'string' && ID.test(own) ? null : 'its payment-identifier comes with an id that is none';
  }
  return takesOurIds(declared) ? null : 'it wants a payment-identifier of a form that is not the one of x402';
}

function takesOurIds(declared: unknown): boolean {
  const id = memberOf(memberOf(memberOf(declared, 'schema'), 'properties'), 'id');
  const length = PREFIX.length + ID_DIGITS;
  const [least, most, pattern] = [memberOf(id, 'minLength'), memberOf(id, 'maxLength'), memberOf(id, 'pattern')];
  if (typeof least === 'number' && least > length) return false;
  if (typeof most === 'number' && most < length) return false;
  return KNOWN_PATTERNS.has(pattern);
}

async function toId(source: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source));
  return `${PREFIX}${formatHex(new Uint8Array(digest)).slice(0, ID_DIGITS)}`;
}

/**
 * The extensions as they are sent back: with an id of the payment, where the seller has a place for one. It is derived from the
 * proof, of which a purchase has one, however often it is presented and by whichever process: the same id never comes with two proofs.
 * @param payload the proof. Nothing of it can be told from the id
 */
export async function withIdentifier({ extensions }: Extended, payload: object): Promise<unknown> {
  const declared = memberOf(extensions, EXTENSION);
  const info = memberOf(declared, 'info');
  if (!isRecord(extensions) || !isRecord(declared) || !isRecord(info)) return extensions;
  const own = memberOf(info, 'id');
  const isAsked = typeof memberOf(info, 'required') === 'boolean' && (own === undefined || own === null);
  if (!isAsked || !takesOurIds(declared)) return extensions;
  return { ...extensions, [EXTENSION]: { ...declared, info: { ...info, id: await toId(JSON.stringify(payload)) } } };
}
