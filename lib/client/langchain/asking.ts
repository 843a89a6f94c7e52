import { memberOf } from '../../json/record.ts';
import type { ApprovalRequest, Approve } from '../agent/index.ts';
import type { PaymentsMiddlewareOptions } from './options.ts';

/** That of the graph: answers with what a person said, or throws what stops the graph until one has. */
export type Interrupt = (question: ApprovalRequest) => unknown;

/** How often one payment asks again because its offers are not those that were approved. */
const QUESTIONS_MAX = 3;

/**
 * Asks by an interrupt of the graph. The answer is the question with `approved: true`, as a graph keeps answers and not what was asked:
 * it counts for the offers that the person saw, and for others the graph is interrupted again. `undefined`: nobody is asked.
 */
export function approveBy(
  interrupt: Interrupt | undefined,
  { approve, approveAboveUsd }: PaymentsMiddlewareOptions,
): Approve | undefined {
  if (approve !== undefined || approveAboveUsd === undefined) return approve;
  return (question) => {
    if (interrupt === undefined) return false;
    for (let asked = 0; asked < QUESTIONS_MAX; asked += 1) {
      const answer = interrupt(question);
      if (memberOf(answer, 'approved') !== true) return false;
      if (JSON.stringify(memberOf(answer, 'offers')) === JSON.stringify(question.offers)) return true;
    }
    return false;
  };
}
