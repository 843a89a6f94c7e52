import { createBursarClient, createPayingFetch, PurchaseError, type BursarClient } from 'bursar';

// What somebody writes whose agent runs where there is no Node: nothing here but what all runtimes have.

/** What an application hands to its agent. */
export interface Order {
  readonly endpoint: string;
  /** Either a key and its region, or a token. */
  readonly access:
    | {
        readonly region: string;
        readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
      }
    | { readonly token: string };
  readonly session: {
    readonly paymentManagerArn: string;
    readonly paymentSessionId: string;
    readonly userId: string;
  };
  readonly instrument: { readonly paymentInstrumentId: string };
  readonly seller: string;
}

/** Buys the same twice, and says what was paid and which refusal came. */
export async function buy({ endpoint, access, session, instrument, seller }: Order): Promise<object> {
  const client: BursarClient =
    'token' in access
      ? createBursarClient({ endpoint, token: () => access.token })
      : createBursarClient({ endpoint, ...access });
  const fetchPaid = createPayingFetch({ client, session, instrument });
  const paid: string[] = [];
  let refusal: string | null = null;
  for (let purchase = 1; purchase <= 2 && refusal === null; purchase += 1) {
    try {
      const response = await fetchPaid(seller);
      paid.push(response.ok ? `${response.payment?.offer.amountUsd}` : `status ${response.status}`);
      if (JSON.stringify(await response.json()) === '{}') throw new Error('nothing was delivered');
    } catch (error) {
      if (!(error instanceof PurchaseError)) throw error;
      refusal = error.code;
    }
  }
  return { paid, refusal };
}
