import type { PaidResponse, PayingFetch, PayingFetchEvent, PayingFetchOptions } from './paying-options.ts';
import { PurchaseError, UnpayableError } from '../purchase/purchase-error.ts';
import { readAnswer } from './seller-answer.ts';
import { hasLongHeaders, sendFirst } from './seller-request.ts';
import { readTerms } from './seller-terms.ts';
import { toSha256 } from '../purchase/sha256.ts';
import { createTermsPayer, toMaxAmount, toTeller, type Payment, type TermsPayer } from '../purchase/terms-payer.ts';

/**
 * A `fetch` that answers a 402 (x402 version 1 or 2, MPP) through Bursar and sends the request once more with the proof.
 * A purchase is paid at most once, by whichever process, however often it is repeated: see `purchaseId`. A second 402 is returned as
 * it is. It never follows a redirect with a proof, and does not pay where the first request was redirected to another origin. A 402
 * that is of no known protocol, or makes no offer, is returned as it is. Between calls it keeps whether the service takes a whole 402, and nothing else.
 * Throws `UnpayableError` where it asks Bursar for nothing, and `PurchaseError` for whatever fails from then on.
 * Making one throws `TypeError` where session or instrument lack an id, and where a price is none.
 */
export function createPayingFetch(options: PayingFetchOptions): PayingFetch {
  const { fetch: send = fetch } = options;
  const payer = createTermsPayer(options);
  const tell = toTeller(options);
  return async (input, init = {}) => {
    const { purchaseId = crypto.randomUUID(), maxPriceUsd = options.maxPriceUsd, tool, intent, ...others } = init;
    const { confirm = options.confirm, ...rest } = others;
    const maxAmount = toMaxAmount(maxPriceUsd);
    const meant = new Request(input, rest);
    const { request, response } = await sendFirst(send, meant);
    if (response.status !== 402) return withPayment(response, null);
    const terms = await readTerms(response);
    if (terms.challenge === null) return withPayment(response, null, terms.reason);
    assertSameOrigin(meant, request);
    const { method, url } = request;
    const payment = await payer.pay({
      purchaseId,
      request: { method, url, bodyHash: await hashOf(request), tool, intent },
      terms,
      maxAmount,
      confirm,
      signal: meant.signal,
    });
    return present({ payer, send, request, tell }, payment);
  };
}

/** SHA-256 of nothing, which most requests have in them. */
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

async function hashOf(request: Request): Promise<string> {
  return request.body === null ? EMPTY_HASH : toSha256(await request.clone().arrayBuffer());
}

interface Call {
  readonly payer: TermsPayer;
  readonly send: typeof fetch;
  /** As it reached the host that asks for the payment, after redirects. */
  readonly request: Request;
  readonly tell: (event: PayingFetchEvent) => void;
}

function withPayment(
  response: Response,
  payment: PaidResponse['payment'],
  unpaidReason: string | null = null,
): PaidResponse {
  return Object.assign(response, { payment, unpaidReason });
}

/** The proof may go to the URL that asked for it, if that is of the origin that the caller named. */
function assertSameOrigin(meant: Request, asked: Request): void {
  const [from, to] = [new URL(meant.url).origin, new URL(asked.url).origin];
  if (from !== to) throw new UnpayableError(`${from} redirected to ${to}, which asks for a payment; nothing was paid`);
}

/** Sends the request with the proof, once. */
async function present({ payer, send, request, tell }: Call, payment: Payment): Promise<PaidResponse> {
  const { purchaseId, processPaymentId, offer, url } = payment;
  try {
    const headers = await payment.toHeaders();
    const paid = new Request(request, { redirect: 'manual' });
    for (const { name, value } of headers) paid.headers.set(name, value);
    const response = await send(paid);
    const answer = await readAnswer(response, url);
    if (answer.settlement !== null) tell({ type: 'settled', url, settlement: answer.settlement });
    const isAccepted = response.status < 400 && answer.settlement?.success !== false;
    payer.report(payment, isAccepted ? 'DELIVERED' : 'FAILED', answer.settlement);
    if (!isAccepted)
      tell({ type: 'not_accepted', url, status: response.status, reason: answer.reason, remedy: answer.remedy });
    return withPayment(response, { purchaseId, processPaymentId, offer, ...answer });
  } catch (error) {
    payer.report(payment, 'FAILED');
    const why = hasLongHeaders(error) ? 'answered with more headers than this process reads' : 'did not answer';
    const what = `payment ${processPaymentId} was signed, and ${new URL(url).origin} ${why} (${error instanceof Error ? error.message : String(error)})`;
    throw new PurchaseError(
      `${what}: the same purchaseId presents the same proof again`,
      { purchaseId, processPaymentId, mayHavePaid: true, code: null },
      { cause: error },
    );
  }
}
