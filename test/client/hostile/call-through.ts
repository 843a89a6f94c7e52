import { expect } from 'vitest';
import type { PayerOptions } from '../../../lib/client/index.ts';
import { createBooks } from '../books.ts';
import { SIGNATURE, SELLER } from '../script.ts';
import { WARES, type HostileSeller } from './sellers.ts';

/** What an adapter has to buy with. */
export interface HostileWorld {
  /** To be fetched, once. */
  readonly url: string;
  /** As that of the platform: it follows redirects where it is not told otherwise, and takes every header along. */
  readonly fetch: typeof fetch;
  /** For whatever pays; no more than a dollar a call. */
  readonly options: Pick<PayerOptions, 'client' | 'session' | 'instrument'> & { readonly maxPriceUsd: string };
  /** Fires where the seller's answer never ends. */
  readonly signal: AbortSignal | undefined;
}

/** One call through an adapter, to the end: what the model is told. A throw counts as that. */
export type Adapter = (world: HostileWorld) => Promise<unknown>;

export interface Verdict {
  readonly signed: number;
  /** Origins that got a proof. */
  readonly proofsAt: readonly string[];
  readonly requests: number;
  readonly told: unknown;
  readonly error: unknown;
}

const REQUESTS_MAX = 30;
const PATIENCE_MS = 250;
const REDIRECTS_MAX = 20;

/** Base64 of the signature's characters, at whichever place of a text they stand. */
const ENCODED = /NWE1YTVhNWE1|YTVhNWE1YTVh/;

/** Whether a text has a proof in it, encoded or not. */
export function holdsProof(text: string): boolean {
  return text.includes(SIGNATURE.slice(0, 40)) || ENCODED.test(text);
}

/** Has an adapter buy of a seller, once. */
export async function callThrough(seller: HostileSeller, adapter: Adapter): Promise<Verdict> {
  const books = createBooks();
  const proofsAt: string[] = [];
  let requests = 0;
  const hop = async (request: Request): Promise<Response> => {
    const text = [...request.headers.values(), await request.clone().text()].join('\n');
    const hasProof = holdsProof(text);
    const { origin, href } = new URL(request.url);
    const response = seller.answer({ url: href, hasProof, before: requests, proofsBefore: proofsAt.length });
    if (hasProof) proofsAt.push(origin);
    requests += 1;
    if (requests > REQUESTS_MAX) throw new Error('asked without an end');
    return Object.defineProperty(response, 'url', { value: href });
  };
  const world: HostileWorld = {
    url: WARES,
    fetch: async (input, init) => followAsPlatform(new Request(input, init), hop),
    options: {
      client: books.client(),
      session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
      instrument: { paymentInstrumentId: 'instrument' },
      maxPriceUsd: '1.00',
    },
    signal: seller.needsTimeout ? AbortSignal.timeout(PATIENCE_MS) : undefined,
  };
  const [told, error] = await adapter(world).then(
    (result) => [result, null] as const,
    (thrown: unknown) => [null, thrown] as const,
  );
  return { signed: books.signed().length, proofsAt, requests, told, error };
}

async function followAsPlatform(request: Request, hop: (request: Request) => Promise<Response>): Promise<Response> {
  let current = request;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    current.signal.throwIfAborted();
    const response = endedBy(await hop(current.clone()), current.signal);
    const location = response.headers.get('location');
    if (request.redirect !== 'follow' || location === null || response.status < 300 || response.status > 399) {
      if (request.redirect === 'error' && location !== null) throw new TypeError('redirected');
      return response;
    }
    current = new Request(new URL(location, current.url), current);
  }
  throw new TypeError('redirect count exceeded');
}

/** Its body fails where the request is given up, as that of the platform does. */
function endedBy(response: Response, signal: AbortSignal): Response {
  const { body, status, headers, url } = response;
  if (body === null) return response;
  const stop = new TransformStream<Uint8Array, Uint8Array>();
  body.pipeTo(stop.writable, { signal }).catch(() => undefined);
  const ended = new Response(stop.readable, { status, headers });
  return Object.defineProperty(ended, 'url', { value: url });
}

/** What holds for every adapter and every seller. */
export function expectHarmless(seller: HostileSeller, { signed, proofsAt, told, error }: Verdict): void {
  expect(signed, 'authorizations').toBeLessThanOrEqual(seller.signedMax);
  expect(
    proofsAt.filter((origin) => origin !== SELLER),
    'origins that got a proof and may not',
  ).toEqual([]);
  const said = error instanceof Error ? `${error.stack} ${JSON.stringify(error)}` : JSON.stringify([told, error]);
  expect(holdsProof(said ?? ''), 'a proof in what the model is told').toBe(false);
  if (!seller.delivers) return;
  expect(signed, 'authorizations').toBe(1);
  expect(said, 'goods').toContain('the report');
}
