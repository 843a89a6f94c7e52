import { wrapFetchWithPayment, x402Client } from '@x402/fetch';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { parseBody } from '../../../lib/api/body.ts';
import {
  BursarError,
  PurchaseError,
  UnpayableError,
  createPayingFetch,
  type PaymentProcessor,
  type ProcessPaymentOutput,
} from '../../../lib/client/index.ts';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { BODY_MAX_BYTES } from '../../../lib/domain/limits.ts';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import { parsePaymentInput } from '../../../lib/protocols/catalogue.ts';
import { digestOf, formatDigest, presentProof } from '../../support/x402.ts';

// The official client and ours, each before a seller that asks once. Both sign with the same key.

const KEY = `0x${'01'.repeat(32)}` as const;
export const BUYER = privateKeyToAccount(KEY);
const networks: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

/** What a client makes of a 402; `sent` is the document of its payment header, and `says` why there is none. */
export type Outcome =
  | { readonly did: 'pays'; readonly sent: unknown }
  | { readonly did: 'throws' | 'refuses' | 'returns'; readonly says: string };

/** A seller that answers the first request with a 402, and any other with the goods. */
function createSeller(challenge: Response) {
  const presented: string[] = [];
  let asked = false;
  const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (!asked) {
      asked = true;
      return challenge;
    }
    const { headers } = new Request(input, init);
    presented.push(headers.get('payment-signature') ?? headers.get('x-payment') ?? '');
    return new Response('the goods');
  };
  const sent = (): unknown =>
    presented[0] === undefined ? null : (JSON.parse(Buffer.from(presented[0], 'base64').toString()) as unknown);
  return { fetch: answer as typeof fetch, sent };
}

export async function buyOfficially(challenge: Response, url: string): Promise<Outcome> {
  const client = new x402Client();
  registerExactEvmScheme(client, { signer: BUYER, networks: NETWORKS.map(({ id }) => id) });
  client.setSpendControls(false);
  const seller = createSeller(challenge);
  try {
    await wrapFetchWithPayment(seller.fetch, client)(url);
    return { did: 'pays', sent: seller.sent() };
  } catch (error) {
    return { did: 'throws', says: String(error) };
  }
}

/** Bursar without its books: it reads a request as the API does, and signs what it would sign. */
const processor: PaymentProcessor = {
  async processPayment(input): Promise<ProcessPaymentOutput> {
    const refuse = (message: string) =>
      new BursarError(message, { errorName: 'ValidationException', status: 400, code: null, requestId: null });
    const body = parseBody({ body: JSON.stringify(input), isBase64Encoded: false }, BODY_MAX_BYTES);
    if (!body.ok) throw refuse(`the API cannot read it: ${body.error.message}`);
    const offer = await parsePaymentInput(input.paymentType, body.value['paymentInput'], { networks });
    if (!offer.ok) throw refuse(offer.error.message);
    const now = Math.floor(Date.now() / 1_000);
    const terms = {
      from: BUYER.address,
      nonce: `0x${'5e'.repeat(32)}` as const,
      validAfter: toEpochSeconds(0),
      validBefore: toEpochSeconds(now + Math.min(offer.value.maxTimeoutSeconds, 300)),
    };
    const signature = await sign({ hash: formatDigest(digestOf(offer.value, terms)), privateKey: KEY, to: 'hex' });
    const payload = presentProof(offer.value, terms, signature);
    const cryptoX402 = { version: offer.value.version, payload: { ...payload } };
    return { processPaymentId: 'payment-1', status: 'PROOF_GENERATED', paymentOutput: { cryptoX402 } };
  },
};

export async function buyWithBursar(challenge: Response, url: string): Promise<Outcome & { readonly text?: string }> {
  const seller = createSeller(challenge);
  const pay = createPayingFetch({
    client: processor,
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    maxPriceUsd: null,
    fetch: seller.fetch,
  });
  try {
    const response = await pay(url);
    if (response.payment !== null) return { did: 'pays', sent: seller.sent() };
    return { did: 'returns', says: response.unpaidReason ?? '', text: await response.text() };
  } catch (error) {
    const isUnpaid = error instanceof PurchaseError && !error.mayHavePaid;
    if (error instanceof UnpayableError || isUnpaid) return { did: 'refuses', says: error.message };
    throw error;
  }
}
