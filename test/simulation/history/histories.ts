import type { Charge, SessionCharge } from '../../../lib/domain/payment/charge.ts';
import type { EntryKey } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { BooksCall, BooksReply } from '../../support/model-ledger.ts';
import { keyOfSession } from '../../support/model-operator.ts';
import { isLinearizable, type Operation, type Specification } from './linearizability.ts';
import type { Exchange } from '../network.ts';

export type SessionCall = Extract<
  BooksCall,
  { readonly method: 'reserve' | 'settle' | 'release' | 'trueUp' | 'readSession' | 'deleteSession' }
>;

/** A session as its callers understand it, written down anew and not taken from the model. */
interface Budget {
  readonly available: bigint;
  readonly spent: bigint;
  readonly isDeleted: boolean;
  readonly held: ReadonlyMap<EntryKey, Held>;
  /** Of the session's own counters. */
  readonly used: ReadonlyMap<string, bigint>;
  /** What may come back of settled entries. */
  readonly due: ReadonlyMap<EntryKey, bigint>;
}

interface Held {
  readonly amount: bigint;
  readonly charges: readonly SessionCharge[];
}

/** What callers of one session may rely on. */
export function sessionSpecification(session: Session): Specification<Budget, SessionCall, string> {
  const reserve = (budget: Budget, { entry, amount, now, inFlightMax, charges = [] }: ReserveRequest) => {
    if (budget.held.has(entry)) return { state: budget, reply: 'reserved' };
    const own = charges.filter(isOwn);
    const fits = own.every(({ key, quantity, max }) => (budget.used.get(key) ?? 0n) + quantity <= max);
    const isOpen = !budget.isDeleted && now < session.expiresAt;
    if (!isOpen || !fits || budget.held.size >= inFlightMax || budget.available < amount)
      return { state: budget, reply: 'refused' };
    const held = new Map(budget.held).set(entry, { amount, charges: own });
    const used = withCharges(budget.used, own, 1n);
    return { state: { ...budget, held, used, available: budget.available - amount }, reply: 'reserved' };
  };
  const close = (budget: Budget, { entry, mayReturn }: CloseRequest, target: 'available' | 'spent') => {
    const closed = budget.held.get(entry);
    if (closed === undefined) return { state: budget, reply: 'absent' };
    const { amount, charges } = closed;
    const held = new Map(budget.held);
    held.delete(entry);
    const used = target === 'available' ? withCharges(budget.used, charges, -1n) : budget.used;
    const due = target === 'spent' && mayReturn ? new Map(budget.due).set(entry, amount) : budget.due;
    return { state: { ...budget, held, used, due, [target]: budget[target] + amount }, reply: 'done' };
  };
  const trueUp = (budget: Budget, { entry, counted, back }: TrueUpRequest) => {
    if (budget.due.get(entry) !== counted) return { state: budget, reply: 'absent' };
    const due = new Map(budget.due);
    due.delete(entry);
    return { state: { ...budget, due, available: budget.available + back, spent: budget.spent - back }, reply: 'done' };
  };
  return {
    start: {
      available: session.limit ?? 0n,
      spent: 0n,
      isDeleted: false,
      held: new Map(),
      used: new Map(),
      due: new Map(),
    },
    step: (budget, call) => {
      switch (call.method) {
        case 'reserve':
          return reserve(budget, call.args[0]);
        case 'settle':
          return close(budget, call.args[0], 'spent');
        case 'release':
          return close(budget, call.args[0], 'available');
        case 'trueUp':
          return trueUp(budget, call.args[0]);
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

type RequestOf<Method extends SessionCall['method']> = Extract<SessionCall, { readonly method: Method }>['args'][0];
type ReserveRequest = RequestOf<'reserve'>;
type CloseRequest = RequestOf<'settle'>;
type TrueUpRequest = RequestOf<'trueUp'>;

/** What sessions share is not in their own histories. */
function isOwn(charge: Charge): charge is SessionCharge {
  return charge.kind === 'session';
}

function withCharges(used: Budget['used'], charges: readonly SessionCharge[], sign: 1n | -1n): Budget['used'] {
  const next = new Map(used);
  for (const { key, quantity } of charges) next.set(key, (next.get(key) ?? 0n) + sign * quantity);
  return next;
}

function keyOfBudget({ available, spent, isDeleted, held, used, due }: Budget): string {
  const entries = [...held].map(([entry, { amount }]) => `${entry}=${amount}`).toSorted();
  const counters = [...used].flatMap(([key, sum]) => (sum === 0n ? [] : [`${key}:${sum}`])).toSorted();
  const returnable = [...due].map(([entry, amount]) => `${entry}<${amount}`).toSorted();
  return `${available} ${spent} ${isDeleted} ${[...entries, ...counters, ...returnable].join()}`;
}

/** An answer in the words of the specification. */
export function wordsOf(call: SessionCall, reply: BooksReply): string {
  switch (call.method) {
    case 'reserve':
      return (reply as { readonly kind: string }).kind;
    case 'settle':
    case 'release':
    case 'trueUp':
      return reply as string;
    case 'deleteSession':
      return '';
    case 'readSession': {
      const { budget, deleted, open, counters, returns } = reply as Session;
      const held = new Map([...open].map(([entry, { amount }]) => [entry, { amount, charges: [] }]));
      return keyOfBudget({
        available: budget.available ?? 0n,
        spent: budget.spent,
        isDeleted: deleted,
        held,
        used: counters,
        due: returns?.due ?? new Map(),
      });
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
      // A read without an answer tells nothing, nor does a refusal that may be a window's.
      const isMute = seen === null ? call.method === 'readSession' : seen.reply === 'refused' && isShared(call);
      return isMute ? [] : [{ call, sentAt, answer: seen }];
    });
    counts.operations += history.length;
    counts.undecided += checkHistory(session, history).undecided;
  }
  return counts;
}

function isOfSession(call: BooksCall): call is SessionCall {
  return ['reserve', 'settle', 'release', 'trueUp', 'readSession', 'deleteSession'].includes(call.method);
}

function isShared(call: SessionCall): boolean {
  return call.method === 'reserve' && call.args[0].charges?.some((charge) => !isOwn(charge)) === true;
}

function sessionOf(call: SessionCall) {
  return call.method === 'readSession' || call.method === 'deleteSession' ? call.args[0] : call.args[0].session;
}
