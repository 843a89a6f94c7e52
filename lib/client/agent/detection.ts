import { CHALLENGE_BODY_MAX_BYTES, CHALLENGE_HEADER_MAX_CHARS } from '../../domain/limits.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import type { SellerChallenge } from '../purchase/payer.ts';
import { isGatewayInput } from './proof-input.ts';
import { answerOf, propertyOf, textsOf, toHeaders } from './result-shape.ts';

/** What AWS's tools put before the 402 that they met. */
const MARKER = /^PAYMENT_REQUIRED:\s*/;
const TEXT_MAX_CHARS = CHALLENGE_HEADER_MAX_CHARS + CHALLENGE_BODY_MAX_BYTES;

export interface Detection {
  readonly input: unknown;
  /** Whether a text is searched that does not say of itself that it is a 402. */
  readonly unmarked: boolean;
}

/**
 * The 402 that a tool met, by what it returned. Without `unmarked` only what the tool says in its own name counts: AWS's marker, the
 * status of a result that is an object, text blocks of status, headers and body, and an MCP result that is an error or a gateway's.
 * `null`: it is none, or one that asks for no payment of x402 or MPP. Never throws. What it finds is the tool's word, or that of whoever writes
 * into its results: it says nothing of where a proof may go.
 */
export function detectChallenge(result: unknown, { input, unmarked }: Detection): SellerChallenge | null {
  const texts = textsOf(result).filter((text) => text.length <= TEXT_MAX_CHARS);
  const isOwnWord = propertyOf(result, 'isError') === true || isGatewayInput(input);
  const found =
    ofMarkers(texts) ?? ofBlocks(texts) ?? ofAnswer(result) ?? (isOwnWord || unmarked ? ofMcp(result, texts) : null);
  if (found !== null || !unmarked) return found;
  return first(texts, (text) => ofLines(text) ?? ofText(text));
}

function first<T>(values: readonly T[], find: (value: T) => SellerChallenge | null): SellerChallenge | null {
  for (const value of values) {
    const found = find(value);
    if (found !== null) return found;
  }
  return null;
}

function ofMarkers(texts: readonly string[]): SellerChallenge | null {
  return first(texts, (text) => (MARKER.test(text) ? ofAnswer(parsed(text.replace(MARKER, ''))) : null));
}

/** An object that says that its status is 402. */
function ofAnswer(value: unknown): SellerChallenge | null {
  const { status, headers, body } = answerOf(value);
  return status === 402 ? toChallenge(headers, body) : null;
}

/** `Status Code: 402`, `Headers: {...}` and `Body: ...`, each in a block of its own. */
function ofBlocks(texts: readonly string[]): SellerChallenge | null {
  if (!texts.some((text) => /^Status Code:\s*402\b/.test(text))) return null;
  const said = (name: string) => texts.find((text) => text.startsWith(name))?.slice(name.length);
  return toChallenge(parsedHeaders(said('Headers:')), said('Body:')?.trim());
}

/** The same as lines of one text, which a page may hold too. */
function ofLines(text: string): SellerChallenge | null {
  const lines = /^Status Code:\s*402\b[^\n]*\nHeaders:([^\n]*)(?:\nBody:([\s\S]*))?$/.exec(text);
  return lines === null ? null : toChallenge(parsedHeaders(lines[1]), lines[2]?.trim());
}

/** Terms of x402 in an MCP result, structured or as text, and those of MPP among the headers that a gateway passes on. */
function ofMcp(result: unknown, texts: readonly string[]): SellerChallenge | null {
  const structured = propertyOf(result, 'structuredContent');
  const { headers } = answerOf(result);
  if (isTerms(structured) || headers !== undefined) {
    const found = toChallenge(headers, structured);
    if (found !== null) return found;
  }
  return first(texts, (text) => {
    const value = parsed(text);
    return isTerms(value) ? toChallenge(undefined, value) : null;
  });
}

/** JSON that has in it what a result may be. */
function ofText(text: string): SellerChallenge | null {
  const value = parsed(text);
  const { status } = answerOf(value);
  // A status that is another one says that there is nothing to pay, whatever else stands there.
  if (typeof status === 'number' && status !== 402) return null;
  return ofAnswer(value) ?? (isTerms(value) ? toChallenge(undefined, value) : ofMcp(value, []));
}

function isTerms(value: unknown): value is object {
  return memberOf(value, 'x402Version') !== undefined && Array.isArray(memberOf(value, 'accepts'));
}

/** `null` where neither headers nor body ask for a payment: some other kind of 402. */
function toChallenge(headers: unknown, body: unknown): SellerChallenge | null {
  const all = toHeaders(headers);
  const terms = ['payment-required', 'www-authenticate'].flatMap((name) => {
    const value = all.get(name);
    return value === null ? [] : [{ name, value }];
  });
  const text = typeof body === 'string' ? body : isRecord(body) ? JSON.stringify(body) : null;
  const asks =
    terms.some(({ name, value }) => name === 'payment-required' || /(?:^|[,\s])payment\s/i.test(value)) ||
    text?.includes('x402Version') === true;
  return asks ? { status: 402, headers: terms, body: text } : null;
}

function parsed(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** JSON, or the way in which Python writes a dictionary of texts. */
function parsedHeaders(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const value = parsed(text);
  if (value !== undefined) return value;
  const pairs = text.matchAll(/'([^'\\]{1,256})':\s*(?:'([^'\\]*)'|"([^"\\]*)")/g);
  return [...pairs].map(([, name, single, double]) => [name, single ?? double]);
}
