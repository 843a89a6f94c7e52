import type { PaymentId } from '../../lib/domain/ids.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Gate } from '../../lib/domain/payment/gate.ts';
import type { EpochMs } from '../../lib/domain/time.ts';
import type {
  DecideOutcome,
  IntentOutcome,
  Ledger,
  ReserveOutcome,
  SweepIndex,
  TakeOverOutcome,
} from '../../lib/domain/ports/books.ts';
import { sameSignatures, type EntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import type { OpenEntry, Session, SessionKey } from '../../lib/domain/payment/session.ts';
import { shortCharges, toHeldCharge, type HeldCharge } from '../../lib/domain/payment/charge.ts';
import type { KeptTopUp } from '../../lib/domain/payment/top-up.ts';
import type { TopUps } from '../../lib/domain/ports/top-ups.ts';
import type { Window } from '../../lib/domain/payment/window.ts';
import type { WindowBooks } from '../../lib/domain/ports/windows.ts';
import { formatHeld } from '../../lib/ledger/dynamodb/books/session-counters.ts';
import type { TrueUps } from '../../lib/domain/ports/true-ups.ts';
import { NO_RETURNS } from '../../lib/domain/payment/true-up.ts';
import { TRUE_UPS_MAX } from '../../lib/domain/limits.ts';
import { applyTopUpCall } from './model-top-ups.ts';
import { applyWindowCall } from './model-windows.ts';
import { applyIndexCall, type Visit } from './model-index.ts';
import { applyOperatorCall, keyOfSession, withSession, type Operator } from './model-operator.ts';

/**
 * The books as a value: sessions, payments and their visits, never changed in place. The explorer walks over such values; the
 * ledger contract and a random differential prove that they behave as DynamoDB does.
 */
export interface Books {
  readonly gate: Gate;
  /** By manager and session. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly payments: ReadonlyMap<PaymentId, Payment>;
  /** The index of visits: when the sweeper is to look at a payment. */
  readonly visits: ReadonlyMap<PaymentId, Visit>;
  /** By manager and key. */
  readonly windows: ReadonlyMap<string, Window>;
  /** By their ids. */
  readonly topUps: ReadonlyMap<string, KeptTopUp>;
}

type CallOf<Port> = {
  [M in keyof Port]: Port[M] extends (...args: infer Args) => unknown
    ? { readonly method: M; readonly args: Args }
    : never;
}[keyof Port];

/** A ledger request as data. */
export type LedgerCall = CallOf<Ledger>;
/** Any request to the books as data. */
export type BooksCall =
  | LedgerCall
  | CallOf<TrueUps>
  | CallOf<SweepIndex>
  | CallOf<WindowBooks>
  | CallOf<TopUps>
  | CallOf<Operator>;
type Ports = Ledger & TrueUps & SweepIndex & WindowBooks & TopUps & Operator;
export type BooksReply = Awaited<ReturnType<Ports[keyof Ports]>>;

export interface Applied {
  readonly books: Books;
  readonly reply: BooksReply;
}

/** An open gate, for books that are never frozen. */
export const OPEN_GATE: Gate = {
  deploymentId: '0123456789abcdef0123456789abcdef',
  floor: null,
  frozenAt: null,
  freezes: new Map(),
};

/** Books in which nothing was paid yet. */
export function newBooks(...sessions: readonly Session[]): Books {
  return {
    gate: OPEN_GATE,
    sessions: new Map(sessions.map((session) => [keyOfSession(session), session])),
    payments: new Map(),
    visits: new Map(),
    windows: new Map(),
    topUps: new Map(),
  };
}

/** Applies one request to the books, as one atomic step. */
export function applyCall(books: Books, call: BooksCall): Applied {
  switch (call.method) {
    case 'dueVisits':
    case 'hasVisits':
    case 'dropVisit':
    case 'handOver':
    case 'postponeVisit':
    case 'putOff':
      return applyIndexCall(books, call);
    case 'readWindow':
    case 'change':
    case 'fold':
      return applyWindowCall(books, call);
    case 'findTopUp':
    case 'raiseLimit':
      return applyTopUpCall(books, call);
    case 'openSession':
    case 'freeze':
    case 'freezePart':
    case 'thawPart':
    case 'thaw':
    case 'deleteSession':
    case 'expireSession':
      return applyOperatorCall(books, call);
    case 'readSession':
      return { books, reply: sessionAt(books, call.args[0]) };
    case 'readGate':
      return { books, reply: books.gate };
    case 'readPayment':
      return { books, reply: books.payments.get(call.args[0]) ?? null };
    case 'putIntent':
      return putIntent(books, call.args[0]);
    case 'reserve':
      return reserve(books, call.args[0]);
    case 'takeOver':
      return takeOver(books, call.args[0]);
    case 'decide':
      return decide(books, ...call.args);
    case 'supersede':
      return supersede(books, ...call.args);
    case 'settle':
      return closeEntry(books, call.args[0], 'spent');
    case 'release':
      return closeEntry(books, call.args[0], 'available');
    case 'trueUp':
      return trueUp(books, call.args[0]);
  }
}

function sessionAt(books: Books, key: SessionKey): Session | null {
  return books.sessions.get(keyOfSession(key)) ?? null;
}

function withPayment(books: Books, payment: Payment): Books {
  return { ...books, payments: new Map(books.payments).set(payment.id, payment) };
}

/** The payment with its next visit at the end of its lease, whatever visit it had before: the new one has not failed yet. */
function withVisit(books: Books, payment: Payment): Books {
  const visit: Visit = { dueAt: payment.leaseUntil, failingSince: null };
  return { ...withPayment(books, payment), visits: new Map(books.visits).set(payment.id, visit) };
}

function putIntent(books: Books, payment: Payment): Applied {
  const stored = books.payments.get(payment.id);
  if (stored === undefined) {
    const put = payment.status === 'DENIED' ? withPayment : withVisit;
    return { books: put(books, payment), reply: { kind: 'created' } satisfies IntentOutcome };
  }
  const own = stored.owner === payment.owner && stored.attempt === payment.attempt && stored.status === payment.status;
  const reply: IntentOutcome = own ? { kind: 'created' } : { kind: 'exists', payment: stored };
  return { books, reply };
}

function reserve(books: Books, request: Parameters<Ledger['reserve']>[0]): Applied {
  const session = sessionAt(books, request.session);
  const short = session === null ? [] : shortCharges(session, request.charges ?? []);
  const refused = (): Applied => ({ books, reply: { kind: 'refused', session, short } satisfies ReserveOutcome });
  if (session === null) return refused();
  if (session.open.has(request.entry)) {
    return { books, reply: { kind: 'reserved', budget: session.budget } satisfies ReserveOutcome };
  }
  const { available, reserved, spent } = session.budget;
  const affordable = available === null || available >= request.amount;
  const isBelowFloor = request.floor !== null && session.createdAt < request.floor;
  if (
    isBelowFloor ||
    session.deleted ||
    session.expiresAt <= request.now ||
    session.inFlight >= request.inFlightMax ||
    !affordable ||
    short.length > 0
  ) {
    return refused();
  }
  const open = new Map<EntryKey, OpenEntry>(session.open);
  const charges = (request.charges ?? []).map(toHeldCharge);
  open.set(request.entry, { amount: request.amount, leaseUntil: request.leaseUntil, charges });
  const budget = {
    available: available === null ? null : toMicroUsd(available - request.amount),
    reserved: toMicroUsd(reserved + request.amount),
    spent,
  };
  const next: Session = {
    ...session,
    updatedAt: request.now,
    budget,
    inFlight: session.inFlight + 1,
    open,
    ...charged(session, request),
  };
  return { books: withSession(books, next), reply: { kind: 'reserved', budget } satisfies ReserveOutcome };
}

function charged(
  { counters, windows }: Session,
  { charges = [], prune = [] }: Parameters<Ledger['reserve']>[0],
): Pick<Session, 'counters' | 'windows'> {
  const [used, grants] = [new Map(counters), new Map(windows)];
  for (const { kind, key, quantity } of charges) {
    const grant = grants.get(key);
    if (kind === 'session') used.set(key, (used.get(key) ?? 0n) + quantity);
    else if (grant !== undefined) {
      grants.set(key, { ...grant, free: grant.free - quantity, used: grant.used + quantity });
    }
  }
  for (const key of prune) grants.delete(key);
  return { counters: used, windows: grants };
}

/** Of a window that has closed nothing comes back. */
function givenBack(
  { counters, windows }: Session,
  charges: readonly HeldCharge[],
  now: EpochMs,
): Pick<Session, 'counters' | 'windows'> {
  const [used, grants] = [new Map(counters), new Map(windows)];
  for (const { kind, key, quantity } of charges) {
    const grant = grants.get(key);
    if (kind === 'session') used.set(key, (used.get(key) ?? 0n) - quantity);
    else if (grant !== undefined && grant.closesAt > now) {
      grants.set(key, { ...grant, free: grant.free + quantity, used: grant.used - quantity });
    }
  }
  return { counters: used, windows: grants };
}

function existing(books: Books, id: PaymentId): Payment {
  const payment = books.payments.get(id);
  if (payment === undefined) throw new Error(`payment ${id} vanished from the books`);
  return payment;
}

function approvalOf({ approval }: { readonly approval?: string | undefined }): Pick<Payment, 'approval'> {
  return approval === undefined ? {} : { approval };
}

function takeOver(books: Books, from: Parameters<Ledger['takeOver']>[0]): Applied {
  const stored = existing(books, from.id);
  const free = stored.status === 'PENDING' || stored.status === 'ABORTED';
  const seen = from.approval !== undefined || stored.approval === undefined;
  if (free && seen && stored.attempt === from.attempt) {
    const payment: Payment = {
      ...stored,
      attempt: from.attempt + 1,
      owner: from.owner,
      leaseUntil: from.leaseUntil,
      status: 'PENDING',
      terms: from.terms,
      ...approvalOf(from),
    };
    return { books: withVisit(books, payment), reply: { kind: 'taken', payment } satisfies TakeOverOutcome };
  }
  const own = stored.owner === from.owner && stored.attempt === from.attempt + 1;
  const reply: TakeOverOutcome = { kind: own ? 'taken' : 'lost', payment: stored };
  return { books, reply };
}

function decide(books: Books, id: PaymentId, attempt: number, verdict: Parameters<Ledger['decide']>[2]): Applied {
  const stored = existing(books, id);
  if (stored.status === 'PENDING' && stored.attempt === attempt) {
    const payment: Payment = {
      ...stored,
      status: verdict.status,
      decidedAt: verdict.at,
      signatures: verdict.status === 'SIGNED' ? verdict.signatures : null,
      budget: verdict.status === 'SIGNED' ? verdict.budget : null,
      denial: verdict.status === 'DENIED' ? verdict.denial : null,
      ...(verdict.status === 'SIGNED' && verdict.policyRecord !== undefined
        ? { policyRecord: verdict.policyRecord }
        : {}),
      ...(verdict.status === 'ABORTED' ? approvalOf(verdict) : {}),
    };
    return { books: withPayment(books, payment), reply: { kind: 'decided', payment } satisfies DecideOutcome };
  }
  const same =
    stored.attempt === attempt &&
    stored.status === verdict.status &&
    (verdict.status !== 'SIGNED' || sameSignatures(stored.signatures, verdict.signatures));
  const reply: DecideOutcome = { kind: same ? 'decided' : 'lost', payment: stored };
  return { books, reply };
}

function supersede(books: Books, id: PaymentId, attempt: number, at: EpochMs): Applied {
  const stored = existing(books, id);
  const free = stored.status === 'PENDING' || stored.status === 'ABORTED';
  if (free && stored.attempt === attempt) {
    const payment: Payment = { ...stored, status: 'DENIED', decidedAt: at, denial: { reason: 'superseded' } };
    return { books: withPayment(books, payment), reply: { kind: 'decided', payment } satisfies DecideOutcome };
  }
  const same = stored.attempt === attempt && stored.denial?.reason === 'superseded';
  const reply: DecideOutcome = { kind: same ? 'decided' : 'lost', payment: stored };
  return { books, reply };
}

function closeEntry(books: Books, request: Parameters<Ledger['settle']>[0], target: 'spent' | 'available'): Applied {
  const session = sessionAt(books, request.session);
  const held = session?.open.get(request.entry);
  if (session === null || held === undefined || !isHeld(held, request)) return { books, reply: 'absent' };
  const open = new Map(session.open);
  open.delete(request.entry);
  const { available, reserved, spent } = session.budget;
  const budget = {
    available: available === null ? null : toMicroUsd(target === 'available' ? available + held.amount : available),
    reserved: toMicroUsd(reserved - held.amount),
    spent: toMicroUsd(target === 'spent' ? spent + held.amount : spent),
  };
  const counted = target === 'available' ? givenBack(session, held.charges, request.now) : {};
  const next: Session = {
    ...session,
    updatedAt: request.now,
    budget,
    inFlight: session.inFlight - 1,
    open,
    ...counted,
    ...(target === 'spent' && request.mayReturn === true ? { returns: withDue(session, request) } : {}),
  };
  return { books: withSession(books, next), reply: 'done' };
}

function withDue({ returns = NO_RETURNS }: Session, { entry, amount }: Parameters<Ledger['settle']>[0]) {
  return returns.due.size >= TRUE_UPS_MAX ? returns : { ...returns, due: new Map(returns.due).set(entry, amount) };
}

function trueUp(books: Books, { session: key, entry, counted, back, now }: Parameters<TrueUps['trueUp']>[0]): Applied {
  const session = sessionAt(books, key);
  const { due, givenBack: before } = session?.returns ?? NO_RETURNS;
  if (session === null || due.get(entry) !== counted) return { books, reply: 'absent' };
  const left = new Map(due);
  left.delete(entry);
  const { available, reserved, spent } = session.budget;
  const budget = {
    available: available === null ? null : toMicroUsd(available + back),
    reserved,
    spent: toMicroUsd(spent - back),
  };
  const returns = { due: left, givenBack: toMicroUsd(before + back) };
  return { books: withSession(books, { ...session, updatedAt: now, budget, returns }), reply: 'done' };
}

function isHeld(held: OpenEntry, { amount, charges = [] }: Parameters<Ledger['settle']>[0]): boolean {
  return formatHeld(held.amount, held.charges) === formatHeld(amount, charges);
}

/** What carries requests to the books, for the ports below. */
export type Carry = (call: BooksCall) => Promise<unknown>;
