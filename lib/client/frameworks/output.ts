import { memberOf } from '../../json/record.ts';
import type { Refusal, ToolOutcome } from '../agent/index.ts';

/** Whether one of our own tools refused; all else that it returns is plain JSON. */
export function isRefusal(answer: unknown): answer is Refusal {
  return memberOf(answer, 'kind') === 'refused' && typeof memberOf(answer, 'code') === 'string';
}

/** What of a refusal programs read. */
export function toRefused({ code, message, processPaymentId }: Refusal) {
  return { refused: { code, message, processPaymentId } };
}

/** The output of a tool of the program; of a refusal its code for programs, and a sentence for the model. */
export function toOutput(outcome: ToolOutcome): unknown {
  return outcome.kind === 'refused' ? toRefused(outcome) : outcome.result;
}
