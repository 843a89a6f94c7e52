import type { InterruptParams, JSONValue } from '@strands-agents/sdk';
import type { Approve } from '../agent/index.ts';
import { isRefusal } from '../frameworks/output.ts';
import type { PaymentsPluginOptions } from './options.ts';

interface Asked {
  readonly tool: string;
  readonly toolUseId: string;
  /** Answers with what a person said, or throws what stops the agent until one has. */
  readonly interrupt: (params: InterruptParams) => JSONValue;
}

/** Pays with the help of people, by interrupts of the agent: after a resume the same call runs again, and gets their answers. */
export interface Asking {
  pay<A>(asked: Asked, run: (approve: Approve | undefined) => Promise<A>): Promise<A>;
}

export function createAsking({ approve, approveAboveUsd, maxInterruptRetries = 0 }: PaymentsPluginOptions): Asking {
  const isInterrupting = approve === undefined && approveAboveUsd !== undefined;
  return {
    pay: async ({ tool, toolUseId, interrupt }, run) => {
      const approveByInterrupt: Approve = ({ offers, purchaseId, method, url, amountUsd }) => {
        // An answer counts for the prices and payees that the person saw: others are another question.
        const seen = offers.map((offer) => `${offer.amountUsd} to ${offer.payTo}`).join(' or ');
        const bought = { tool, toolUseId, purchaseId, method, url, amountUsd };
        const reason = { ...bought, offers: offers.map((offer) => ({ ...offer })) };
        return interrupt({ name: `payment-approval: ${seen}`, reason }) === true;
      };
      for (let retryAttempt = 0; ; retryAttempt += 1) {
        const outcome = await run(isInterrupting ? approveByInterrupt : approve);
        if (!isRefusal(outcome) || retryAttempt >= maxInterruptRetries) return outcome;
        const { code, message, mayHavePaid, processPaymentId } = outcome;
        const tried = { retryAttempt, maxRetries: maxInterruptRetries };
        const reason = { tool, toolUseId, code, message, mayHavePaid, processPaymentId, ...tried };
        if (interrupt({ name: `payment-failure-${retryAttempt}`, reason }) === false) return outcome;
      }
    },
  };
}
