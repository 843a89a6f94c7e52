import type { KeptTopUp } from '../../lib/domain/payment/top-up.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { TopUps } from '../../lib/domain/ports/top-ups.ts';
import type { Applied, Books, BooksCall } from './model-ledger.ts';
import { keyOfSession, withSession } from './model-operator.ts';

type TopUpCall = Extract<BooksCall, { readonly method: keyof TopUps }>;

/** Applies one request to the limits of sessions and the records of their raises, as one transaction. */
export function applyTopUpCall(books: Books, call: TopUpCall): Applied {
  switch (call.method) {
    case 'findTopUp':
      return { books, reply: books.topUps.get(call.args[0].topUpId) ?? null };
    case 'raiseLimit':
      return raiseLimit(books, ...call.args);
  }
}

function raiseLimit(books: Books, kept: KeptTopUp, { floor }: { readonly floor: number | null }): Applied {
  const { topUp } = kept;
  const { topUpId, from, to, at } = topUp;
  const session = books.sessions.get(keyOfSession(topUp));
  if (
    session === undefined ||
    books.topUps.has(topUpId) ||
    session.deleted ||
    session.expiresAt <= at ||
    session.createdAt < (floor ?? 0) ||
    session.limit !== from
  ) {
    return { books, reply: 'stale' };
  }
  const { available, ...budget } = session.budget;
  const raised = withSession(books, {
    ...session,
    limit: to,
    firstLimit: session.firstLimit ?? from,
    budget: { ...budget, available: toMicroUsd((available ?? 0n) + to - from) },
    updatedAt: at,
  });
  return { books: { ...raised, topUps: new Map(books.topUps).set(topUpId, kept) }, reply: 'raised' };
}
