import type { Payment } from '../../domain/payment/payment.ts';
import { createAllowanceBooks } from '../../ledger/dynamodb/allowances/allowance-books.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { noteAllowance } from '../../service/allowances/asking.ts';
import { systemClock } from '../runtime/runtime.ts';

/** Asks for the approval that a payment was made with. Loaded with the first such payment. */
export function createAllowanceNotes(table: StoreTable): (payment: Payment, limit: bigint) => Promise<unknown> {
  const books = createAllowanceBooks(table);
  return (payment, limit) => noteAllowance({ books, clock: systemClock }, payment, limit);
}
