import { NETWORKS } from '../../domain/assets.ts';
import {
  ACCEPTS_MAX,
  REJECTIONS_TOLD_MAX,
  SETTLEMENT_NAME_MAX_CHARS,
  SETTLEMENT_REASON_MAX_CHARS,
} from '../../domain/limits.ts';
import { formatUsd, type MicroUsd } from '../../domain/money.ts';
import type { Offer } from '../../domain/payment/payment.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import { assetOf, usdValueOf } from '../../domain/tokens/token.ts';
import { memberOf } from '../../json/record.ts';
import { clipPrintable, formatReceived } from '../../json/quotation.ts';
import { formatBase64Json, parseBase64Json, parseBodyJson } from '../../json/base64-json.ts';
import { signedReceiptIn } from './evidence/extension.ts';
import { identifierFlaw, withIdentifier } from './payment-identifier.ts';
import { isAddress } from '../../chains/evm/address.ts';
import { parseRequirement, type X402Schemes } from './requirement.ts';
import { isForRequested, type ResourceRule } from './seller-resource.ts';

/** A seller's 402 as it stands, checked only as far as reading it needs. */
export interface PaymentChallenge {
  readonly version: '1' | '2';
  /** The seller's entries, untouched: they are echoed as they came. */
  readonly accepts: readonly unknown[];
  readonly resource: unknown;
  readonly extensions: unknown;
}

export type ClientRefusal = {
  readonly reason: 'unreadable' | 'no_offers' | 'no_payable_offer';
  readonly message: string;
};

/** What an entry says of the token in which a payment was signed. */
export interface SignedToken {
  /** In the token's smallest unit. */
  readonly amount: string;
  /** Of its EIP-712 domain, where it has one. */
  readonly name: string | null;
  readonly version: string | null;
}

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
  /** What the seller signed of it, as JSON text. Nobody has checked it. */
  readonly signedReceipt?: string | undefined;
}

/** The part of `Headers` that is needed. */
export interface HeaderSource {
  get(name: string): string | null;
}

export interface OfferChoice {
  readonly schemes: X402Schemes;
  readonly requestedUrl: string;
  /** CAIP-2 ids. @default - every network that Bursar knows */
  readonly networks?: ReadonlySet<string> | undefined;
  /** Tokens that may be paid in besides the USDC of a network. @default - none */
  readonly tokens?: TokenFinder | undefined;
  /** The most that an offer may cost. @default - no bound here; the session has its own */
  readonly maxAmount?: MicroUsd | null;
  /** Which resource an offer may say that it is for. @default 'related' */
  readonly resource?: ResourceRule | undefined;
}

const ALL_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

function unreadable(message: string): { readonly ok: false; readonly error: ClientRefusal } {
  return refuse({ reason: 'unreadable', message });
}

/**
 * Reads the terms of a 402: from the `PAYMENT-REQUIRED` header if there is one, whatever the body is, else from a JSON body. `null`:
 * it is not x402.
 * @see https://github.com/x402-foundation/x402/blob/main/specs/transports-v2/http.md
 */
export function parsePaymentRequired(response: {
  readonly headers: HeaderSource;
  readonly body: string;
}): Result<PaymentChallenge | null, ClientRefusal> {
  const header = response.headers.get('payment-required')?.trim() || null;
  // Some other kind of 402, such as a web page.
  if (header === null && !isMeantAsX402(response.body)) return ok(null);
  const document = header === null ? parseBodyJson(response.body) : parseBase64Json(header);
  // A header of x402's own name that can't be read is a broken x402; so is a text that speaks of its version.
  if (!document.ok) return unreadable(document.error.message);
  const said = memberOf(document.value, 'x402Version');
  if (said === undefined && header === null) return ok(null);
  const version = VERSIONS.find((each) => said === each || said === Number(each));
  if (version === undefined) {
    return unreadable(`x402Version is ${formatReceived(said, 'number')}, expected the number 1 or 2`);
  }
  const accepts = memberOf(document.value, 'accepts') ?? [];
  if (!Array.isArray(accepts)) return unreadable('accepts is not a list of offers');
  if (accepts.length === 0) return refuse({ reason: 'no_offers', message: sayNoOffers(document.value) });
  if (accepts.length > ACCEPTS_MAX) return unreadable(`accepts holds more than ${ACCEPTS_MAX} offers`);
  return ok({
    version,
    accepts,
    resource: memberOf(document.value, 'resource'),
    extensions: memberOf(document.value, 'extensions'),
  });
}

const VERSIONS = ['1', '2'] as const;

/** A seller without offers may say why: that the request lacks something, or is paid for in another way. */
function sayNoOffers(document: unknown): string {
  const [error, message] = [memberOf(document, 'error'), memberOf(document, 'message')];
  const said = [error, message].find((each) => typeof each === 'string' && each !== '');
  const quoted = typeof said === 'string' ? `, and says: ${clipPrintable(said, SETTLEMENT_REASON_MAX_CHARS)}` : '';
  return `the seller's 402 makes no offer${quoted}`;
}

function isMeantAsX402(body: string): boolean {
  return body.trimStart().startsWith('{') && body.includes('"x402Version"');
}

function reasonOf(document: unknown, name: string): string | null {
  const reason = memberOf(document, name);
  return typeof reason === 'string' && reason !== '' ? clipPrintable(reason, SETTLEMENT_REASON_MAX_CHARS) : null;
}

/**
 * The entries that can be paid, the cheapest first; the seller's order decides between equals. Entries for a resource of a stranger
 * are not paid, so that a proof cannot be bought for somebody else.
 */
export function payableOffers(
  challenge: PaymentChallenge,
  options: OfferChoice,
): Result<readonly [ChosenOffer, ...ChosenOffer[]], ClientRefusal> {
  const payable: ChosenOffer[] = [];
  const rejections: string[] = [];
  const { requestedUrl, resource = 'related' } = options;
  // Once for all entries: a long name takes its time to read.
  const isOwnDocument = isForRequested([challenge.resource], requestedUrl, resource);
  for (const [index, entry] of challenge.accepts.entries()) {
    const read = readEntry(challenge, entry, { ...options, resource, isOwnDocument });
    if (read.ok) payable.push({ index, ...read.value });
    else rejections.push(`offer ${index}: ${read.error}`);
  }
  const [cheapest, ...others] = payable.toSorted(byPrice);
  if (cheapest === undefined) return refuse({ reason: 'no_payable_offer', message: summarize(rejections) });
  return ok([cheapest, ...others]);
}

function summarize(rejections: readonly string[]): string {
  const more = rejections.length - REJECTIONS_TOLD_MAX;
  const told = rejections.slice(0, REJECTIONS_TOLD_MAX).join('; ');
  return more > 0 ? `${told}; and ${more} more` : told;
}

/** In dollars, since tokens differ in their decimals and in what they cost. */
export function priceOf(offer: Offer): MicroUsd {
  return usdValueOf(offer.amount, assetOf(offer));
}

function byPrice(a: ChosenOffer, b: ChosenOffer): number {
  return Number(priceOf(a.offer) - priceOf(b.offer));
}

function readEntry(
  challenge: PaymentChallenge,
  entry: unknown,
  options: OfferChoice & { readonly resource: ResourceRule; readonly isOwnDocument: boolean },
): Result<Omit<ChosenOffer, 'index'>, string> {
  if (typeof entry !== 'object' || entry === null) return refuse('it is not an object');
  const said = [memberOf(entry, 'resource')];
  if (!options.isOwnDocument || !isForRequested(said, options.requestedUrl, options.resource)) {
    return refuse('it is for a resource of another origin than the one requested');
  }
  // Version 1 has no place for what an extension asks for, and its sellers need none.
  const flaw = challenge.version === '2' ? identifierFlaw(challenge) : null;
  if (flaw !== null) return refuse(flaw);
  const networks = options.networks ?? ALL_NETWORKS;
  const parsed = parseRequirement(
    { version: challenge.version, payload: entry },
    // The service checks the checksums of what it signs: a client carries no Keccak for it.
    {
      networks,
      schemes: options.schemes,
      tokens: options.tokens,
      readAddress: (text) => (isAddress(text) ? text : null),
    },
  );
  if (!parsed.ok) return refuse(parsed.error.message);
  const price = priceOf(parsed.value);
  return options.maxAmount == null || price <= options.maxAmount
    ? ok({ entry, offer: parsed.value })
    : refuse(`it costs USD ${formatUsd(price)}, more than the USD ${formatUsd(options.maxAmount)} that may be paid`);
}

/** The header that carries a proof back to the seller. Its value is a bearer instrument: never log it. */
export async function buildPaymentHeader(
  challenge: Pick<PaymentChallenge, 'version' | 'resource' | 'extensions'>,
  chosen: Pick<ChosenOffer, 'entry'>,
  payload: object,
): Promise<{ readonly name: 'X-PAYMENT' | 'PAYMENT-SIGNATURE'; readonly value: string }> {
  if (challenge.version === '1') {
    const scheme = memberOf(chosen.entry, 'scheme');
    const network = memberOf(chosen.entry, 'network');
    return { name: 'X-PAYMENT', value: formatBase64Json({ x402Version: 1, scheme, network, payload }) };
  }
  const value = formatBase64Json({
    x402Version: 2,
    // Left out where it is undefined.
    resource: challenge.resource,
    accepted: chosen.entry,
    extensions: (await withIdentifier(challenge, payload)) ?? {},
    payload,
  });
  return { name: 'PAYMENT-SIGNATURE', value };
}

/** Why a seller asks, in its own words: after a payment, why it did not take it. Read even where the terms beside it are broken. */
export function parseAskingReason(response: { readonly headers: HeaderSource; readonly body: string }): string | null {
  const header = response.headers.get('payment-required');
  const document = header === null ? parseBodyJson(response.body) : parseBase64Json(header);
  return document.ok ? (reasonOf(document.value, 'error') ?? reasonOf(document.value, 'detail')) : null;
}

const SETTLEMENT_NAME = new RegExp(`^[\\x21-\\x7e]{0,${SETTLEMENT_NAME_MAX_CHARS}}$`);

/** Reads the settlement header of a paid response. `null`: the seller says nothing. Nobody is told why one cannot be read. */
export function parseSettlement(headers: HeaderSource): Result<Settlement | null, 'unreadable'> {
  const header = headers.get('payment-response') ?? headers.get('x-payment-response');
  if (header === null) return ok(null);
  const document = parseBase64Json(header);
  if (!document.ok) return refuse('unreadable');
  const text = (name: string): string | null => {
    const value = memberOf(document.value, name);
    return typeof value === 'string' ? value : null;
  };
  const success = memberOf(document.value, 'success');
  const [transaction, network, payer] = [text('transaction') ?? '', text('network') ?? '', text('payer')];
  const areNames = [transaction, network, payer ?? ''].every((name) => SETTLEMENT_NAME.test(name));
  if (typeof success !== 'boolean' || !areNames) return refuse('unreadable');
  const errorReason = reasonOf(document.value, 'errorReason');
  return ok({ success, transaction, network, payer, errorReason, signedReceipt: signedReceiptIn(document.value) });
}
