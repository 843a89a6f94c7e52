import type { EntryKey } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import type { BooksCall, BooksReply } from '../support/model-ledger.ts';
import { keyOfSession } from '../support/model-operator.ts';
import { isLinearizable, type Operation, type Specification } from './linearizability.ts';
import type { Exchange } from './network.ts';

export type SessionCall = Extract<
  BooksCall,
  { readonly method: 'reserve' | 'settle' | 'release' | 'readSession' | 'deleteSession' }
>;

/** A session as its callers understand it, written down anew and not taken from the model. */
interface Budget {
  readonly available: bigint;
  readonly spent: bigint;
  readonly isDeleted: boolean;
  readonly held: ReadonlyMap<EntryKey, bigint>;
}

/** What callers of one session may rely on. */
export function sessionSpecification(session: Session): Specification<Budget, SessionCall, string> {
  const reserve = (budget: Budget, { entry, amount, now, inFlightMax }: ReserveRequest) => {
    if (budget.held.has(entry)) return { state: budget, reply: 'reserved' };
    const isOpen = !budget.isDeleted && now < session.expiresAt;
    if (!isOpen || budget.held.size >= inFlightMax || budget.available < amount)
      return { state: budget, reply: 'refused' };
    const held = new Map(budget.held).set(entry, amount);
    return { state: { ...budget, held, available: budget.available - amount }, reply: 'reserved' };
  };
  const close = (budget: Budget, entry: EntryKey, target: 'available' | 'spent') => {
    const amount = budget.held.get(entry);
    if (amount === undefined) return { state: budget, reply: 'absent' };
    const held = new Map(budget.held);
    held.delete(entry);
    return { state: { ...budget, held, [target]: budget[target] + amount }, reply: 'done' };
  };
  return {
    start: { available: session.limit ?? 0n, spent: 0n, isDeleted: false, held: new Map() },
    step: (budget, call) => {
      switch (call.method) {
        case 'reserve':
          return reserve(budget, call.args[0]);
        case 'settle':
          return close(budget, call.args[0].entry, 'spent');
        case 'release':
          return close(budget, call.args[0].entry, 'available');
        case 'deleteSession':
          return { state: { ...budget, isDeleted: true }, reply: '' };
        case 'readSession':
          return { state: budget, reply: keyOfBudget(budget) };
      }
    },
    sameReply: (expected, seen) => expected === seen,
    keyOf: keyOfBudget,
  };
}

type ReserveRequest = Extract<SessionCall, { readonly method: 'reserve' }>['args'][0];

function keyOfBudget({ available, spent, isDeleted, held }: Budget): string {
  const entries = [...held].map(([entry, amount]) => `${entry}=${amount}`).toSorted();
  return `${available} ${spent} ${isDeleted} ${entries.join()}`;
}

/** An answer in the words of the specification. */
export function wordsOf(call: SessionCall, reply: BooksReply): string {
  switch (call.method) {
    case 'reserve':
      return (reply as { readonly kind: string }).kind;
    case 'settle':
    case 'release':
      return reply as string;
    case 'deleteSession':
      return '';
    case 'readSession': {
      const { budget, deleted, open } = reply as Session;
      const held = new Map([...open].map(([entry, { amount }]) => [entry, amount as bigint]));
      return keyOfBudget({ available: budget.available ?? 0n, spent: budget.spent, isDeleted: deleted, held });
    }
  }
}

/** Throws where the history of a session has no order that explains it. */
export function checkHistory(
  session: Session,
  history: readonly Operation<SessionCall, string>[],
): { readonly undecided: number } {
  const verdict = isLinearizable(history, sessionSpecification(session));
  if (verdict === 'no') throw new Error(`the history of ${session.sessionId} is not linearizable`);
  return { undecided: verdict === 'undecided' ? 1 : 0 };
}

/** Checks the history of every session that is paid from. Those of withdrawals begin in the middle, and hold one payment. */
export function checkHistories(
  sessions: readonly Session[],
  exchanges: readonly Exchange[],
): { readonly operations: number; readonly undecided: number } {
  const counts = { operations: 0, undecided: 0 };
  for (const session of sessions) {
    const history = exchanges.flatMap(({ call, sentAt, answer }): readonly Operation<SessionCall, string>[] => {
      if (!isOfSession(call) || keyOfSession(sessionOf(call)) !== keyOfSession(session)) return [];
      if (answer !== null && !('reply' in answer)) return [];
      const seen = answer === null ? null : { at: answer.at, reply: wordsOf(call, answer.reply) };
      // A read without an answer tells nothing.
      return seen === null && call.method === 'readSession' ? [] : [{ call, sentAt, answer: seen }];
    });
    counts.operations += history.length;
    counts.undecided += checkHistory(session, history).undecided;
  }
  return counts;
}

function isOfSession(call: BooksCall): call is SessionCall {
  return ['reserve', 'settle', 'release', 'readSession', 'deleteSession'].includes(call.method);
}

function sessionOf(call: SessionCall) {
  return call.method === 'readSession' || call.method === 'deleteSession' ? call.args[0] : call.args[0].session;
}
