import { createHash } from 'node:crypto';
import type { AgentTool } from '../../client/agent/index.ts';
import { HEADERS_DEFAULT, readFetchInput, toFetchSchema } from '../../client/agent/fetching/fetch-input.ts';
import { CallRefused, toRefusal } from '../../client/agent/refusal.ts';
import { BursarError, type BursarClient, type PayerOptions } from '../../client/index.ts';
import { readMetChallenge } from '../purchase/met-challenge.ts';

const TIMEOUT_MS = 60_000;
/** As for `fetch_paid`, for whose calls it is asked. */
const METHODS = ['GET', 'POST'];

export interface QuoteToolOptions extends Pick<PayerOptions, 'session' | 'instrument' | 'agentName' | 'networks'> {
  readonly client: Pick<BursarClient, 'call'>;
  readonly maxPriceUsd: string;
  readonly hosts: readonly string[] | null;
  /** Guards by itself which addresses are asked. */
  readonly fetch: typeof fetch;
}

/** A tool by which a model asks what a URL costs, and whether it would be paid. Pays nothing. */
export function createQuoteTool(options: QuoteToolOptions): AgentTool {
  const { client, session, instrument, agentName, networks, maxPriceUsd, hosts } = options;
  const rules = { methods: METHODS, headers: HEADERS_DEFAULT, hosts, maxPriceUsd };
  return {
    name: 'quote',
    description:
      'Asks a URL for its price, and tells which of its offers would be paid. Sends the request without paying, and pays nothing.',
    inputSchema: toFetchSchema(rules),
    isReadOnly: true,
    execute: async (input, { signal = new AbortController().signal } = {}) => {
      try {
        const asked = readFetchInput(input, rules);
        const { method, body, intent } = asked;
        const response = await options.fetch(asked.url, {
          method,
          headers: asked.headers,
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
          ...(body === undefined ? {} : { body }),
        });
        const { status } = response;
        const url = response.url || asked.url.href;
        const challenge = await readMetChallenge(response);
        if (challenge === null) return { url, status, quote: null };
        const bodyHash = createHash('sha256')
          .update(body ?? '')
          .digest('hex');
        const { paymentManagerArn = '', paymentSessionId = '', userId = '' } = session;
        const { quote } = await client.call(
          'QuoteChallenge',
          {
            paymentManagerArn,
            paymentSessionId,
            paymentInstrumentId: instrument.paymentInstrumentId ?? '',
            request: { method, url, bodyHash, tool: 'fetch_paid', ...(intent === undefined ? {} : { intent }) },
            challenge,
            ...(networks === undefined ? {} : { networks: [...networks] }),
            maxPrice: { value: asked.maxPriceUsd ?? maxPriceUsd, currency: 'USD' },
          },
          { userId, agentName },
          { signal },
        );
        return { url, status, quote };
      } catch (error) {
        signal.throwIfAborted();
        return toRefusal(asRefused(error))!;
      }
    },
  };
}

function asRefused(error: unknown): CallRefused {
  if (error instanceof CallRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof BursarError
    ? new CallRefused('client:not_readable', message)
    : new CallRefused('client:no_answer', `the host did not answer: ${message}`);
}
