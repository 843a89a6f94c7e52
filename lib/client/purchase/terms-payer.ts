import { formatUsd, parseUsd, type MicroUsd } from '../../domain/money.ts';
import {
  payablePayments,
  type BuyerChoice,
  type Challenge,
  type ChosenPayment,
  type Settlement,
} from '../../protocols/challenge.ts';
import type { PayChallengeInput, PayChallengeOutput, ReportOutcomeInput } from '../api/contract.ts';
import type { Confirm, OfferSummary, PayerEvent, PayerOptions } from './payer-options.ts';
import { obtainProof, type Buyer, type Proof } from './purchase.ts';
import { ProofEndedError, UnpayableError, toPurchaseError } from './purchase-error.ts';
import type { PayableTerms } from '../fetch/seller-terms.ts';

/** How long a report of what became of a payment may take. Nobody waits for it. */
const REPORT_MAX_MS = 5_000;
/** The price that x402's own client pays without asking. */
export const MAX_PRICE_USD_DEFAULT = '1.00';

/** What was signed, and how it is presented. */
export interface Payment {
  readonly purchaseId: string;
  readonly processPaymentId: string;
  /** What was signed; by an earlier call of the same purchase it may have been another price. */
  readonly offer: OfferSummary;
  /** Whether it was signed by an earlier call of the same purchase. */
  readonly replayed: boolean;
  /** Of the request that is paid for. */
  readonly url: string;
  /** Whether the service wants to know what becomes of it. */
  readonly wantsOutcome: boolean;
  /** What goes to the seller with the request, to the origin of `url` alone. Bearer instruments. Throws where the answer holds none. */
  readonly toHeaders: () => Promise<PayChallengeOutput['headers']>;
}

/** A purchase whose terms are known. */
export interface TermsPurchase {
  readonly purchaseId: string;
  /** As it reached the host that asks for the payment, after redirects. */
  readonly request: PayChallengeInput['request'];
  readonly terms: PayableTerms;
  readonly maxAmount: MicroUsd | null;
  readonly confirm: Confirm | undefined;
  readonly signal: AbortSignal;
}

export interface TermsPayer {
  /** Throws `UnpayableError` where it asks for nothing, and `PurchaseError` for whatever fails from then on. */
  pay(purchase: TermsPurchase): Promise<Payment>;
  /**
   * Tells what became of a payment, where the service asks for it or the settlement has something that the seller signed. Beside
   * everything else: a failure to tell changes nothing.
   */
  report(payment: Payment, outcome: ReportOutcomeInput['outcome'], settlement?: Settlement | null): void;
}

/** Pays what a 402 asks for, once for each purchase. Throws `TypeError` where session or instrument lack an id, or a price is none. */
export function createTermsPayer(options: PayerOptions): TermsPayer {
  const buyer = toBuyer(options);
  toMaxAmount(options.maxPriceUsd);
  const { client } = options;
  const service = { takesWhole: true };
  const tell = toTeller(options);
  return {
    pay: async ({ purchaseId, request, terms: { challenge, source }, maxAmount, confirm, signal }) => {
      const { url } = request;
      const { resource, networks = options.session.networks } = options;
      const choice = { requestedUrl: url, networks: networks && new Set(networks), maxAmount, resource };
      const payments = await choose(challenge, choice, async () => {
        if (client.listAssets === undefined) return undefined;
        return (await import('./service-tokens.ts')).readServiceTokens(client, buyer, { challenge, signal });
      });
      if (confirm !== undefined) {
        const offers = payments.map(summarize);
        if ((await confirm({ purchaseId, request, challenge: source, offers })) !== true)
          throw new UnpayableError('the purchase was not confirmed, and nothing was paid');
      }
      // Whoever confirmed saw no dearer one, and the service chooses by itself.
      const ceiling = confirm === undefined ? maxAmount : payments.at(-1)!.price;
      signal.throwIfAborted();
      try {
        const proof = await obtainProof({
          client,
          buyer,
          purchaseId,
          payments,
          whole: {
            request,
            challenge: { status: 402, ...source },
            networks,
            maxPrice: ceiling === null ? undefined : { value: formatUsd(ceiling), currency: 'USD' },
            resource,
          },
          service,
          requestedUrl: url,
          signal,
          onAsk: (payment) => tell({ type: 'payment_required', url, offer: summarize(payment) }),
        });
        const { processPaymentId, replayed = false } = proof.output;
        const payment = { purchaseId, processPaymentId, offer: summaryOf(proof), url, replayed };
        await refuseEnded(proof, { options, payment, signal, askedUsd: summarize(payments[0]).amountUsd });
        tell({ type: 'proof_received', ...payment });
        return { ...payment, wantsOutcome: proof.terms?.wantsOutcome === true, toHeaders: proof.toHeaders };
      } catch (error) {
        throw toPurchaseError(error, purchaseId);
      }
    },
    report: ({ wantsOutcome, processPaymentId, url }, outcome, settlement) => {
      const signedReceipt = settlement?.signedReceipt;
      if (!wantsOutcome && !signedReceipt) return;
      const { paymentManagerArn, userId } = buyer;
      const input = { paymentManagerArn, userId, processPaymentId, url, outcome, signedReceipt };
      const tellService = async () => client.reportOutcome?.(input, { signal: AbortSignal.timeout(REPORT_MAX_MS) });
      tellService().catch(() => undefined);
    },
  };
}

function toBuyer({ session, instrument, agentName }: PayerOptions): Buyer {
  const { paymentManagerArn, paymentSessionId, userId } = session;
  const { paymentInstrumentId } = instrument;
  if (!paymentManagerArn || !paymentSessionId || !userId) {
    throw new TypeError('the session needs paymentManagerArn, paymentSessionId and userId, as the API answers them');
  }
  if (!paymentInstrumentId) throw new TypeError('the instrument needs paymentInstrumentId, as the API answers it');
  const named = agentName === undefined ? {} : { agentName };
  return { paymentManagerArn, paymentSessionId, userId, paymentInstrumentId, ...named };
}

/** A listener cannot stop a payment: what it throws, now or later, is ignored. */
export function toTeller<E = PayerEvent>({ onEvent }: { readonly onEvent?: (event: E) => void }): (event: E) => void {
  const hear = async (event: E): Promise<unknown> => onEvent?.(event);
  return (event) => {
    hear(event).catch(() => undefined);
  };
}

/** Throws on what is no amount, before anything is sent. `null`: no bound. */
export function toMaxAmount(maxPriceUsd: string | null = MAX_PRICE_USD_DEFAULT): MicroUsd | null {
  if (maxPriceUsd === null) return null;
  const amount = parseUsd(maxPriceUsd);
  if (amount.ok) return amount.value;
  throw new TypeError(`maxPriceUsd must be ${amount.error.expected}`);
}

/** @param loadTokens what else is paid in; asked where nothing is offered in the USDC of a network */
async function choose(
  challenge: Challenge,
  choice: BuyerChoice,
  loadTokens: () => Promise<BuyerChoice['tokens']>,
): Promise<readonly [ChosenPayment, ...ChosenPayment[]]> {
  let payable = await payablePayments(challenge, choice);
  const tokens = payable.ok ? undefined : await loadTokens();
  if (tokens !== undefined) payable = await payablePayments(challenge, { ...choice, tokens });
  if (payable.ok) return payable.value;
  throw new UnpayableError(`none of the seller's offers can be paid: ${payable.error.message}`);
}

/** When a proof of an earlier call ended, in epoch milliseconds; `null` for one that is good, or of which nobody says when it ends. */
function endOf({ output, terms }: Proof, nowMs: number): number | null {
  if (terms === null || output.replayed === false) return null;
  const endMs = terms.validBefore * 1_000;
  return endMs <= nowMs ? endMs : null;
}

interface Ending {
  readonly options: PayerOptions;
  readonly payment: Pick<Payment, 'purchaseId' | 'processPaymentId' | 'offer'>;
  readonly askedUsd: string;
  readonly signal: AbortSignal;
}

/** Throws `ProofEndedError` where a proof is worth nothing any more. */
async function refuseEnded(
  proof: Proof,
  { options: { rpcUrls = {}, now = Date.now, fetch: send = fetch }, payment, signal, askedUsd }: Ending,
): Promise<void> {
  const endedAt = endOf(proof, now());
  if (endedAt === null) return;
  const { findFate } = await import('./proof-end.ts');
  const fate = await findFate(proof, { rpcUrls, fetch: send, signal });
  throw new ProofEndedError({ ...payment, endedAt, fate, paidUsd: payment.offer.amountUsd, askedUsd });
}

function summarize({ offer, price }: ChosenPayment): OfferSummary {
  const { protocol, version, network, payTo } = offer;
  return { protocol, version, network, payTo, amountUsd: formatUsd(price) };
}

/** What a proof is for: its own terms, where the service tells them. */
function summaryOf({ payment, terms }: Proof): OfferSummary {
  const summary = summarize(payment);
  if (terms === null) return summary;
  const { network, payTo, amountUsd } = terms;
  return { ...summary, network, payTo, amountUsd };
}
