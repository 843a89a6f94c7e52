import { readRejection, readSettlement, remedyFor, type Settlement } from '../../protocols/challenge.ts';
import type { SellerChallenge } from '../purchase/payer.ts';
import type { Payment } from '../purchase/terms-payer.ts';
import { toUndelivered } from './refusal.ts';
import { answerOf, toHeaders } from './result-shape.ts';
import type { ProofHeaders, Refusal } from './tool-options.ts';

export interface PaidRun<R> {
  readonly payment: Payment;
  /** Runs the tool with the proof. */
  readonly runWith: (headers: ProofHeaders) => R | Promise<R>;
  readonly detect: (result: R) => SellerChallenge | null;
  readonly presentationsMax: number;
  readonly requireSettlement: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What a tool answered to a proof. */
export interface Ran<R> {
  readonly result: R;
  /** What its seller said; a claim. `null`: nothing. */
  readonly settlement: Settlement | null;
}

/** Runs a tool that has a proof, and judges what comes of it. Never asks for another proof. Throws where the call was given up. */
export async function runPaid<R>(paid: PaidRun<R>): Promise<Ran<R> | Refusal> {
  const { payment, detect, requireSettlement } = paid;
  const ran = await runAtMost(paid);
  if ('failure' in ran)
    return toUndelivered('client:not_delivered', payment, `the tool failed with it: ${ran.failure}`);
  const { result } = ran;
  const again = detect(result);
  if (again !== null) {
    const headers = toHeaders(again.headers);
    const reason = await readRejection({ headers, body: again.body ?? '' });
    const remedy = remedyFor(reason);
    const said = `the seller asks again${reason === null ? '' : `, saying ${reason}`}${remedy === null ? '' : ` (${remedy})`}`;
    return toUndelivered('client:not_accepted', payment, said);
  }
  const settlement = await readSettlement(toHeaders(answerOf(result).headers));
  if (settlement?.success === false) {
    const reason = settlement.errorReason ?? 'it does not say why';
    return toUndelivered('client:not_accepted', payment, `the seller could not settle it: ${reason}`);
  }
  if (requireSettlement && settlement === null) {
    return toUndelivered('client:not_settled', payment, 'the seller does not say that it was settled');
  }
  return { result, settlement };
}

async function runAtMost<R>({
  payment,
  runWith,
  presentationsMax,
  signal,
}: PaidRun<R>): Promise<{ readonly result: R } | { readonly failure: string }> {
  let headers: ProofHeaders = [];
  let failure = '';
  for (let presentation = 1; presentation <= presentationsMax; presentation += 1) {
    try {
      headers = await payment.toHeaders();
      return { result: await runWith(headers) };
    } catch (error) {
      signal?.throwIfAborted();
      failure = error instanceof Error ? error.message : String(error);
    }
  }
  // A tool may quote its input, and the proof is in it.
  return { failure: headers.some(({ value }) => failure.includes(value)) ? 'its error quotes the proof' : failure };
}
