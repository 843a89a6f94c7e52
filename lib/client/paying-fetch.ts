import { formatHex } from '../domain/hex.ts';
import { formatUsd, parseUsd, type MicroUsd } from '../domain/money.ts';
import { payablePayments, type BuyerChoice, type Challenge, type ChosenPayment } from '../protocols/challenge.ts';
import type { ReportOutcomeInput } from './contract.ts';
import type {
  OfferSummary,
  PaidResponse,
  PayingFetch,
  PayingFetchEvent,
  PayingFetchOptions,
  PaymentOfResponse,
} from './paying-options.ts';
import { endOf, findFate } from './proof-end.ts';
import { obtainProof, type Buyer, type Proof, type Purchase } from './purchase.ts';
import { ProofEndedError, PurchaseError, UnpayableError, toPurchaseError } from './purchase-error.ts';
import { readAnswer } from './seller-answer.ts';
import { hasLongHeaders, sendFirst } from './seller-request.ts';
import { readTerms } from './seller-terms.ts';

/** How long a report of what became of a payment may take. Nobody waits for it. */
const REPORT_MAX_MS = 5_000;
/** The price that x402's own client pays without asking. */
const MAX_PRICE_USD_DEFAULT = '1.00';

/**
 * A `fetch` that answers a 402 (x402 version 1 or 2, MPP) through Bursar and sends the request once more with the proof.
 * A purchase is paid at most once, by whichever process, however often it is repeated: see `purchaseId`. A second 402 is returned as
 * it is. It never follows a redirect with a proof, and does not pay where the first request was redirected to another origin. A 402
 * that is of no known protocol, or makes no offer, is returned as it is. Between calls it keeps whether the service takes a whole 402, and nothing else.
 * Throws `UnpayableError` where it asks Bursar for nothing, and `PurchaseError` for whatever fails from then on.
 * Making one throws `TypeError` where session or instrument lack an id, and where a price is none.
 */
export function createPayingFetch(options: PayingFetchOptions): PayingFetch {
  const send = options.fetch ?? fetch;
  const buyer = toBuyer(options);
  toMaxAmount(options.maxPriceUsd);
  const service = { takesWhole: true };
  return async (input, init = {}) => {
    const { purchaseId = crypto.randomUUID(), maxPriceUsd = options.maxPriceUsd, ...rest } = init;
    const maxAmount = toMaxAmount(maxPriceUsd);
    const meant = new Request(input, rest);
    const { request, response } = await sendFirst(send, meant);
    if (response.status !== 402) return withPayment(response, null);
    const read = await readTerms(response);
    if (read.challenge === null) return withPayment(response, null, read.reason);
    assertSameOrigin(meant, request);
    const { method, url } = request;
    const { resource, networks = options.session.networks } = options;
    const choice = { requestedUrl: url, networks: networks && new Set(networks), maxAmount, resource };
    const { challenge } = read;
    const payments = await choose(challenge, choice, async () => {
      if (options.client.listAssets === undefined) return undefined;
      return (await import('./service-tokens.ts')).readServiceTokens(options.client, buyer, {
        challenge,
        signal: meant.signal,
      });
    });
    const whole: Purchase['whole'] = {
      request: { method, url, bodyHash: await hashOf(request) },
      challenge: { status: 402, ...read.source },
      networks,
      maxPrice: maxAmount === null ? undefined : { value: formatUsd(maxAmount), currency: 'USD' },
      resource,
    };
    const call: Call = { options, buyer, send, request, purchaseId, tell: teller(options) };
    meant.signal.throwIfAborted();
    return present(call, await askBursar(call, { payments, whole, service }));
  };
}

/** SHA-256 of the body, in hex; of nothing where there is none. */
async function hashOf(request: Request): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await request.clone().arrayBuffer());
  return formatHex(new Uint8Array(digest));
}

interface Call {
  readonly options: PayingFetchOptions;
  readonly buyer: Buyer;
  readonly send: typeof fetch;
  /** As it reached the host that asks for the payment, after redirects. */
  readonly request: Request;
  readonly purchaseId: string;
  readonly tell: (event: PayingFetchEvent) => void;
}

function toBuyer({ session, instrument, agentName }: PayingFetchOptions): Buyer {
  const { paymentManagerArn, paymentSessionId, userId } = session;
  const { paymentInstrumentId } = instrument;
  if (!paymentManagerArn || !paymentSessionId || !userId) {
    throw new TypeError('the session needs paymentManagerArn, paymentSessionId and userId, as the API answers them');
  }
  if (!paymentInstrumentId) throw new TypeError('the instrument needs paymentInstrumentId, as the API answers it');
  const named = agentName === undefined ? {} : { agentName };
  return { paymentManagerArn, paymentSessionId, userId, paymentInstrumentId, ...named };
}

function withPayment(
  response: Response,
  payment: PaymentOfResponse | null,
  unpaidReason: string | null = null,
): PaidResponse {
  return Object.assign(response, { payment, unpaidReason });
}

/** A listener cannot stop a payment: what it throws, now or later, is ignored. */
function teller({ onEvent }: PayingFetchOptions): Call['tell'] {
  return (event) => {
    try {
      const result: unknown = onEvent?.(event);
      if (result instanceof Promise) result.catch(() => undefined);
    } catch {
      // Money may be on its way, so a failing listener stops nothing.
    }
  };
}

/** The proof may go to the URL that asked for it, if that is of the origin that the caller named. */
function assertSameOrigin(meant: Request, asked: Request): void {
  const [from, to] = [new URL(meant.url).origin, new URL(asked.url).origin];
  if (from !== to) throw new UnpayableError(`${from} redirected to ${to}, which asks for a payment; nothing was paid`);
}

/** Throws on what is no amount, before anything is sent. `null`: no bound. */
function toMaxAmount(maxPriceUsd: string | null = MAX_PRICE_USD_DEFAULT): MicroUsd | null {
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

/** Gets the proof, and refuses one that has ended. From here on every failure says what it means for the money. */
async function askBursar(
  { options, buyer, send, request, purchaseId, tell }: Call,
  asked: Pick<Purchase, 'payments' | 'whole' | 'service'>,
): Promise<Proof> {
  const { client, rpcUrls = {}, now = Date.now } = options;
  const { url, signal } = request;
  try {
    const proof = await obtainProof({
      client,
      buyer,
      purchaseId,
      ...asked,
      requestedUrl: url,
      signal,
      onAsk: (payment) => tell({ type: 'payment_required', url, offer: summarize(payment) }),
    });
    const endedAt = endOf(proof, now());
    if (endedAt === null) return proof;
    const fate = await findFate(proof, { rpcUrls, fetch: send, signal });
    throw new ProofEndedError({
      purchaseId,
      processPaymentId: proof.output.processPaymentId,
      endedAt,
      fate,
      paidUsd: summaryOf(proof).amountUsd,
      askedUsd: summarize(asked.payments[0]).amountUsd,
    });
  } catch (error) {
    throw toPurchaseError(error, purchaseId);
  }
}

/** Sends the request with the proof, once. */
async function present(call: Call, proof: Proof): Promise<PaidResponse> {
  const { send, request, purchaseId, tell } = call;
  const { processPaymentId, replayed = false } = proof.output;
  const { url } = request;
  const offer = summaryOf(proof);
  tell({ type: 'proof_received', url, processPaymentId, offer, replayed });
  try {
    const headers = await proof.toHeaders();
    const paid = new Request(request, { redirect: 'manual' });
    for (const { name, value } of headers) paid.headers.set(name, value);
    const response = await send(paid);
    const answer = await readAnswer(response, url);
    if (answer.settlement !== null) tell({ type: 'settled', url, settlement: answer.settlement });
    const isAccepted = response.status < 400 && answer.settlement?.success !== false;
    report(call, proof, isAccepted ? 'DELIVERED' : 'FAILED');
    if (!isAccepted)
      tell({ type: 'not_accepted', url, status: response.status, reason: answer.reason, remedy: answer.remedy });
    return withPayment(response, { purchaseId, processPaymentId, offer, ...answer });
  } catch (error) {
    report(call, proof, 'FAILED');
    const why = hasLongHeaders(error) ? 'answered with more headers than this process reads' : 'did not answer';
    const what = `payment ${processPaymentId} was signed, and ${new URL(url).origin} ${why} (${error instanceof Error ? error.message : String(error)})`;
    throw new PurchaseError(
      `${what}: the same purchaseId presents the same proof again`,
      { purchaseId, processPaymentId, mayHavePaid: true, code: null },
      { cause: error },
    );
  }
}

/** Where the service asks for it: tells what became of a payment, beside everything else. A failure to tell changes nothing. */
function report(
  { options, buyer, request }: Call,
  { output: { processPaymentId }, terms }: Proof,
  outcome: ReportOutcomeInput['outcome'],
): void {
  if (terms?.wantsOutcome !== true) return;
  const { paymentManagerArn, userId } = buyer;
  const input = { paymentManagerArn, userId, processPaymentId, url: request.url, outcome };
  const tellService = async () => options.client.reportOutcome?.(input, { signal: AbortSignal.timeout(REPORT_MAX_MS) });
  tellService().catch(() => undefined);
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
