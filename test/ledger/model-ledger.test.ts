import type { PaymentId } from '../../lib/domain/ids.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { createModelLedger, type Books } from '../support/model-ledger.ts';

ledgerContract("the explorer's model", async () => {
  const holder: { books: Books } = { books: { session: null, payments: new Map<PaymentId, Payment>() } };
  return {
    ledger: createModelLedger(holder),
    open: async (session) => {
      holder.books = { ...holder.books, session };
    },
  };
});
