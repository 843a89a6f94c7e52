import type { PaymentId } from '../../../lib/domain/ids.ts';
import { parseEntryKey, type EntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { WINDOW_PRUNE_DELAY_MS } from '../../../lib/domain/limits.ts';
import { assertWindowBalances } from '../../../lib/domain/payment/window.ts';
import { assertSessionBalances, sessionStatus } from '../../../lib/domain/payment/session.ts';
import type { EpochMs } from '../../../lib/domain/time.ts';
import type { SessionKey } from '../../../lib/domain/payment/session.ts';
import type { Books, BooksCall, BooksReply } from '../model-ledger.ts';
import { keyOfSession } from '../model-operator.ts';
import type { ExploreOptions, FaultBudget, GlobalState } from './explore.ts';
import { keyOf } from './replay.ts';
import { TAKEN } from './scenarios.ts';
import { START_MS } from './tenant.ts';

/** Windows that are open when the sweeper has run for the last time. */
const FAR_MS = START_MS + 1_000_000;

/** What one request must not do. Returns the rule that it breaks. */
export function checkStep(before: Books, call: BooksCall, reply: BooksReply, after: Books): string | null {
  if (call.method === 'release' && reply === 'done') {
    const { paymentId, attempt } = parseEntryKey(call.args[0].entry);
    const payment = before.payments.get(paymentId);
    const open = payment?.attempt === attempt && (payment.status === 'PENDING' || payment.status === 'SIGNED');
    const refilled = refilledWindow(before, after, call.args[0]);
    if (refilled !== null) return `closed: ${refilled} was refilled after it closed`;
    if (open) return `I6: released ${call.args[0].entry} while its payment is ${payment.status}`;
  }
  if (call.method === 'raiseLimit' && reply === 'raised') {
    const [{ topUp }] = call.args;
    const session = before.sessions.get(keyOfSession(topUp));
    const status = session === undefined ? 'missing' : sessionStatus(session, topUp.at);
    if (status !== 'ACTIVE') return `closed: raised the limit of a session that is ${status}`;
  }
  if (call.method === 'reserve' && (reply as { readonly kind: string }).kind === 'reserved') {
    const [{ session: key, entry, now }] = call.args;
    const session = before.sessions.get(keyOfSession(key));
    const isNew = session?.open.has(entry) !== true;
    const status = session === undefined ? 'missing' : sessionStatus(session, now);
    if (isNew && status !== 'ACTIVE') return `closed: reserved ${entry} on a session that is ${status}`;
  }
  return null;
}

/** What a denial must not be written over: money that the entries of dead payments hold, and that would have sufficed. */
export function checkDenial(before: Books, call: BooksCall, reply: BooksReply): string | null {
  const denied = deniedBy(before, call, reply);
  if (denied === null) return null;
  const session = before.sessions.get(keyOfSession(denied));
  if (session === undefined || session.budget.available === null) return null;
  let free = 0n;
  for (const [entry, { amount, leaseUntil }] of session.open) {
    const { paymentId, attempt } = parseEntryKey(entry);
    const payment = before.payments.get(paymentId);
    const isOwed = payment?.status === 'SIGNED' && payment.attempt === attempt;
    if (leaseUntil <= denied.at && !isOwed) free += amount;
  }
  const suffices = free > 0n && session.budget.available + free >= denied.amount;
  return suffices ? `a false denial: ${denied.id} is DENIED while the dead hold what it wants` : null;
}

/** The payment that a request denies for want of budget. */
function deniedBy(before: Books, call: BooksCall, reply: BooksReply): (Payment & { readonly at: EpochMs }) | null {
  const { kind } = (reply ?? {}) as { readonly kind?: string };
  if (call.method === 'putIntent' && kind === 'created') {
    const [payment] = call.args;
    return payment.status === 'DENIED' ? { ...payment, at: payment.createdAt } : null;
  }
  if (call.method !== 'decide' || kind !== 'decided') return null;
  const [id, , verdict] = call.args;
  const payment = before.payments.get(id);
  return verdict.status === 'DENIED' && payment?.status === 'PENDING' && verdict.denial.reason === 'budget_exceeded'
    ? { ...payment, at: verdict.at }
    : null;
}

function refilledWindow(before: Books, after: Books, { session: key, now }: { session: SessionKey; now: number }) {
  for (const [name, { closesAt, free }] of after.sessions.get(keyOfSession(key))?.windows ?? []) {
    const had = before.sessions.get(keyOfSession(key))?.windows.get(name)?.free ?? 0n;
    if (closesAt <= now && free > had) return name;
  }
  return null;
}

/**
 * I11: what a window has granted is what its sessions have, and they have used no more than its limit together.
 * @param now by the clock that is furthest ahead: a while after a window has closed sessions forget what they had of it
 */
export function checkWindows({ windows, sessions }: Pick<Books, 'windows' | 'sessions'>, now: number): string | null {
  for (const window of windows.values()) {
    let used = window.spent;
    for (const [sessionId, granted] of window.grants) {
      const grant = sessions.get(keyOfSession({ managerId: window.managerId, sessionId }))?.windows.get(window.key);
      if (grant === undefined && window.closesAt + WINDOW_PRUNE_DELAY_MS <= now) continue;
      if (grant === undefined || grant.free + grant.used !== granted.amount || grant.number !== granted.number) {
        return `I11: ${sessionId} has ${grant?.free} and ${grant?.used} of ${window.key}, which granted it ${granted.amount}`;
      }
      used += grant.used;
    }
    if (used > window.limit) return `I11: ${used} of ${window.key} is used, of ${window.limit}`;
  }
  return null;
}

/** The invariants of the books that hold in every state. Returns the one that does not. */
export function checkState(
  state: GlobalState,
  { faults, programs }: Pick<ExploreOptions, 'faults' | 'programs'>,
): string | null {
  const { sessions, payments } = state.books;
  for (const session of sessions.values()) {
    try {
      assertSessionBalances(session);
    } catch (error) {
      return (error as Error).message;
    }
  }
  for (const window of state.books.windows.values()) {
    try {
      assertWindowBalances(window);
    } catch (error) {
      return (error as Error).message;
    }
  }
  const returned = checkReturns(state.books);
  if (returned !== null) return returned;
  const raised = checkTopUps(state.books);
  if (raised !== null) return raised;
  const shared = checkWindows(state.books, START_MS);
  if (shared !== null) return shared;
  for (const payment of payments.values()) {
    const problem = checkPayment(state, payment);
    if (problem !== null) return problem;
  }
  return (
    checkLimits(state.books, programs) ??
    checkReleasedProofs(state) ??
    checkReleasedDenials(state, programs) ??
    checkClosedPayments(state) ??
    checkEnd(state, faults)
  );
}

/** Whatever the books were told to count: what is signed under a limit is no more than it. */
function checkLimits({ payments }: Books, programs: ExploreOptions['programs']): string | null {
  const signed = new Map<string, bigint>();
  const known = new Set<PaymentId>();
  for (const { paymentId, charges = [] } of programs) {
    const payment = paymentId === undefined ? undefined : payments.get(paymentId);
    if (payment?.status !== 'SIGNED' || known.has(payment.id)) continue;
    known.add(payment.id);
    for (const { kind, key, quantity, max } of charges) {
      const counter = kind === 'window' ? key : `${keyOfSession(payment)}/${key}`;
      const sum = (signed.get(counter) ?? 0n) + quantity;
      if (sum > max) return `over the limit: ${sum} of ${key} is signed, of ${max}`;
      signed.set(counter, sum);
    }
  }
  return null;
}

/** I7: the top-ups of a scenario have one client token, and what they raised is recorded. */
function checkTopUps({ sessions, topUps }: Books): string | null {
  if (topUps.size > 1) return `I7: one client token raised a limit ${topUps.size} times`;
  const kept = [...topUps.values()].map(({ topUp }) => topUp);
  for (const session of sessions.values()) {
    const { limit, firstLimit } = session;
    if (limit === null || firstLimit === undefined) continue;
    const raised = kept.filter((topUp) => keyOfSession(topUp) === keyOfSession(session));
    const sum = raised.reduce((total, { from, to }) => total + to - from, 0n);
    if (firstLimit + sum !== limit) return `I1: a limit of ${firstLimit} is ${limit} after top-ups of ${sum}`;
  }
  return null;
}

/** I4: no more comes back than was signed and not taken. */
function checkReturns({ sessions, payments }: Books): string | null {
  for (const session of sessions.values()) {
    let left = 0n;
    for (const payment of payments.values()) {
      const isCeiling = payment.offer.facilitator !== undefined && payment.status === 'SIGNED';
      if (isCeiling && keyOfSession(payment) === keyOfSession(session)) left += payment.amount - TAKEN;
    }
    const { givenBack = 0n } = session.returns ?? {};
    if (givenBack > left) return `I4: ${givenBack} came back, of ${left} that were not taken`;
  }
  return null;
}

function checkPayment(state: GlobalState, payment: Payment): string | null {
  const own: EntryKey = `${payment.id}#${payment.attempt}`;
  let settledTimes = 0;
  for (const [entry, times] of state.settled) {
    const { paymentId, attempt } = parseEntryKey(entry);
    if (paymentId !== payment.id) continue;
    if (attempt !== payment.attempt || payment.status !== 'SIGNED') return `I4: ${entry} is settled but was not signed`;
    settledTimes += times;
  }
  const open = state.books.sessions.get(keyOfSession(payment))?.open.has(own) === true;
  if (payment.status === 'SIGNED' && state.frozenOut.has(payment.id)) {
    return `frozen: ${own} is SIGNED although its intent came after the freeze`;
  }
  if (payment.status === 'SIGNED' && settledTimes + (open ? 1 : 0) !== 1) {
    return `I4: ${own} is SIGNED and counted ${settledTimes + (open ? 1 : 0)} times`;
  }
  // One that was closed in favour of other terms may hold its reservation until somebody gives it back.
  if (payment.denial?.reason === 'budget_exceeded' && open)
    return `a false denial: ${own} is DENIED while its reservation is held`;
  return null;
}

/** I9: a payment of which somebody was told that it never paid and never will is never signed. */
function checkClosedPayments(state: GlobalState): string | null {
  for (const { outcome } of state.processes) {
    if (outcome?.kind !== 'returned') continue;
    const result = outcome.value as { ok?: boolean; error?: { reason: string; payment?: Payment } } | undefined;
    if (result?.ok !== false || result.error?.reason !== 'other_terms') continue;
    const told = result.error.payment;
    const stored = told === undefined ? undefined : state.books.payments.get(told.id);
    if (told?.status === 'DENIED' && stored?.status !== 'DENIED') {
      return `I9: the purchase was called unpaid while its payment is ${stored?.status ?? 'missing'}`;
    }
  }
  return null;
}

/** I5 and I7: a proof leaves only for a SIGNED payment, and all that leave for one payment are the same. */
function checkReleasedProofs(state: GlobalState): string | null {
  for (const { outcome } of state.processes) {
    if (outcome?.kind !== 'returned') continue;
    const result = outcome.value as { ok?: boolean; value?: Payment } | undefined;
    if (result?.ok !== true || result.value === undefined) continue;
    const stored = state.books.payments.get(result.value.id);
    if (stored?.status !== 'SIGNED') return `I5: a proof left while its payment is ${stored?.status ?? 'missing'}`;
    const proofOf = ({ signatures, terms }: Payment) => keyOf([signatures, terms]);
    if (proofOf(stored) !== proofOf(result.value)) return 'I7: a proof left that differs from the stored one';
  }
  return null;
}

const DENIALS: ReadonlySet<string> = new Set(['budget_exceeded', 'approval_rejected', 'approval_lapsed']);

/** I10: a denial leaves only for a payment that is DENIED, so that it is final. */
function checkReleasedDenials(state: GlobalState, programs: ExploreOptions['programs']): string | null {
  for (const [who, { outcome }] of state.processes.entries()) {
    const id = programs[who]?.paymentId;
    if (id === undefined || outcome?.kind !== 'returned') continue;
    const result = outcome.value as { ok?: boolean; error?: { reason: string } } | undefined;
    if (result?.ok !== false || !DENIALS.has(result.error?.reason ?? '')) continue;
    const stored = state.books.payments.get(id);
    if (stored?.status !== 'DENIED') return `I10: a denial left while its payment is ${stored?.status ?? 'missing'}`;
  }
  return null;
}

/** I8: where nothing was lost, the handlers themselves leave nothing held. A signer that fails is no excuse. */
function checkEnd({ books, processes, left }: GlobalState, faults: FaultBudget): string | null {
  const excused = left.unknowns < faults.unknowns || left.throttles < faults.throttles;
  if (excused || processes.some(({ outcome }) => outcome === null)) return null;
  if (left.signerFailures === faults.signerFailures && left.signerThrottles === faults.signerThrottles) {
    const denied = checkPolicyDenials(books);
    if (denied !== null) return denied;
  }
  for (const { open } of books.sessions.values()) {
    if (open.size > 0) return `I8: ${[...open.keys()].join()} is left held although nothing was lost`;
  }
  return null;
}

/** Where nothing failed, a limit denies a payment only where what was signed leaves no room for it. */
function checkPolicyDenials({ payments }: Books): string | null {
  const signed = [...payments.values()].filter(({ status }) => status === 'SIGNED');
  const sum = signed.reduce((total, { amount }) => total + amount, 0n);
  for (const { id, denial } of payments.values()) {
    if (denial?.reason === 'policy_exceeded' && sum + denial.asked <= denial.max) return `a false denial of ${id}`;
  }
  return null;
}

/** I8 and I11: of books that the sweeper has finished, and whose sessions have returned what they had of windows. */
export function checkRecovered(books: Books): string | null {
  return checkFinished(books) ?? checkReturned(books);
}

/** I8: of books that the sweeper has finished, nothing is held, the sums are exact, and nothing is visited any more. */
export function checkFinished({ sessions, payments, visits }: Books): string | null {
  for (const session of sessions.values()) {
    let signed = 0n;
    for (const payment of payments.values()) {
      if (payment.status === 'SIGNED' && keyOfSession(payment) === keyOfSession(session)) signed += payment.amount;
    }
    if (session.open.size > 0) return `I8: ${[...session.open.keys()].join()} is held for ever`;
    // A payment may be signed by an attempt that was counted for nothing; nothing is counted that was not signed.
    for (const [key, used] of session.counters) {
      if (used > signed) return `I8: counter ${key} holds ${used} although ${signed} was signed`;
    }
    const counted = session.budget.spent + (session.returns?.givenBack ?? 0n);
    if (counted !== signed) return `I8: ${counted} is spent or came back but ${signed} was signed`;
  }
  for (const payment of payments.values()) {
    if (payment.status === 'PENDING') return `I8: ${payment.id} is PENDING for ever`;
  }
  return visits.size > 0 ? `I8: ${[...visits.keys()].join()} is visited for ever` : null;
}

/** Where every payment is counted for the window. */
function checkReturned({ payments, windows }: Books): string | null {
  for (const { key, closesAt, spent, grants } of windows.values()) {
    let signed = 0n;
    for (const { status, amount } of payments.values()) signed += status === 'SIGNED' ? amount : 0n;
    // What closes before the sweeper comes keeps what was released afterwards.
    if (grants.size === 0 && spent !== signed) return `I8: ${spent} of ${key} is spent but ${signed} was signed`;
    if (grants.size > 0 && closesAt > FAR_MS) return `I11: ${key} has granted what nobody can use for ever`;
  }
  return null;
}
