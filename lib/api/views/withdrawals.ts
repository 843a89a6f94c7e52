import type { Answer } from '../../contract/client-types.ts';
import type { WithdrawalState } from '../../domain/allowances/withdrawal-state.ts';
import type { Deployment } from '../../domain/ids.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import { isCoinTransfer, transferTermsOf } from '../../protocols/treasury/offers.ts';
import { toSettleRequest } from '../../protocols/x402/schemes/exact-eip3009/settle-request.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import { toReceipt } from '../../receipts/receipt.ts';
import { WAITS } from './waits.ts';

/**
 * The answer to CreateWithdrawal, made from the stored payment alone: the same bytes for ever. Its `settlement` is the body of
 * `POST /settle` of an x402 facilitator, and holds the signature: a bearer instrument, though of a transfer to our own address.
 */
export function toWithdrawalView(deployment: Deployment, payment: Payment): Answer<'CreateWithdrawal'> {
  const { offer, terms, signatures } = payment;
  if (payment.status !== 'SIGNED' || signatures === null) {
    throw new InvariantViolated(`withdrawal ${payment.id} has no signature: it is ${payment.status}`);
  }
  if (offer.kind !== 'transfer') throw new InvariantViolated(`withdrawal ${payment.id} pays a seller`);
  // Of a coin its transaction is signed later, and sent by us.
  if (isCoinTransfer(offer)) return { withdrawal: toReceipt(deployment, payment, schemeOf) };
  return {
    withdrawal: toReceipt(deployment, payment, schemeOf),
    settlement: toSettleRequest(offer, transferTermsOf(terms), signatures),
  };
}

/** The answer to GetWithdrawal. */
export function toWithdrawalState(
  deployment: Deployment,
  {
    payment,
    settled,
    transfer,
  }: { readonly payment: Payment; readonly settled: boolean; readonly transfer: WithdrawalState | null },
): Answer<'GetWithdrawal'> {
  const withdrawal = toReceipt(deployment, payment, schemeOf);
  if (transfer === null) return { withdrawal, settled };
  const { status, hindrance, transaction } = transfer;
  const waitsFor = hindrance === null ? {} : { waitsFor: WAITS[hindrance] };
  return { withdrawal, settled, transfer: { status, ...waitsFor, ...(transaction === null ? {} : { transaction }) } };
}
