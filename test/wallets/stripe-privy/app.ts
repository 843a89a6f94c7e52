import { createStripePrivyClient, type CallStripePrivy } from '../../../lib/wallets/stripe-privy/client.ts';
import { parseStripePrivySecrets, type StripePrivySecrets } from '../../../lib/wallets/stripe-privy/request-signing.ts';
import { createCircuitBreaker } from '../../../lib/wallets/circuit-breaker.ts';
import { createCredentialCache } from '../../../lib/wallets/credential-cache.ts';
import { clock, createEcKey } from '../provider-keys.ts';

export const CONNECTOR = 'manager/connector';
export const BASE_URL = 'https://privy.example';
export const APP_ID = 'clapp01';
export const APP_SECRET = 'secret-of-the-app';
export const QUORUM = 'quorum01';

export const key = createEcKey();

export function secretsOf(change: Partial<Parameters<typeof parseStripePrivySecrets>[0]> = {}): StripePrivySecrets {
  const parsed = parseStripePrivySecrets({
    appId: APP_ID,
    appSecret: APP_SECRET,
    authorizationId: QUORUM,
    authorizationPrivateKey: `wallet-auth:${key.pkcs8}`,
    ...change,
  });
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join());
  return parsed.value;
}

/** A request as it went out. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** `drop` ends the connection. */
export type Answer = { readonly status: number; readonly body?: unknown } | 'drop';

/** Answers requests by hand, and keeps them: what Privy would do is tested where something stands in for it. */
export function scriptedFetch(answer: (sent: Sent) => Answer | Promise<Answer>) {
  const sent: Sent[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const href = url instanceof Request ? url.url : url.toString();
    const text = typeof init.body === 'string' ? init.body : '';
    const { pathname, search } = new URL(href);
    const one: Sent = {
      method: init.method ?? 'GET',
      url: href,
      path: `${pathname}${search}`,
      headers: new Headers(init.headers),
      text,
      body: text === '' ? null : JSON.parse(text),
    };
    sent.push(one);
    const told = await answer(one);
    if (told === 'drop') throw new TypeError('fetch failed');
    return new Response(told.body === undefined ? null : JSON.stringify(told.body), { status: told.status });
  };
  return { sent, fetch };
}

export interface TestApp {
  readonly call: CallStripePrivy;
  readonly sent: Sent[];
  /** How often the vault was read. */
  readonly reads: () => number;
  /** What lies in the vault. */
  vault: () => StripePrivySecrets;
}

/** A connector's client whose requests are answered by hand. */
export function createApp(answer: (sent: Sent) => Answer | Promise<Answer>): TestApp {
  const { sent, fetch } = scriptedFetch(answer);
  let reads = 0;
  const app: TestApp = {
    sent,
    reads: () => reads,
    vault: secretsOf,
    call: createStripePrivyClient({
      baseUrl: BASE_URL,
      fetch,
      useCredentials: createCredentialCache({
        read: async () => {
          reads += 1;
          return app.vault();
        },
        clock,
      }),
      breaker: createCircuitBreaker({ clock }),
      clock,
    }),
  };
  return app;
}
