import type { PaymentId } from '../../lib/domain/ids.ts';
import { parseEntryKey, toEntryKey, type EntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances } from '../../lib/domain/payment/session.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { checkFinished, checkStep } from '../support/explorer/invariants.ts';
import { keyOf } from '../support/explorer/replay.ts';
import type { Books, BooksCall, BooksReply } from '../support/model-ledger.ts';
import type { CounterRules } from './counter-rules.ts';
import type { FreezeRules } from './freeze-rules.ts';
import { keyOfSession } from '../support/model-operator.ts';

/** What watches a simulation. Every method throws where a rule of the books is broken. */
export interface Rules {
  /** A request was sent; only what was sent after a freeze was acknowledged is bound by it. */
  sent(who: string, call: BooksCall, at: number): void;
  applied(before: Books, after: Books, call: BooksCall, reply: BooksReply, at: number): void;
  readonly freezes: FreezeRules;
  /** `null`: nobody has written a policy. */
  readonly counters: CounterRules | null;
  answered(
    token: string,
    result: Result<Payment, Refusal>,
    asked: { readonly from: number; readonly to: number },
  ): void;
  /** When everything has come to rest. */
  ended(books: Books, at: number): void;
}

export function createRules({ freezes, counters }: Pick<Rules, 'freezes' | 'counters'>): Rules {
  const settled = new Map<EntryKey, number>();
  /** When the latest reserve of an attempt was sent. */
  const reserveSentAt = new Map<EntryKey, number>();
  const proofs = new Map<string, Payment>();
  const told: Payment[] = [];
  const deniedTokens = new Set<string>();

  const checkPayment = (books: Books, id: PaymentId): void => {
    const payment = books.payments.get(id);
    if (payment === undefined) return;
    const own = toEntryKey(id, payment.attempt);
    const open = books.sessions.get(keyOfSession(payment))?.open.has(own) === true;
    for (let attempt = 1; attempt < payment.attempt; attempt += 1) {
      if (settled.has(toEntryKey(id, attempt))) throw new Error(`I4: ${id}#${attempt} is settled but was not signed`);
    }
    const counted = (settled.get(own) ?? 0) + (open ? 1 : 0);
    if (payment.status === 'SIGNED' && counted !== 1)
      throw new Error(`I4: ${own} is SIGNED and counted ${counted} times`);
    if (payment.status !== 'SIGNED' && settled.has(own)) throw new Error(`I4: ${own} is settled but was not signed`);
    if (payment.denial?.reason === 'budget_exceeded' && open) {
      throw new Error(`a false denial: ${own} is DENIED while its reservation is held`);
    }
  };

  return {
    freezes,
    counters,
    sent: (who, call, at) => {
      counters?.sent(who, call, at);
      if (call.method === 'reserve') reserveSentAt.set(call.args[0].entry, at);
    },
    applied: (before, after, call, reply, at) => {
      const broken = checkStep(before, call, reply, after);
      if (broken !== null) throw new Error(broken);
      if (call.method === 'settle' && reply === 'done') {
        const { entry } = call.args[0];
        settled.set(entry, (settled.get(entry) ?? 0) + 1);
      }
      if (after === before) return;
      freezes.applied(before, after, at);
      for (const [key, session] of after.sessions) {
        if (before.sessions.get(key) !== session) assertSessionBalances(session);
      }
      counters?.applied(before, after, call, at);
      const id = paymentOf(call);
      if (id === null) return;
      checkPayment(after, id);
      const payment = after.payments.get(id);
      const sentAt = payment && reserveSentAt.get(toEntryKey(id, payment.attempt));
      const isSignedNow = payment?.status === 'SIGNED' && before.payments.get(id)?.status !== 'SIGNED';
      if (isSignedNow && sentAt !== undefined) freezes.signed(payment, sentAt, at);
    },
    answered: (token, result, { from, to }) => {
      if (!result.ok) {
        freezes.refused(result.error, from, to);
        if (result.error.reason === 'other_terms') told.push(result.error.payment);
        if (result.error.reason === 'budget_exceeded' || result.error.reason === 'policy_exceeded')
          deniedTokens.add(token);
      }
      if (deniedTokens.has(token) && (result.ok || proofs.has(token))) {
        throw new Error(`I10: ${token} was denied, and a proof left for it`);
      }
      if (!result.ok) return;
      const first = proofs.get(token);
      if (first === undefined) proofs.set(token, result.value);
      else if (proofOf(first) !== proofOf(result.value)) throw new Error(`I7: two proofs left for ${token}`);
    },
    ended: (books, at) => {
      const broken = checkFinished(books);
      if (broken !== null) throw new Error(broken);
      counters?.ended(books, at);
      for (const { id, signatures, terms } of proofs.values()) {
        const stored = books.payments.get(id);
        if (stored?.status !== 'SIGNED')
          throw new Error(`I5: a proof left while ${id} is ${stored?.status ?? 'missing'}`);
        if (proofOf(stored) !== proofOf({ id, signatures, terms })) throw new Error(`I7: the proof of ${id} differs`);
      }
      for (const { id, status } of told) {
        const stored = books.payments.get(id);
        if (stored?.status !== status)
          throw new Error(`I9: ${id} was called ${status} and is ${stored?.status ?? 'missing'}`);
      }
    },
  };
}

function proofOf({ id, signatures, terms }: Pick<Payment, 'id' | 'signatures' | 'terms'>): string {
  return keyOf([id, signatures, terms]);
}

function paymentOf(call: BooksCall): PaymentId | null {
  switch (call.method) {
    case 'putIntent':
    case 'takeOver':
      return call.args[0].id;
    case 'decide':
    case 'supersede':
      return call.args[0];
    case 'reserve':
    case 'settle':
    case 'release':
    case 'trueUp':
      return parseEntryKey(call.args[0].entry).paymentId;
    case 'readSession':
    case 'readGate':
    case 'readPayment':
    case 'dueVisits':
    case 'hasVisits':
    case 'dropVisit':
    case 'handOver':
    case 'postponeVisit':
    case 'putOff':
    case 'openSession':
    case 'freeze':
    case 'freezePart':
    case 'thawPart':
    case 'thaw':
    case 'deleteSession':
    case 'expireSession':
    case 'readWindow':
    case 'change':
    case 'fold':
    case 'findTopUp':
    case 'raiseLimit':
      return null;
  }
}
