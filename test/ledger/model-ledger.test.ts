import type { PaymentId } from '../../lib/domain/ids.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { OPEN_GATE, createModelLedger, type Books } from '../support/model-ledger.ts';

ledgerContract("the explorer's model", async () => {
  const holder: { books: Books } = {
    books: { gate: OPEN_GATE, session: null, payments: new Map<PaymentId, Payment>() },
  };
  return {
    ledger: createModelLedger(holder),
    open: async (session) => {
      holder.books = { ...holder.books, session };
    },
  };
});
