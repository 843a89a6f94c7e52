import { NETWORKS } from '../../domain/assets.ts';
import type { Offer } from '../../domain/payment.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { formatBase64Json, memberOf, parseBase64Json, parseBodyJson } from './base64-json.ts';
import { parseRequirement } from './requirement.ts';

/** A seller's 402 as it stands, checked only as far as reading it needs. */
export interface PaymentChallenge {
  readonly version: '1' | '2';
  /** The seller's entries, untouched: they are echoed as they came. */
  readonly accepts: readonly unknown[];
  readonly resource: unknown;
  readonly extensions: unknown;
}

export type ClientRefusal = { readonly reason: 'unreadable' | 'no_payable_offer'; readonly message: string };

/** One entry of a challenge that can be paid. */
export interface ChosenOffer {
  readonly index: number;
  /** As the seller sent it. */
  readonly entry: object;
  readonly offer: Offer;
}

/** What a seller says of the settlement. A claim: only the chain proves it. */
export interface Settlement {
  readonly success: boolean;
  readonly transaction: string;
  readonly network: string;
  readonly payer: string | null;
  readonly errorReason: string | null;
}

/** The part of `Headers` that is needed. */
export interface HeaderSource {
  get(name: string): string | null;
}

const ACCEPTS_MAX = 32;
const ALL_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

function unreadable(message: string): { readonly ok: false; readonly error: ClientRefusal } {
  return refuse({ reason: 'unreadable', message });
}

/**
 * Reads the terms of a 402: from the `PAYMENT-REQUIRED` header if there is one, else from a JSON body. `null`: it is not x402.
 * @see https://github.com/x402-foundation/x402/blob/main/specs/transports-v2/http.md
 */
export function parsePaymentRequired(response: {
  readonly headers: HeaderSource;
  readonly body: string;
}): Result<PaymentChallenge | null, ClientRefusal> {
  const header = response.headers.get('payment-required');
  const document = header === null ? parseBodyJson(response.body) : parseBase64Json(header);
  if (!document.ok) {
    // A body that is no JSON is some other kind of 402; a header of x402's own name that can't be read is a broken x402.
    return header === null ? ok(null) : unreadable(document.error.message);
  }
  const version = memberOf(document.value, 'x402Version');
  if (version === undefined && header === null) return ok(null);
  if (version !== 1 && version !== 2) return unreadable('x402Version is neither 1 nor 2');
  const accepts = memberOf(document.value, 'accepts');
  if (!Array.isArray(accepts) || accepts.length === 0) return unreadable('accepts is not a list of offers');
  if (accepts.length > ACCEPTS_MAX) return unreadable(`accepts holds more than ${ACCEPTS_MAX} offers`);
  return ok({
    version: `${version}`,
    accepts,
    resource: memberOf(document.value, 'resource'),
    extensions: memberOf(document.value, 'extensions'),
  });
}

/**
 * Picks the cheapest entry that can be paid; the seller's order decides between equals. Entries for a resource of another
 * origin than the one requested are not paid, so that a proof cannot be bought for somebody else.
 */
export function chooseOffer(
  challenge: PaymentChallenge,
  options: { readonly requestedUrl: string; readonly networks?: ReadonlySet<string> },
): Result<ChosenOffer, ClientRefusal> {
  const payable: ChosenOffer[] = [];
  const rejections: string[] = [];
  for (const [index, entry] of challenge.accepts.entries()) {
    const read = readEntry(challenge, entry, options);
    if (read.ok) payable.push({ index, ...read.value });
    else rejections.push(`offer ${index}: ${read.error}`);
  }
  const [cheapest] = payable.toSorted(byAmount);
  return cheapest === undefined ? refuse({ reason: 'no_payable_offer', message: rejections.join('; ') }) : ok(cheapest);
}

function byAmount(a: ChosenOffer, b: ChosenOffer): number {
  if (a.offer.amount === b.offer.amount) return 0;
  return a.offer.amount < b.offer.amount ? -1 : 1;
}

function readEntry(
  challenge: PaymentChallenge,
  entry: unknown,
  options: { readonly requestedUrl: string; readonly networks?: ReadonlySet<string> },
): Result<Omit<ChosenOffer, 'index'>, string> {
  if (typeof entry !== 'object' || entry === null) return refuse('it is not an object');
  const resource = memberOf(challenge.resource, 'url') ?? memberOf(entry, 'resource');
  if (resource !== undefined && !isSameOrigin(resource, options.requestedUrl)) {
    return refuse('it is for a resource of another origin than the one requested');
  }
  const networks = options.networks ?? ALL_NETWORKS;
  const parsed = parseRequirement({ version: challenge.version, payload: entry }, { networks });
  return parsed.ok ? ok({ entry, offer: parsed.value }) : refuse(parsed.error.message);
}

function isSameOrigin(resource: unknown, requestedUrl: string): boolean {
  if (typeof resource !== 'string' || !URL.canParse(resource)) return false;
  return new URL(resource).origin === new URL(requestedUrl).origin;
}

/** The header that carries a proof back to the seller. Its value is a bearer instrument: never log it. */
export function buildPaymentHeader(
  challenge: PaymentChallenge,
  chosen: ChosenOffer,
  payload: object,
): { readonly name: 'X-PAYMENT' | 'PAYMENT-SIGNATURE'; readonly value: string } {
  if (challenge.version === '1') {
    const scheme = memberOf(chosen.entry, 'scheme');
    const network = memberOf(chosen.entry, 'network');
    return { name: 'X-PAYMENT', value: formatBase64Json({ x402Version: 1, scheme, network, payload }) };
  }
  const value = formatBase64Json({
    x402Version: 2,
    ...(challenge.resource === undefined ? {} : { resource: challenge.resource }),
    accepted: chosen.entry,
    extensions: challenge.extensions ?? {},
    payload,
  });
  return { name: 'PAYMENT-SIGNATURE', value };
}

/** Reads the settlement header of a paid response. `null`: the seller says nothing. */
export function parseSettlement(headers: HeaderSource): Result<Settlement | null, ClientRefusal> {
  const header = headers.get('payment-response') ?? headers.get('x-payment-response');
  if (header === null) return ok(null);
  const document = parseBase64Json(header);
  if (!document.ok) return unreadable(document.error.message);
  const text = (name: string): string | null => {
    const value = memberOf(document.value, name);
    return typeof value === 'string' ? value : null;
  };
  const success = memberOf(document.value, 'success');
  if (typeof success !== 'boolean') return unreadable('the settlement does not say whether it succeeded');
  return ok({
    success,
    transaction: text('transaction') ?? '',
    network: text('network') ?? '',
    payer: text('payer'),
    errorReason: text('errorReason'),
  });
}
