import {
  PROVIDER_ANSWER_MAX_BYTES,
  PROVIDER_ATTEMPTS_MAX,
  PROVIDER_TIMEOUT_MS,
  PROVIDER_TRY_TIMEOUT_MS,
} from '../domain/provider-limits.ts';
import { ProviderRefused, type WatchSigning } from '../domain/ports/services.ts';

/** A request to a wallet provider. It may come twice: what has an effect carries an idempotency key that stays the same. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** JSON; `null` for none. */
  readonly body: string | null;
  /** Made anew for every try, since providers take a token once. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** @default nobody watches */
  readonly watch?: WatchSigning | undefined;
  /** Ends it with others that share one time. @default `PROVIDER_TIMEOUT_MS` from now */
  readonly end?: AbortSignal | undefined;
}

export interface ProviderAnswer {
  readonly status: number;
  /** `undefined` where there is none, or none that is JSON. */
  readonly body: unknown;
}

/** As the global one. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Asks a provider, and once more where no answer came or the provider had a fault of its own. Ends within `PROVIDER_TIMEOUT_MS`,
 * whatever the provider does; an answer that comes later reaches nobody. Follows no redirect and keeps no more of an answer than
 * `PROVIDER_ANSWER_MAX_BYTES`.
 * Throws where no whole answer came. No error has a token, a body or a provider's words in it. A `ProviderRefused` of `fetch` is as
 * good as an answer, and passed on.
 */
export async function callProvider(fetch: Fetch, request: ProviderRequest): Promise<ProviderAnswer> {
  const { end = AbortSignal.timeout(PROVIDER_TIMEOUT_MS) } = request;
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === PROVIDER_ATTEMPTS_MAX || end.aborted;
    try {
      const answer = await callOnce(
        fetch,
        request,
        AbortSignal.any([end, AbortSignal.timeout(PROVIDER_TRY_TIMEOUT_MS)]),
      );
      if (isLast || answer.status < 500) return answer;
    } catch (error) {
      if (error instanceof ProviderRefused) throw error;
      if (isLast || end.aborted) throw toNoAnswer(request, error);
    }
  }
}

/** Deliberately without the cause: what a failure of HTTP carries may quote the request, and that holds tokens. */
function toNoAnswer({ method }: ProviderRequest, error: unknown): Error {
  const why = error instanceof Error ? error.name : typeof error;
  return new Error(`${method} of a wallet provider got no usable answer (${why}): nothing is released`);
}

async function callOnce(fetch: Fetch, request: ProviderRequest, signal: AbortSignal): Promise<ProviderAnswer> {
  const { method, url, body, watch } = request;
  const minted = await request.headers().finally(watch?.('token'));
  const headers = { ...minted, ...(body === null ? {} : { 'content-type': 'application/json' }) };
  const answered = watch?.('provider');
  try {
    const response = await fetch(url, { method, headers, body, signal, redirect: 'error' });
    return { status: response.status, body: parseJson(await readText(response, PROVIDER_ANSWER_MAX_BYTES)) };
  } finally {
    answered?.();
  }
}

/** Throws where the body has more than `maxBytes`, of which no more are kept. */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A parser's message would quote the answer.
    return undefined;
  }
}
