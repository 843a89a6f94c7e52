import { isRecord, memberOf } from '../../json/record.ts';
import { toUndelivered } from '../agent/refusal.ts';
import type { Refusal } from '../agent/tool-options.ts';
import type { Payment } from '../purchase/terms-payer.ts';
import { toErrorResult, withMeta, type Answer, type ToolCall } from './messages.ts';
import type { PaymentOfCall } from './paying-options.ts';
import type { ServerAnswer } from './server-answer.ts';

const PAYMENT_META = 'bursar/payment';
const REFUSAL_META = 'bursar/refusal';

/** What a call comes to that is not paid, or not delivered: for the model as one sentence, and for programs beside it. */
export function toRefusedResult(call: ToolCall, refusal: Refusal, kept: { readonly _meta?: object } = {}): object {
  return toErrorResult(call, refusal.message, withMeta(kept, { [REFUSAL_META]: refusal }));
}

export interface PaidAnswer {
  readonly call: ToolCall;
  /** The server's, whole. */
  readonly message: object;
  readonly answer: Answer;
  readonly payment: Payment;
  readonly read: ServerAnswer;
  /** `null`: the call was answered. */
  readonly refusal: Refusal | null;
}

/** Why a call that was paid counts as not delivered; `null`: it was delivered. */
export function refusalOf(payment: Payment, read: ServerAnswer, requireSettlement: boolean): Refusal | null {
  const { settlement, asksAgain, isAccepted, reason, remedy } = read;
  if (asksAgain || settlement?.success === false) {
    const said = reason === null ? 'its server did not take it' : `its server did not take it, saying ${reason}`;
    return toUndelivered('client:not_accepted', payment, remedy === null ? said : `${said} (${remedy})`);
  }
  if (!isAccepted) return toUndelivered('client:not_delivered', payment, 'the tool failed with it');
  if (settlement !== null || !requireSettlement) return null;
  return toUndelivered('client:not_settled', payment, 'its server does not say that it was settled');
}

/**
 * What the client gets for a call that was paid: the server's answer as it is, with what was signed beside it. Where the payment was
 * not taken, a sentence for the model in its place; where the tool failed, its own words.
 */
export function toPaidAnswer({ call, message, answer: { result, error }, payment, read, refusal }: PaidAnswer): object {
  const told = { [PAYMENT_META]: describe(payment, read), ...(refusal === null ? {} : { [REFUSAL_META]: refusal }) };
  const { id } = call;
  if (refusal !== null && refusal.code !== 'client:not_delivered') {
    const meta = memberOf(result, '_meta');
    const kept = withMeta(isRecord(meta) ? { _meta: meta } : {}, told);
    return { jsonrpc: '2.0', id, result: toRefusedResult(call, refusal, kept) };
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
  { settlement }: ServerAnswer,
): PaymentOfCall {
  return { purchaseId, processPaymentId, offer, replayed, settlement };
}
