import { toResource } from '../domain/payment/resource.ts';
import {
  describedAs,
  isOfferRefusal,
  isSignedFor,
  restate,
  type ChosenPayment,
  type Presentation,
} from '../protocols/challenge.ts';
import { BursarError, hasNoPayment, isClosedBefore, isFinalDenial, isSignedOtherwise } from './bursar-error.ts';
import type { PaymentProcessor, ProcessPaymentInput, ProcessPaymentOutput, SignedTerms } from './contract.ts';
import { PurchaseError } from './purchase-error.ts';
import { toPurchaseToken } from './purchase-token.ts';
import { readSignedTerms } from './signed-terms.ts';

/** Generations that a purchase may have: each but the last was closed without a signature. */
export const GENERATIONS_MAX = 16;
/** Offers of one 402 that Bursar is asked for, one after the other, while it refuses them for what they are. */
export const OFFERS_ASKED_MAX = 8;

/** Who buys, and out of what. */
export type Buyer = Pick<
  ProcessPaymentInput,
  'paymentManagerArn' | 'paymentSessionId' | 'paymentInstrumentId' | 'userId' | 'agentName'
>;

export interface Purchase {
  readonly client: PaymentProcessor;
  readonly buyer: Buyer;
  readonly purchaseId: string;
  /** Of the seller, for the receipt. */
  readonly requestedUrl: string;
  /** What may be paid, the cheapest first. */
  readonly payments: readonly [ChosenPayment, ...ChosenPayment[]];
  readonly signal: AbortSignal;
  /** Told before each offer that Bursar is asked for. */
  readonly onAsk: (payment: ChosenPayment) => void;
}

/** A proof, and how it is to be presented. */
export interface Proof {
  readonly output: ProcessPaymentOutput;
  readonly presentation: Presentation;
  /** What it was signed for; `null` where the service does not say. */
  readonly terms: SignedTerms | null;
  /** The offer that was asked for, or the nearest to what was signed before. */
  readonly payment: ChosenPayment;
}

/**
 * Gets the one proof of a purchase: that of an earlier call if there is one, whatever it was signed for, else a new one. It asks for a
 * payment only under a generation of which it is known that all before it were closed unsigned.
 * Throws `BursarError` for a refusal, and whatever the processor throws.
 */
export async function obtainProof(purchase: Purchase): Promise<Proof> {
  for (let generation = 0; generation < GENERATIONS_MAX; generation += 1) {
    const token = await toPurchaseToken(purchase.purchaseId, generation);
    // Every generation but the first is looked up before it is asked for: it may have been paid by a process that is gone.
    const stored = generation === 0 ? 'none' : await lookUp(purchase, token);
    const outcome = stored === 'none' ? await askFor(purchase, token) : stored;
    if (outcome !== 'closed') return outcome;
  }
  throw new PurchaseError(`Bursar refused this purchase ${GENERATIONS_MAX} times: buy anew under another purchaseId`, {
    purchaseId: purchase.purchaseId,
    processPaymentId: null,
    mayHavePaid: false,
    code: null,
  });
}

/** Asks for one offer after the other, under one token: an offer that is refused for what it is leaves nothing behind. */
async function askFor(purchase: Purchase, token: string): Promise<Proof | 'closed'> {
  const { payments, client, signal, onAsk } = purchase;
  let refusal: unknown;
  for (const payment of payments.slice(0, OFFERS_ASKED_MAX)) {
    signal.throwIfAborted();
    onAsk(payment);
    try {
      const output = await client.processPayment(toInput(purchase, payment, token), { signal });
      return toProof(purchase, output, payment);
    } catch (error) {
      if (isClosedBefore(error)) return 'closed';
      if (isSignedOtherwise(error)) return recall(purchase, token, error);
      if (!(error instanceof BursarError) || !isOfferRefusal(error.code)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** The proof of a token that is known to have one. Throws the refusal that said so where it is not to be had. */
async function recall(purchase: Purchase, token: string, refusal: unknown): Promise<Proof> {
  const stored = await lookUp(purchase, token);
  if (typeof stored === 'string') throw refusal;
  return stored;
}

/** What a token came to, without paying. Only a service that has said that it is Bursar is asked this. */
async function lookUp(purchase: Purchase, token: string): Promise<Proof | 'closed' | 'none'> {
  const { client, payments, signal } = purchase;
  signal.throwIfAborted();
  try {
    const input = { ...toInput(purchase, payments[0], token), replayOnly: true } as const;
    return toProof(purchase, await client.processPayment(input, { signal }), null);
  } catch (error) {
    if (hasNoPayment(error)) return 'none';
    if (isClosedBefore(error) || isFinalDenial(error)) return 'closed';
    throw error;
  }
}

/** Of what is bought it tells origin and path and what the seller calls it, never a query. */
function toInput({ buyer, requestedUrl }: Purchase, payment: ChosenPayment, clientToken: string): ProcessPaymentInput {
  const resource = toResource({ url: requestedUrl, description: describedAs(payment) });
  const { url, description } = resource ?? { url: null, description: null };
  const told = url === null ? {} : { resource: { url, ...(description === null ? {} : { description }) } };
  return { ...buyer, ...payment.request, ...told, clientToken };
}

/** @param asked the offer that the answer is for; `null`: whichever it was signed for */
function toProof({ payments }: Purchase, output: ProcessPaymentOutput, asked: ChosenPayment | null): Proof {
  const terms = readSignedTerms(output.bursar);
  if (asked !== null) return { output, presentation: asked, terms, payment: asked };
  const same = terms === null ? undefined : payments.find((each) => isSignedFor(terms, each));
  if (same !== undefined) return { output, presentation: same, terms, payment: same };
  const payment = payments.find(({ offer }) => offer.network === terms?.network) ?? payments[0];
  return { output, presentation: terms === null ? payment : restate(payment, terms), terms, payment };
}
