import { toResource } from '../../domain/payment/resource.ts';
import {
  attachProof,
  describedAs,
  isOfferRefusal,
  isPaidBy,
  isSignedFor,
  wayOf,
  type ChosenPayment,
} from '../../protocols/challenge.ts';
import {
  BursarError,
  hasNoPayment,
  isClosedBefore,
  isFinalDenial,
  isSignedOtherwise,
  isUnknownRequest,
} from '../api/bursar-error.ts';
import type {
  PayChallengeInput,
  PayChallengeOutput,
  PaymentProcessor,
  ProcessPaymentInput,
  ProcessPaymentOutput,
  SignedTerms,
} from '../api/contract.ts';
import { PurchaseError } from './purchase-error.ts';
import { toPurchaseToken } from './purchase-token.ts';
import { readSignedTerms } from './signed-terms.ts';

/** Generations that a purchase may have: each but the last was closed without a signature. */
export const GENERATIONS_MAX = 16;
/** Offers of one 402 that Bursar is asked for, one after the other, while it refuses offers as such. */
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
  /** The same 402 whole, for a service that chooses by itself. */
  readonly whole: Omit<PayChallengeInput, keyof Buyer | 'clientToken'>;
  /** Learned from its answers, for as long as somebody keeps it. */
  readonly service: { takesWhole: boolean };
  readonly signal: AbortSignal;
  /** Told before each offer that Bursar is asked for. */
  readonly onAsk: (payment: ChosenPayment) => void;
}

/** A proof, and how it is to be presented. */
export interface Proof {
  readonly output: ProcessPaymentOutput;
  /** What goes to the seller. Throws where the answer holds no proof. */
  readonly toHeaders: () => Promise<PayChallengeOutput['headers']>;
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
    // Every generation but the first is looked up before it is asked for: a process that crashed may have paid it.
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

/**
 * Has the service choose, or else asks for one offer after the other, under one token: an offer that Bursar does not pay
 * leaves nothing behind.
 */
async function askFor(purchase: Purchase, token: string): Promise<Proof | 'closed'> {
  const { payments, client, signal, onAsk } = purchase;
  let refusal: unknown;
  for (const payment of payments.slice(0, OFFERS_ASKED_MAX)) {
    signal.throwIfAborted();
    onAsk(payment);
    const chosen = payment === payments[0] ? await askWhole(purchase, token) : null;
    if (chosen !== null) return chosen;
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

/**
 * `null`: the service does not know how to pay a whole 402, or does not take this one. Nothing was paid then, and what there is under
 * the token counts for both ways of asking.
 */
async function askWhole(
  { client, service, buyer, whole, payments, signal }: Purchase,
  clientToken: string,
): Promise<Proof | 'closed' | null> {
  if (!service.takesWhole || client.payChallenge === undefined) return null;
  try {
    const output = await client.payChallenge({ ...buyer, ...whole, clientToken }, { signal });
    const terms = readSignedTerms(output.bursar);
    const way = wayOf(output.paymentOutput);
    const payment = payments.find((each) => terms !== null && isSignedFor(terms, way, each)) ?? payments[0];
    return { output, toHeaders: async () => output.headers, terms, payment };
  } catch (error) {
    if (isClosedBefore(error)) return 'closed';
    if (!isUnknownRequest(error)) throw error;
    service.takesWhole = error.status === 400;
    return null;
  }
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
  const way = wayOf(output.paymentOutput);
  const same = asked ?? payments.find((each) => terms !== null && isSignedFor(terms, way, each));
  const alike = payments.filter(({ offer }) => isPaidBy(way, offer));
  const onNetwork = ({ offer }: ChosenPayment) => offer.network === terms?.network;
  const near = alike.find(onNetwork) ?? alike[0] ?? payments.find(onNetwork) ?? payments[0];
  const payment = same ?? near;
  const isAlike = isPaidBy(way, payment.offer);
  const present = async () =>
    same !== undefined || terms === null
      ? payment
      : (await import('../../protocols/restated.ts')).restate(payment, terms, isAlike ? null : way);
  return { output, toHeaders: async () => [await attachProof(await present(), output.paymentOutput)], terms, payment };
}
