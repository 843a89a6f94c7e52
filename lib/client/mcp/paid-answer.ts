import { isRecord, memberOf } from '../../json/record.ts';
import type { Payment } from '../terms-payer.ts';
import { toErrorResult, withMeta, type Answer, type ToolCall } from './messages.ts';
import type { PaymentOfCall } from './paying-options.ts';
import type { ServerAnswer } from './server-answer.ts';

const PAYMENT_META = 'bursar/payment';

export interface PaidAnswer {
  readonly call: ToolCall;
  /** The server's, whole. */
  readonly message: object;
  readonly answer: Answer;
  readonly payment: Payment;
  readonly read: ServerAnswer;
}

/**
 * What the client gets for a call that was paid: the server's answer as it is, with what was signed beside it. Where the server asks
 * again, a sentence for the model instead of another challenge.
 */
export function toPaidAnswer({ call, message, answer: { result, error }, payment, read }: PaidAnswer): object {
  const told = { [PAYMENT_META]: describe(payment, read) };
  const { id } = call;
  if (read.asksAgain) {
    const kept = isRecord(memberOf(result, '_meta')) ? { _meta: memberOf(result, '_meta') as object } : {};
    return { jsonrpc: '2.0', id, result: toErrorResult(call, sayNotTaken(call, payment, read), withMeta(kept, told)) };
  }
  if (isRecord(error)) {
    const data = memberOf(error, 'data');
    const isOpen = data === undefined || isRecord(data);
    return { ...message, id, error: isOpen ? { ...error, data: { ...(data as object | undefined), ...told } } : error };
  }
  return { ...message, id, result: withMeta(result as object, told) };
}

function describe(
  { purchaseId, processPaymentId, offer, replayed }: Payment,
  { settlement, isAccepted: accepted, reason }: ServerAnswer,
): PaymentOfCall {
  return { purchaseId, processPaymentId, offer, replayed, settlement, accepted, reason };
}

function sayNotTaken(call: ToolCall, payment: Payment, { reason, remedy }: ServerAnswer): string {
  const { processPaymentId, offer } = payment;
  const why = [reason ?? 'no reason given', ...(remedy === null ? [] : [remedy])].join('; ');
  return `The tool ${call.params.name} was paid USD ${offer.amountUsd} (payment ${processPaymentId}), and its server asks for another payment: ${why}. It was not paid again.`;
}
