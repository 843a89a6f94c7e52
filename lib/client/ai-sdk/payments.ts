import type { ToolSet } from 'ai';
import { createToolPayments } from '../agent/index.ts';
import { createFetching, createReading, rememberPayments } from '../frameworks/own-tools.ts';
import { createQuote } from '../frameworks/quote.ts';
import { createToolApproval, type ToolApproval } from './approval.ts';
import type { PaymentsOptions } from './options.ts';
import { toAiTool } from './own-tools.ts';
import { payFor } from './paid-tool.ts';
import { createProviderFetch } from './provider-fetch.ts';

export interface Payments {
  /** A tool that fetches and pays, and tools that read session, balance, wallets and payments, for the agent to have. */
  readonly tools: ToolSet;
  /** The same tools, of which those of the allow-list are paid for where they meet a 402, and run once more with the proof. */
  withPayments<T extends ToolSet>(tools: T): T;
  /** For `toolApproval` of generateText, streamText and agents: asks for the price, and a person where it is above the bound. */
  readonly toolApproval: ToolApproval;
  /** A `fetch` for providers of models that ask for payments. A request that failed and is sent again is the same purchase. */
  readonly fetch: typeof fetch;
}

/**
 * Payments for the AI SDK, within the session that the application opened. A refusal is the output of the tool that needed the
 * payment: `{ refused: { code, message } }` for programs, and the sentence alone for the model.
 * Throws `TypeError` where an id is missing, and where a price is none.
 */
export function createPayments(given: PaymentsOptions): Payments {
  const { options, payments: paid } = rememberPayments(given);
  const payments = createToolPayments(options);
  const fetching = createFetching(options);
  const own = [...(fetching === null ? [] : [fetching]), ...createReading(options, paid)];
  const paying = { payments, fetching: fetching?.name ?? null, quote: createQuote(options) };
  return {
    tools: Object.fromEntries(own.map((tool) => [tool.name, toAiTool(tool, options)])),
    withPayments: (tools) => {
      const all = Object.entries(tools).map(([name, tool]) => [name, payFor(name, tool, { payments, options })]);
      return Object.fromEntries(all) as typeof tools;
    },
    toolApproval: createToolApproval(paying, options),
    fetch: createProviderFetch(options),
  };
}
