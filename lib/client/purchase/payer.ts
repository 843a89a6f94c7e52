import type { Settlement } from '../../protocols/challenge.ts';
import { readTerms } from '../fetch/seller-terms.ts';
import type { PayChallengeInput, ReportOutcomeInput } from '../api/contract.ts';
import type { Confirm, PayerOptions } from './payer-options.ts';
import { createTermsPayer, toMaxAmount, type Payment } from './terms-payer.ts';
import { UnpayableError } from './purchase-error.ts';

/** A 402, from wherever it came. */
export interface SellerChallenge {
  readonly status: 402;
  /** Only those that terms stand in are looked at and passed on. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string | null;
}

/** What is bought. */
export interface PaymentContext {
  /**
   * Names the logical purchase, whatever the seller asks for it: it is paid at most once, by whichever process. Never take one for
   * two different things.
   */
  readonly purchaseId: string;
  /** The request that met the 402. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** SHA-256 of its body, in lower-case hexadecimal. */
    readonly bodyHash?: string | undefined;
  };
  /** The tool that makes the request, for policies. */
  readonly tool?: string | undefined;
  /** What the purchase is for, for policies. */
  readonly intent?: string | undefined;
  /** The most that it may cost, in dollars; `null`: as much as the session has left. @default - that of the payer */
  readonly maxPriceUsd?: string | null | undefined;
  /** @default - that of the payer */
  readonly confirm?: Confirm | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Payer {
  /**
   * Pays what a 402 asks for, and returns the proof. Sends nothing to the seller, and does not compare the URL that it is told
   * with the place that the 402 came from: the caller presents the proof to the origin of that URL, and to no other.
   * Throws `UnpayableError` where it asks Bursar for nothing, and `PurchaseError` for whatever fails from then on.
   */
  pay(challenge: SellerChallenge, context: PaymentContext): Promise<Payment>;
  /**
   * Tells the service what became of a payment, where it wants to know, or where the seller signed a receipt, which is kept as
   * evidence. Returns at once, and a failure to tell changes nothing.
   * @param settlement what the seller said of it
   */
  report(payment: Payment, outcome: ReportOutcomeInput['outcome'], settlement?: Settlement | null): void;
}

/**
 * The paying half of `createPayingFetch`, for a 402 that did not come by `fetch`. Making one throws `TypeError` where session or
 * instrument lack an id, and where a price is none.
 */
export function createPayer(options: PayerOptions): Payer {
  const { pay, report } = createTermsPayer(options);
  return {
    pay: async (
      { headers, body },
      { purchaseId, request, tool, intent, signal = new AbortController().signal, ...limits },
    ) => {
      const { maxPriceUsd = options.maxPriceUsd, confirm = options.confirm } = limits;
      const maxAmount = toMaxAmount(maxPriceUsd);
      const { method, url, bodyHash } = request;
      return pay({
        purchaseId,
        request: { method, url, bodyHash, tool, intent } satisfies PayChallengeInput['request'],
        terms: await readPayable(headers, body),
        maxAmount,
        confirm,
        signal,
      });
    },
    report,
  };
}

async function readPayable(headers: SellerChallenge['headers'], body: string | null) {
  const asked = new Headers();
  for (const { name, value } of headers) asked.append(name, value);
  const terms = await readTerms(new Response(body, { status: 402, headers: asked }));
  if (terms.challenge !== null) return terms;
  throw new UnpayableError(
    `the 402 makes no offer that Bursar knows${terms.reason === null ? '' : `: ${terms.reason}`}; nothing was paid`,
  );
}
