import type { MicroUsd } from '../domain/money.ts';
import type { Offer } from '../domain/payment/shapes.ts';
import { ok, type Result } from '../domain/result.ts';
import { memberOf } from '../json/record.ts';
import { X402_SCHEMES } from './registry.ts';
import type { X402Version } from './x402/scheme.ts';
import {
  buildPaymentHeader,
  chooseOffer,
  parsePaymentRequired,
  parseSettlement,
  priceOf,
  type ChosenOffer,
  type ClientRefusal,
  type HeaderSource,
  type PaymentChallenge,
  type Settlement,
} from './x402/payment-required.ts';

export type { ClientRefusal, HeaderSource, Settlement } from './x402/payment-required.ts';

/** A seller's 402 in the protocol that it speaks. */
export interface Challenge {
  readonly protocol: 'x402';
  readonly document: PaymentChallenge;
}

/** What a buyer lets pass. */
export interface BuyerChoice {
  readonly requestedUrl: string;
  /** CAIP-2 ids. @default - every network that Bursar knows */
  readonly networks?: ReadonlySet<string>;
  /** The most that an offer may cost. @default - no bound here; the session has its own */
  readonly maxAmount?: MicroUsd;
}

/** One offer of a challenge, with what Bursar is asked to pay it by. */
export interface ChosenPayment {
  readonly challenge: Challenge;
  readonly offer: Offer;
  readonly price: MicroUsd;
  /** The members of ProcessPayment that say what is to be paid. */
  readonly request: {
    readonly paymentType: 'CRYPTO_X402';
    readonly paymentInput: { readonly cryptoX402: { readonly version: X402Version; readonly payload: object } };
  };
  readonly chosen: ChosenOffer;
}

/** Reads what a 402 asks for. `null`: it speaks none of the protocols that Bursar pays, a web page for instance. */
export function readChallenge(response: {
  readonly headers: HeaderSource;
  readonly body: string;
}): Result<Challenge | null, ClientRefusal> {
  const read = parsePaymentRequired(response);
  if (!read.ok) return read;
  return ok(read.value === null ? null : { protocol: 'x402', document: read.value });
}

/** Picks the cheapest offer that can be paid; the seller's order decides between equals. */
export function choosePayment(challenge: Challenge, choice: BuyerChoice): Result<ChosenPayment, ClientRefusal> {
  const chosen = chooseOffer(challenge.document, { ...choice, schemes: X402_SCHEMES });
  if (!chosen.ok) return chosen;
  const { offer, entry } = chosen.value;
  const request = {
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: offer.version, payload: entry } },
  } as const;
  return ok({ challenge, offer, price: priceOf(offer), request, chosen: chosen.value });
}

/**
 * The header that carries a proof back to the seller. Its value is a bearer instrument: never log it.
 * @param paymentOutput as ProcessPayment answers it. Throws where it is not of the payment's protocol
 */
export function attachProof(
  { challenge, chosen }: ChosenPayment,
  paymentOutput: unknown,
): { readonly name: string; readonly value: string } {
  const payload = memberOf(memberOf(paymentOutput, 'cryptoX402'), 'payload');
  if (typeof payload !== 'object' || payload === null)
    throw new Error('the answer to ProcessPayment holds no x402 proof');
  return buildPaymentHeader(challenge.document, chosen, payload);
}

/** What a seller says of the settlement; `null` where it says nothing, or nothing that can be read: the money is spent either way. */
export function readSettlement(headers: HeaderSource): Settlement | null {
  const parsed = parseSettlement(headers);
  return parsed.ok ? parsed.value : null;
}
