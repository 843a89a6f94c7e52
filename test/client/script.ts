import { findNetwork } from '../../lib/domain/assets.ts';
import {
  BursarError,
  createPayingFetch,
  type PayingFetchEvent,
  type PayingFetchOptions,
  type ProcessPaymentInput,
  type ProcessPaymentOutput,
} from '../../lib/client/index.ts';

export const SELLER = 'https://seller.example';
export const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const SIGNATURE = `0x${'5a'.repeat(65)}`;

type Answer = Response | Error;

/** What was sent, read to the end. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly redirect: string;
  readonly body: string;
}

/** A `fetch` that gives the answers in turn, or throws them, and keeps what it was sent. */
export function scriptFetch(answers: readonly Answer[]): {
  readonly fetch: typeof fetch;
  readonly sent: readonly Sent[];
} {
  const sent: Sent[] = [];
  const left = [...answers];
  const scripted = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { url, method, headers, redirect } = request;
    sent.push({ url, method, headers, redirect, body: await request.text() });
    const answer = left.shift();
    if (answer === undefined) throw new Error(`the script has no answer to request ${sent.length}`);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { fetch: scripted, sent };
}

/** A Bursar that proves everything, or throws the failures first, and keeps what it was asked. */
function scriptBursar(failures: readonly Error[] = []) {
  const asked: ProcessPaymentInput[] = [];
  const left = [...failures];
  const processPayment = async (input: ProcessPaymentInput): Promise<ProcessPaymentOutput> => {
    asked.push(input);
    const failure = left.shift();
    if (failure !== undefined) throw failure;
    const { version } = input.paymentInput.cryptoX402!;
    const payload = { signature: SIGNATURE, authorization: { from: PAY_TO, nonce: `0x${'ab'.repeat(32)}` } };
    return {
      processPaymentId: `payment-${asked.length}`,
      status: 'PROOF_GENERATED',
      paymentOutput: { cryptoX402: { version, payload } },
    };
  };
  return { client: { processPayment }, asked };
}

export function bursarError(errorName: string, status: number, code: string | null = null): BursarError {
  return new BursarError(`answered ${status}`, { errorName, status, code, requestId: null });
}

/** One entry of a seller's `accepts`, half a dollar on Base Sepolia. */
export function makeEntry(version: 1 | 2, overrides: object = {}): Record<string, unknown> {
  const usdc = findNetwork('eip155:84532')!.usdc;
  return {
    scheme: 'exact',
    ...(version === 1
      ? { network: 'base-sepolia', maxAmountRequired: '500000', resource: `${SELLER}/report` }
      : { network: 'eip155:84532', amount: '500000' }),
    asset: usdc.address,
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    extra: { name: usdc.domainName, version: usdc.domainVersion },
    ...overrides,
  };
}

export function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

/** A 402 as sellers of that version send it: in the body, or in a header beside a body for people. */
export function askForPayment(version: 1 | 2, overrides: { readonly entry?: object; readonly document?: object } = {}) {
  const document = {
    x402Version: version,
    accepts: [makeEntry(version, overrides.entry)],
    ...(version === 1 ? { error: 'X-PAYMENT header is required' } : { resource: { url: `${SELLER}/report` } }),
    ...overrides.document,
  };
  return version === 1
    ? new Response(JSON.stringify(document), { status: 402 })
    : new Response('please pay', { status: 402, headers: { 'payment-required': base64(document) } });
}

/** A response that fetch got from another place than it asked. */
export function cameFrom(response: Response, url: string): Response {
  return Object.defineProperty(response, 'url', { value: url });
}

/** A paying fetch on a scripted seller and a scripted Bursar. */
export function play(
  answers: readonly (Response | Error)[],
  options: Partial<PayingFetchOptions> & { failures?: Error[] } = {},
) {
  const { failures, ...rest } = options;
  const seller = scriptFetch(answers);
  const bursar = scriptBursar(failures);
  const events: PayingFetchEvent[] = [];
  const pay = createPayingFetch({
    client: bursar.client,
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    fetch: seller.fetch,
    onEvent: (event) => events.push(event),
    ...rest,
  });
  return { pay, sent: seller.sent, asked: bursar.asked, events };
}
