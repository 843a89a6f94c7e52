import type { RunContext } from '@openai/agents';
import type { ApprovalRequest, Approve } from '../agent/index.ts';
import { isAbove } from '../frameworks/price.ts';
import type { Quote } from '../frameworks/quote.ts';
import { MAX_PRICE_USD_DEFAULT } from '../purchase/terms-payer.ts';
import type { PaymentsOptions } from './options.ts';

interface Call {
  readonly tool: string;
  readonly callId: string;
}

/** Whom a run asks before a tool pays. */
export interface Approvals {
  /**
   * Whether a call waits for a person. @param quote asks what it would cost now; left out, or where it cannot tell: the most that it may
   * pay is what counts
   */
  isNeeded(context: RunContext, call: Call, quote?: () => ReturnType<Quote>): Promise<boolean>;
  /** What a person is asked about a call that waits in this process; `undefined` where its price is not known. */
  questionOf(callId: string): ApprovalRequest | undefined;
  /** Lets pass what a person has approved, for no more than the price that was asked then. `undefined`: nobody is asked. */
  approveBy(context: RunContext | undefined, call: Call): Approve | undefined;
}

/** Calls that wait, with their prices; of more the oldest is forgotten. */
const QUESTIONS_MAX = 1_000;

/**
 * The price of a call that waits is kept in this process. A run that is resumed in another is bound by the most that one call may pay,
 * and by the bound that stands in the arguments that the person approved.
 */
export function createApprovals({
  approve,
  approveAboveUsd,
  maxPriceUsd = MAX_PRICE_USD_DEFAULT,
}: PaymentsOptions): Approvals {
  const questions = new Map<string, ApprovalRequest>();
  if (approve !== undefined || approveAboveUsd === undefined) {
    return { isNeeded: async () => false, questionOf: () => undefined, approveBy: () => approve };
  }
  return {
    isNeeded: async (context, call, quote) => {
      const quoted = await quote?.();
      if (quoted === undefined) return maxPriceUsd === null || isAbove(maxPriceUsd, approveAboveUsd);
      if (quoted === null || !isAbove(quoted.amountUsd, approveAboveUsd)) return false;
      // The framework asks again before an approved call runs: the price that the person saw stays.
      if (isApproved(context, call)) return true;
      const [oldest] = questions.keys();
      if (questions.size >= QUESTIONS_MAX && oldest !== undefined) questions.delete(oldest);
      questions.set(call.callId, quoted);
      return true;
    },
    questionOf: (callId) => questions.get(callId),
    approveBy: (context, call) => {
      return ({ amountUsd }) => {
        const question = questions.get(call.callId);
        return isApproved(context, call) && (question === undefined || !isAbove(amountUsd, question.amountUsd));
      };
    },
  };
}

function isApproved(context: RunContext | undefined, { tool, callId }: Call): boolean {
  return context?.isToolApproved({ toolName: tool, callId }) === true;
}
