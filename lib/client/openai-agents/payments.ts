import type { Tool } from '@openai/agents';
import { createToolPayments, type ApprovalRequest } from '../agent/index.ts';
import { createFetching, createReading, rememberPayments } from '../frameworks/own-tools.ts';
import { createQuote } from '../frameworks/quote.ts';
import { createApprovals } from './approvals.ts';
import type { PaymentsOptions } from './options.ts';
import { toOpenAiTool } from './own-tools.ts';
import { placesOf, payFor } from './paid-tool.ts';

export interface Payments {
  /** A tool that fetches and pays, and tools that read session, balance, wallets and payments, for the agent to have. */
  readonly tools: readonly Tool[];
  /** The same tools, of which those of the allow-list are paid for where they meet a 402, and run once more with the proof. */
  withPayments<T extends readonly Tool[]>(tools: T): T;
  /** What a person is asked about a call that waits: price, payees and URL. `undefined` where they are not known before it runs. */
  questionOf(callId: string): ApprovalRequest | undefined;
}

/**
 * Payments for OpenAI Agents, within the session that the application opened. A refusal is the output of the tool that needed the
 * payment: `{ refused: { code, message } }`. A run that waits for approval may be stored and resumed in another process: there the call
 * is the same purchase. Throws `TypeError` where an id is missing, and where a price is none.
 */
export function createPayments(given: PaymentsOptions): Payments {
  const { options, payments: paid } = rememberPayments(given);
  const approvals = createApprovals(options);
  const fetching = createFetching(options);
  const paying = fetching === null ? [] : [toOpenAiTool(fetching, approvals, createQuote(options))];
  return {
    tools: [...paying, ...createReading(options, paid).map((tool) => toOpenAiTool(tool, approvals, null))],
    questionOf: approvals.questionOf,
    withPayments: (tools) => {
      const payments = createToolPayments({ ...options, handlers: { ...placesOf(tools), ...options.handlers } });
      const all = tools.map((tool) => (tool.type === 'function' ? payFor(tool, { payments, approvals }) : tool));
      return all as readonly Tool[] as typeof tools;
    },
  };
}
