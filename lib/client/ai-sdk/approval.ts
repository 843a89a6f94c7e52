import type { ModelMessage } from 'ai';
import type { ApprovalRequest, Approve, ToolPayments } from '../agent/index.ts';
import { isAbove } from '../frameworks/price.ts';
import type { Quote } from '../frameworks/quote.ts';
import { MAX_PRICE_USD_DEFAULT } from '../purchase/terms-payer.ts';
import type { PaymentsOptions } from './options.ts';

/** A function for `toolApproval` of generateText, streamText and agents. */
export type ToolApproval = (asked: {
  readonly toolCall: { readonly toolName: string; readonly toolCallId: string; readonly input: unknown };
  readonly messages: readonly ModelMessage[];
}) => Promise<{ readonly type: 'user-approval' | 'denied'; readonly reason: string } | undefined>;

interface Paying {
  readonly payments: ToolPayments;
  /** The name of the tool that fetches; `null` where the agent does not get it. */
  readonly fetching: string | null;
  readonly quote: Quote | null;
}

/**
 * Asks a person before a tool runs: about the tool that fetches for the price that its seller asks now, about others for the most that
 * they may pay. Of a call that was approved the framework asks again before it runs: then a price that has risen is denied.
 */
export function createToolApproval({ payments, fetching, quote }: Paying, options: PaymentsOptions): ToolApproval {
  const { approve, approveAboveUsd, maxPriceUsd = MAX_PRICE_USD_DEFAULT } = options;
  return async ({ toolCall: { toolName, toolCallId, input }, messages }) => {
    if (approve !== undefined || approveAboveUsd === undefined) return undefined;
    if (toolName !== fetching && !payments.allows(toolName)) return undefined;
    const quoted = toolName === fetching ? await quote?.(input) : undefined;
    if (quoted === null) return undefined;
    const price = quoted?.amountUsd ?? maxPriceUsd;
    if (price !== null && !isAbove(price, approveAboveUsd)) return undefined;
    const approved = findApproved(messages, toolCallId);
    if (price !== null && typeof approved === 'string' && isAbove(price, approved)) {
      return { type: 'denied', reason: `the price rose from USD ${approved} to USD ${price}` };
    }
    return { type: 'user-approval', reason: formatReason(quoted, price) };
  };
}

/** Lets pass what a person has approved by `toolApproval`, at that price or below. `undefined`: nobody is asked. */
export function approveBy(
  { messages, toolCallId }: { readonly messages: readonly ModelMessage[]; readonly toolCallId: string },
  { approve, approveAboveUsd }: PaymentsOptions,
): Approve | undefined {
  if (approve !== undefined || approveAboveUsd === undefined) return approve;
  return ({ amountUsd }) => {
    const approved = findApproved(messages, toolCallId);
    return approved === null || (approved !== undefined && !isAbove(amountUsd, approved));
  };
}

const ANY_PRICE = 'any price that the session covers';
/** What a request for approval asks for, in its reason: so it is kept where the framework keeps its messages, in whatever process. */
const REASON = new RegExp(`^Pay (?:up to )?(?:USD (\\d+(?:\\.\\d+)?)|${ANY_PRICE})(?: |$)`);

function formatReason(quoted: ApprovalRequest | undefined, maxPriceUsd: string | null): string {
  if (quoted === undefined) return `Pay ${maxPriceUsd === null ? ANY_PRICE : `up to USD ${maxPriceUsd}`}`;
  return `Pay USD ${quoted.amountUsd} to ${payeesOf(quoted)} for ${quoted.url}`;
}

function payeesOf({ offers }: ApprovalRequest): string {
  return [...new Set(offers.map(({ payTo }) => payTo))].join(' or ');
}

/** What a person was asked about this call: a price, or `null` for any; `undefined` where nobody was. */
function findApproved(messages: readonly ModelMessage[], toolCallId: string): string | null | undefined {
  for (const { role, content } of messages.toReversed()) {
    if (role !== 'assistant' || typeof content === 'string') continue;
    for (const part of content) {
      if (part.type !== 'tool-approval-request' || part.toolCallId !== toolCallId) continue;
      const match = REASON.exec(part.reason ?? '');
      return match === null ? undefined : (match[1] ?? null);
    }
  }
  return undefined;
}
