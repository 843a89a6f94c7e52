import { ledgerRepetitionsContract } from '../contracts/ledger-repetitions.ts';
import { ledgerContract, type LedgerUnderTest } from '../contracts/ledger.ts';
import { newBooks } from '../support/model-ledger.ts';
import { createModelLedger } from '../support/model-ports.ts';
import { withSession } from '../support/model-operator.ts';

async function make(): Promise<LedgerUnderTest> {
  const holder = { books: newBooks() };
  return {
    ledger: createModelLedger(holder),
    open: async (session) => {
      holder.books = withSession(holder.books, session);
    },
  };
}

ledgerContract("the explorer's model", make);
ledgerRepetitionsContract("the explorer's model", make);
