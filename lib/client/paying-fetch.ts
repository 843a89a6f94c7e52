import { formatUsd } from '../domain/money.ts';
import { createBoundedMap, type BoundedMap } from '../domain/bounded-map.ts';
import {
  attachProof,
  choosePayment,
  readChallenge,
  readSettlement,
  type Challenge,
  type ChosenPayment,
  type Settlement,
} from '../protocols/challenge.ts';
import { isFinalDenial, type PaymentProcessor } from './contract.ts';

/** A `paymentSession` as the API answers it, whose types in AWS's SDK let every member be missing. Nothing else of it is sent. */
export interface SessionReference {
  readonly paymentManagerArn: string | undefined;
  readonly paymentSessionId: string | undefined;
  readonly userId: string | undefined;
}

/** A `paymentInstrument` as the API answers it. Nothing else of it is sent. */
export interface InstrumentReference {
  readonly paymentInstrumentId: string | undefined;
}

export interface PayingFetchOptions {
  readonly client: PaymentProcessor;
  readonly session: SessionReference;
  readonly instrument: InstrumentReference;
  readonly agentName?: string;
  /** CAIP-2 ids of the networks to pay on. @default - every network that Bursar knows */
  readonly networks?: readonly string[];
  /** @default - the global fetch */
  readonly fetch?: typeof fetch;
  /** Hears what happens, as it happens. No event carries a proof. */
  readonly onEvent?: (event: PayingFetchEvent) => void;
}

export type PayingFetchEvent =
  | { readonly type: 'payment_required'; readonly url: string; readonly offer: OfferSummary }
  | { readonly type: 'proof_received'; readonly url: string; readonly processPaymentId: string }
  | { readonly type: 'settled'; readonly url: string; readonly settlement: Settlement };

export interface OfferSummary {
  readonly version: string;
  readonly network: string;
  readonly payTo: string;
  /** Dollars, such as `0.50`. */
  readonly amountUsd: string;
}

/** What was paid for a response. */
export interface PaymentOfResponse {
  readonly processPaymentId: string;
  readonly offer: OfferSummary;
  /** What the seller says of the settlement; a claim, not proof. `null`: it says nothing. */
  readonly settlement: Settlement | null;
}

export interface PayingRequestInit extends RequestInit {
  /**
   * Names the logical purchase. A caller that persists it may repeat the call after a crash without paying twice.
   * @default - drawn anew for each call
   */
  readonly purchaseId?: string;
}

/** A `Response` that knows what was paid for it; `payment` is `null` where nothing was asked or nothing was paid. */
export type PaidResponse = Response & { readonly payment: PaymentOfResponse | null };

export type PayingFetch = (input: string | URL | Request, init?: PayingRequestInit) => Promise<PaidResponse>;

/** Thrown where a seller asks for a payment that this client will not ask Bursar for. */
export class UnpayableError extends Error {
  override readonly name = 'UnpayableError';
}

const CHALLENGE_MAX_BYTES = 64 * 1024;
const GENERATIONS_MAX = 1_000;

/**
 * A `fetch` that answers a 402 (x402 version 1 or 2) through Bursar and sends the request once more with the proof.
 * It pays at most once per call: a second 402 is returned as it is. It never follows a redirect with a proof, and it does not
 * pay where the first request was redirected to another origin. A 402 that is not x402 is returned as it is.
 * Throws `BursarError` where Bursar refuses, `UnpayableError` where no offer can be paid. Making one throws `TypeError` where
 * session or instrument lack an id.
 */
export function createPayingFetch(options: PayingFetchOptions): PayingFetch {
  const source = toPaymentSource(options);
  const generations: BoundedMap<string, number> = createBoundedMap(GENERATIONS_MAX);
  return async (input, init = {}) => {
    const { purchaseId = crypto.randomUUID(), ...rest } = init;
    const send = options.fetch ?? fetch;
    const request = new Request(input, rest);
    const first = await send(request.clone());
    if (first.status !== 402) return withPayment(first, null);
    const challenge = await challengeOf(first);
    if (challenge === null) return withPayment(first, null);
    const url = payableUrl(request, first);
    const chosen = choose(options, challenge, url);
    const offer = summarize(chosen);
    options.onEvent?.({ type: 'payment_required', url, offer });

    const proof = await requestProof(options, { source, purchaseId, chosen, generations });
    options.onEvent?.({ type: 'proof_received', url, processPaymentId: proof.processPaymentId });
    const header = attachProof(chosen, proof.paymentOutput);
    const paidRequest = new Request(url, request);
    paidRequest.headers.set(header.name, header.value);
    const second = await send(new Request(paidRequest, { redirect: 'manual' }));
    const settlement = readSettlement(second.headers);
    if (settlement !== null) options.onEvent?.({ type: 'settled', url, settlement });
    return withPayment(second, { processPaymentId: proof.processPaymentId, offer, settlement });
  };
}

function withPayment(response: Response, payment: PaymentOfResponse | null): PaidResponse {
  return Object.assign(response, { payment });
}

/** Reads a 402's terms from a copy, so that the caller still gets the body. */
async function challengeOf(response: Response): Promise<Challenge | null> {
  const body = await readBounded(response.clone());
  if (body === null) {
    await response.body?.cancel();
    throw new UnpayableError(`the seller's 402 is larger than ${CHALLENGE_MAX_BYTES} bytes`);
  }
  const parsed = readChallenge({ headers: response.headers, body });
  if (parsed.ok) return parsed.value;
  throw new UnpayableError(`the seller's 402 cannot be read: ${parsed.error.message}`);
}

/** The text of a copy of a response; `null` where it is too long, and then the response itself is still to be cancelled. */
async function readBounded(copy: Response): Promise<string | null> {
  const reader = copy.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > CHALLENGE_MAX_BYTES) {
      // Not awaited: it ends only when the response that was copied is cancelled as well.
      reader.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Where the proof may go: to the URL that asked for it, if that is of the origin that the caller named. */
function payableUrl(request: Request, response: Response): string {
  const asked = new URL(response.url || request.url);
  const meant = new URL(request.url);
  if (asked.origin === meant.origin) return asked.href;
  throw new UnpayableError(`${meant.origin} redirected to ${asked.origin}, which asks for a payment; nothing was paid`);
}

function choose(options: PayingFetchOptions, challenge: Challenge, url: string): ChosenPayment {
  const networks = options.networks === undefined ? {} : { networks: new Set(options.networks) };
  const chosen = choosePayment(challenge, { requestedUrl: url, ...networks });
  if (chosen.ok) return chosen.value;
  throw new UnpayableError(`none of the seller's offers can be paid: ${chosen.error.message}`);
}

function summarize({ offer, price }: ChosenPayment): OfferSummary {
  return {
    version: offer.version,
    network: offer.network,
    payTo: offer.payTo,
    amountUsd: formatUsd(price),
  };
}

/** What pays: the members of session and instrument that a payment names. */
interface PaymentSource {
  readonly paymentManagerArn: string;
  readonly paymentSessionId: string;
  readonly userId: string;
  readonly paymentInstrumentId: string;
}

function toPaymentSource({ session, instrument }: PayingFetchOptions): PaymentSource {
  const { paymentManagerArn, paymentSessionId, userId } = session;
  const { paymentInstrumentId } = instrument;
  if (!paymentManagerArn || !paymentSessionId || !userId) {
    throw new TypeError('the session needs paymentManagerArn, paymentSessionId and userId, as the API answers them');
  }
  if (!paymentInstrumentId) throw new TypeError('the instrument needs paymentInstrumentId, as the API answers it');
  return { paymentManagerArn, paymentSessionId, userId, paymentInstrumentId };
}

interface Purchase {
  readonly source: PaymentSource;
  readonly purchaseId: string;
  readonly chosen: ChosenPayment;
  readonly generations: BoundedMap<string, number>;
}

async function requestProof(options: PayingFetchOptions, { source, purchaseId, chosen, generations }: Purchase) {
  const generation = generations.get(purchaseId) ?? 0;
  try {
    const output = await options.client.processPayment({
      ...source,
      ...(options.agentName === undefined ? {} : { agentName: options.agentName }),
      ...chosen.request,
      clientToken: await purchaseToken(source.paymentSessionId, purchaseId, chosen, generation),
    });
    return output;
  } catch (error) {
    // Nothing was signed and this token stays denied: the purchase may be tried again, say after a top-up.
    if (isFinalDenial(error)) generations.set(purchaseId, generation + 1);
    throw error;
  }
}

/** The same purchase of the same offer always asks under the same token, whatever went wrong before. */
async function purchaseToken(
  sessionId: string,
  purchaseId: string,
  { offer }: ChosenPayment,
  generation: number,
): Promise<string> {
  const { version, scheme, network, asset, amount, payTo } = offer;
  const parts = [sessionId, purchaseId, version, scheme, network, asset, `${amount}`, payTo, `${generation}`];
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
