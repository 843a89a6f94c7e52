import type { Hex, Offer, SigningTerms } from '../domain/payment/payment.ts';
import type { Refusal } from '../domain/refusal.ts';
import { refuse, type Result } from '../domain/result.ts';
import { formatReceived } from '../json/quotation.ts';
import { x402 } from './x402/index.ts';

/** A payment protocol: pure functions from untrusted input to bytes to sign to proof. No clock, no network, no keys. */
export interface PaymentProtocol {
  /** Stored and logged; never renamed. */
  readonly id: Offer['protocol'];
  /** The member of `paymentInput` and `paymentOutput` that is this protocol's. */
  readonly inputName: string;
  parse(
    paymentInput: unknown,
    allowed: { readonly networks: ReadonlySet<string> },
  ): Result<Offer, Extract<Refusal, { reason: 'invalid_challenge' }>>;
  /** The bytes to sign, from our own tables and the frozen terms. */
  digest(offer: Offer, terms: SigningTerms): Uint8Array;
  /** What the seller gets to see. */
  present(offer: Offer, terms: SigningTerms, signature: Hex): object;
}

/** Protocols by AgentCore's payment type. */
export const protocols = { CRYPTO_X402: x402 } as const satisfies Record<string, PaymentProtocol>;
export type PaymentType = keyof typeof protocols;

/** AgentCore's payment types that Bursar knows by name only. */
const UNSUPPORTED_TYPES: ReadonlySet<string> = new Set(['MPP']);

const byId = new Map<string, PaymentProtocol>(Object.values(protocols).map((protocol) => [protocol.id, protocol]));

/** Reads the challenge of a request by the protocol that its payment type names. */
export function parsePaymentInput(
  paymentType: string,
  paymentInput: unknown,
  allowed: { readonly networks: ReadonlySet<string> },
): Result<Offer, Extract<Refusal, { reason: 'invalid_challenge' }>> {
  if (Object.hasOwn(protocols, paymentType)) return protocols[paymentType as PaymentType].parse(paymentInput, allowed);
  const supported = Object.keys(protocols).join(', ');
  const message = UNSUPPORTED_TYPES.has(paymentType)
    ? `Payment type '${paymentType}' is not supported yet. Supported payment types: ${supported}`
    : `paymentType must be one of ${supported}. Received: ${formatReceived(paymentType)}`;
  return refuse({ reason: 'invalid_challenge', code: 'unsupported_payment_type', field: 'paymentType', message });
}

/** The protocol that an accepted offer belongs to. */
export function protocolOf(offer: Pick<Offer, 'protocol'>): PaymentProtocol {
  const protocol = byId.get(offer.protocol);
  if (protocol === undefined) throw new Error(`no protocol ${offer.protocol}`);
  return protocol;
}
