import { CHALLENGE_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import type { SellerChallenge } from '../purchase/payer.ts';
import { metaOf, type Answer } from './messages.ts';

/** What an answer to a call asks for, as it stands in it. */
export interface FoundChallenge {
  /** Of x402. */
  readonly document: object | null;
  /** Of MPP. */
  readonly challenges: readonly unknown[];
  /** What MPP says of a payment that was not taken. */
  readonly problem: unknown;
  /** Servers made with Cloudflare's `agents` take the proof of x402 as the base64 text of the HTTP header, all others as an object. */
  readonly takesText: boolean;
}

const NOTHING: FoundChallenge = { document: null, challenges: [], problem: undefined, takesText: false };

/**
 * Finds what a server asks for: in a result that is an error (`structuredContent`, the text, `_meta`), in one that is of the type
 * `payment_required`, or in the data of a JSON-RPC error. There the data decides and not the code: -32042 stands for a required
 * elicitation as well. `null`: it asks for nothing. A result that is no error is never read as a challenge, whatever it holds.
 * @see https://github.com/x402-foundation/x402/blob/main/specs/transports-v2/mcp.md
 */
export function findChallenge({ result, error }: Pick<Answer, 'result' | 'error'>): FoundChallenge | null {
  const found = isRecord(error) ? findInError(memberOf(error, 'data')) : findInResult(result);
  return found.document === null && found.challenges.length === 0 ? null : found;
}

function findInError(data: unknown): FoundChallenge {
  if (Array.isArray(memberOf(data, 'elicitations'))) return NOTHING;
  return { ...toCharges(data), document: toDocument(data) };
}

function findInResult(result: unknown): FoundChallenge {
  if (memberOf(result, 'resultType') === 'payment_required') {
    return { ...NOTHING, document: toDocument(memberOf(result, 'paymentRequired')) };
  }
  const charges = toCharges(metaOf(result, 'org.paymentauth/payment-required'));
  if (memberOf(result, 'isError') !== true) return charges;
  const ofAgents = toDocument(metaOf(result, 'x402/error'));
  const document = ofAgents ?? toDocument(memberOf(result, 'structuredContent')) ?? findInText(result);
  return { ...charges, document, takesText: ofAgents !== null };
}

function findInText(result: unknown): object | null {
  const content = memberOf(result, 'content');
  const text = Array.isArray(content) ? memberOf(content[0], 'text') : undefined;
  if (typeof text !== 'string' || text.length > CHALLENGE_BODY_MAX_BYTES || !text.includes('"x402Version"'))
    return null;
  try {
    const read: unknown = JSON.parse(text);
    return toDocument(read) ?? toDocument(memberOf(memberOf(read, 'x402/error'), 'data'));
  } catch {
    return null;
  }
}

function toDocument(value: unknown): object | null {
  const accepts = memberOf(value, 'accepts');
  const isDocument = memberOf(value, 'x402Version') !== undefined && Array.isArray(accepts) && accepts.length > 0;
  return isDocument ? (value as object) : null;
}

function toCharges(data: unknown): FoundChallenge {
  const challenges = memberOf(data, 'challenges');
  return { ...NOTHING, challenges: Array.isArray(challenges) ? challenges : [], problem: memberOf(data, 'problem') };
}

/** The same as a 402 of HTTP has it. */
export async function toSellerChallenge({ document, challenges }: FoundChallenge): Promise<SellerChallenge> {
  const authenticate =
    challenges.length === 0 ? null : (await import('../../protocols/mpp/json-form.ts')).toAuthenticate(challenges);
  return {
    status: 402,
    headers: authenticate === null ? [] : [{ name: 'www-authenticate', value: authenticate }],
    body: document === null ? null : JSON.stringify(document),
  };
}
