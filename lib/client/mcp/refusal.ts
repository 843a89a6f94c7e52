import { PurchaseError, UnpayableError } from '../purchase-error.ts';
import type { Payment } from '../terms-payer.ts';
import type { PaymentRefusal } from './paying-options.ts';

export interface RefusedCall {
  readonly tool: string;
  readonly purchaseId: string;
  /** Of a payment whose proof did not get through. */
  readonly signed: Payment | null;
}

/** What a failure to pay is told as: to a model in one sentence, and to programs by a code. */
export function toRefusal(error: unknown, { tool, purchaseId, signed }: RefusedCall): PaymentRefusal {
  const what = error instanceof Error ? error.message : String(error);
  if (signed !== null) {
    const { processPaymentId } = signed;
    const message = `The tool ${tool} was paid (payment ${processPaymentId}), and the proof did not reach its server: ${what}`;
    return { code: 'client:not_delivered', message, purchaseId, mayHavePaid: true, processPaymentId };
  }
  if (error instanceof PurchaseError) {
    const { code, mayHavePaid, processPaymentId } = error;
    const outcome = mayHavePaid ? 'it may have been paid' : 'nothing was paid';
    const message = `The tool ${tool} asks for a payment, and ${outcome}: ${what}`;
    return { code: code ?? 'client:payment_failed', message, purchaseId, mayHavePaid, processPaymentId };
  }
  const message = `The tool ${tool} asks for a payment, and nothing was paid: ${what}`;
  const code = error instanceof UnpayableError ? 'client:unpayable' : 'client:payment_failed';
  return { code, message, purchaseId, mayHavePaid: false, processPaymentId: null };
}
