import { ledgerContract } from '../contracts/ledger.ts';
import { createModelLedger, newBooks } from '../support/model-ledger.ts';
import { withSession } from '../support/model-operator.ts';

ledgerContract("the explorer's model", async () => {
  const holder = { books: newBooks() };
  return {
    ledger: createModelLedger(holder),
    open: async (session) => {
      holder.books = withSession(holder.books, session);
    },
  };
});
