import { formatHex } from '../../domain/hex.ts';
import { readChallenge } from '../../protocols/challenge.ts';
import type { PaymentContext, SellerChallenge } from '../purchase/payer.ts';
import { ProofEndedError, PurchaseError } from '../purchase/purchase-error.ts';
import { readAnswer } from '../fetch/seller-answer.ts';
import { toTeller, type Payment } from '../purchase/terms-payer.ts';
import { createOpenPurchases } from './open-purchases.ts';
import type { PagePaymentEvent, PagePaymentOptions, PageResource } from './options.ts';
import { toResourceRule } from './payable-resource.ts';

const PAYMENTS_MAX_DEFAULT = 20;
/** How long one payment may take: a page waits for it. */
const PAYMENT_MAX_MS = 60_000;

type HeaderList = SellerChallenge['headers'];

/** What a seller answered, as far as it was read. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** `null`: not read. */
  readonly body: string | null;
}

/** A request that was answered with 402. */
export interface AskedResource extends PageResource {
  /** Nothing in it where it has none; `null`: not known. */
  readonly body: Uint8Array | null;
}

/** What is presented once, with the request that was answered with 402 and to nobody else. Pages never see it. */
export interface PageProof {
  readonly payment: Payment;
  readonly headers: HeaderList;
}

/** What the handlers of all browsers do. */
export interface PagePayments {
  /** Whether a 402 that answers it would be paid. */
  readonly concerns: (resource: PageResource) => boolean;
  /** `null`: it is not paid, and why is told. */
  readonly pay: (asked: AskedResource, answer: PageAnswer) => Promise<PageProof | null>;
  /** Tells what the seller made of a proof; `null`: it did not answer. */
  readonly conclude: (proof: PageProof, answer: PageAnswer | null) => Promise<void>;
  /** Tells why a 402 is not paid, of which Bursar is not asked. */
  readonly refuse: (url: string, message: string) => void;
}

/** Throws `TypeError` where an origin is none. */
export function createPagePayments(options: PagePaymentOptions): PagePayments {
  const { payer, paymentsMax = PAYMENTS_MAX_DEFAULT } = options;
  const concerns = toResourceRule(options);
  const purchases = createOpenPurchases(options);
  const tell = toTeller<PagePaymentEvent>(options);
  let asked = 0;
  const refuse: PagePayments['refuse'] = (url, message) =>
    tell({ type: 'refused', url, code: null, message, mayHavePaid: false });
  return {
    concerns,
    refuse,
    pay: async (resource, { headers, body }) => {
      const { url } = resource;
      asked += 1;
      if (asked > paymentsMax) {
        refuse(url, `${url} was not paid: ${paymentsMax} payments were asked for before it`);
        return null;
      }
      const purchaseId = purchases.idOf(resource);
      try {
        const context = await contextOf(resource, purchaseId, options);
        const payment = await payer.pay({ status: 402, headers, body }, context);
        return { payment, headers: await payment.toHeaders() };
      } catch (error) {
        const failure = error instanceof PurchaseError ? error : null;
        const { code = null, mayHavePaid = false } = failure ?? {};
        if (!mayHavePaid || failure instanceof ProofEndedError) purchases.end(purchaseId);
        tell({ type: 'refused', url, code, message: messageOf(error), mayHavePaid });
        return null;
      }
    },
    conclude: async ({ payment }, answer) => {
      const { url, purchaseId, processPaymentId, offer } = payment;
      const bought = { url, purchaseId, processPaymentId, offer };
      const { settlement = null, reason = null } = answer === null ? {} : await readAnswer(toResponse(answer), url);
      const status = answer?.status ?? null;
      const isAccepted = status !== null && status < 400 && settlement?.success !== false;
      payer.report(payment, isAccepted ? 'DELIVERED' : 'FAILED', settlement);
      if (isAccepted) purchases.end(purchaseId);
      tell(
        isAccepted ? { type: 'delivered', ...bought, settlement } : { type: 'not_accepted', ...bought, status, reason },
      );
    },
  };
}

/** Whether an answer says what is to be paid, readably or not. */
export function hasTerms({ status, headers, body }: PageAnswer): boolean {
  const read = readChallenge({ headers: toResponse({ status, headers, body: null }).headers, body: body ?? '' });
  return !read.ok || read.value !== null;
}

/** Whether an answer is a page for people. */
export function isPage({ headers }: Pick<PageAnswer, 'headers'>): boolean {
  return headers.some(({ name, value }) => name.toLowerCase() === 'content-type' && value.includes('html'));
}

/** What a seller is asked with that shows pages to browsers, and its terms to all others. */
export const AS_A_PROGRAM: HeaderList = [
  { name: 'accept', value: 'application/json' },
  { name: 'user-agent', value: 'bursar' },
];

function toResponse({ status, headers, body }: PageAnswer): Response {
  const list = new Headers();
  for (const { name, value } of headers) list.append(name, value);
  return new Response(body, { status, headers: list });
}

async function contextOf(
  { method, url, body }: AskedResource,
  purchaseId: string,
  { tool, maxPriceUsd }: PagePaymentOptions,
): Promise<PaymentContext> {
  const request = { method, url, bodyHash: body === null ? undefined : await hash(body) };
  return { purchaseId, request, tool, maxPriceUsd, signal: AbortSignal.timeout(PAYMENT_MAX_MS) };
}

async function hash(bytes: Uint8Array): Promise<string> {
  return formatHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
