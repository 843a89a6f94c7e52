import { createHash } from 'node:crypto';
import { formatSessionId } from '../../../lib/domain/drawn-ids.ts';
import { formatPaymentId, type PaymentId } from '../../../lib/domain/ids.ts';
import { SWEEP_SHARDS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Verdict } from '../../../lib/domain/ports/books.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { sweepShard } from '../../../lib/ledger/dynamodb/books/keys.ts';
import type { Draw } from '../../../scripts/nemesis/plan.ts';
import type { Books, BooksCall } from '../model-ledger.ts';
import { makePayment, makeSession, NOW } from '../payments.ts';
import { createCountedDraw, drawFreeze } from './counted-calls.ts';

/** What operations are about: few of each, so that they meet. */
export interface Subjects {
  readonly sessions: readonly Session[];
  readonly payments: readonly Payment[];
}

const SESSIONS = 3;
const PAYMENTS = 10;
const ATTEMPTS = 3;
const AMOUNT_MAX = 4;
const OWNERS = 3;
/** Instants are drawn from so many, a second apart. */
const INSTANTS = 12;

export function drawSubjects(draw: Draw): Subjects {
  const digest = () => createHash('sha256').update(`${draw()} ${draw()}`).digest();
  const sessions = Array.from({ length: SESSIONS }, (_, index) =>
    makeSession({
      sessionId: formatSessionId(digest().subarray(0, 16)),
      // One without a limit, one that ends while others are paid from it.
      limit: index === 0 ? null : toMicroUsd(BigInt(4 + Math.floor(draw() * 12))),
      expiresAt: addMs(NOW, index === 1 ? 6_000 : 3_600_000),
    }),
  );
  const payments = Array.from({ length: PAYMENTS }, () => {
    const session = sessions[Math.floor(draw() * SESSIONS)]!;
    const amount = toMicroUsd(BigInt(1 + Math.floor(draw() * AMOUNT_MAX)));
    return makePayment(session, { id: formatPaymentId(digest()), amount });
  });
  return { sessions, payments };
}

function bornDenied(decidedAt: EpochMs): Partial<Payment> {
  const nothing = toMicroUsd(0n);
  const denial = { reason: 'budget_exceeded', requested: nothing, available: nothing, reserved: nothing } as const;
  return { status: 'DENIED', denial, decidedAt };
}

/** One operation on the subjects, sensible or not. */
export function drawCall(draw: Draw, { sessions, payments }: Subjects, books: Books): BooksCall {
  const below = (count: number): number => Math.floor(draw() * count);
  const one = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const payment = one(payments);
  const session = one(sessions);
  const attempt = 1 + below(ATTEMPTS);
  const owner = `0x${`${1 + below(OWNERS)}`.padStart(24, '0')}`;
  const now = instant(below(INSTANTS));
  const entry = {
    // Now and then of another session than the payment's own.
    session: draw() < 0.1 ? session : payment,
    entry: toEntryKey(payment.id, attempt),
    amount: draw() < 0.1 ? toMicroUsd(BigInt(1 + below(AMOUNT_MAX))) : payment.amount,
    now,
  };
  const counted = createCountedDraw(draw, books, sessions);
  const closing = () => ({ ...entry, charges: counted.heldBy(session, entry.entry) });
  const visit = { id: payment.id, shard: sweepShard(payment.id), dueAt: instant(below(INSTANTS)) };
  const calls: readonly (() => BooksCall)[] = [
    () => ({ method: 'readSession', args: [draw() < 0.1 ? { ...session, managerId: 'other-0000000001' } : session] }),
    () => ({ method: 'readPayment', args: [payment.id] }),
    () => ({ method: 'readGate', args: [] }),
    () => ({
      method: 'putIntent',
      args: [{ ...payment, owner, leaseUntil: now, ...(draw() < 0.1 ? bornDenied(now) : {}) }],
    }),
    () => {
      const charges = draw() < 0.5 ? [] : counted.charges(entry.amount);
      const floor = draw() < 0.1 ? addMs(NOW, below(2)) : null;
      const rest = { leaseUntil: addMs(now, 2_000), floor, inFlightMax: 1 + below(4), prune: counted.prune(charges) };
      return { method: 'reserve', args: [{ ...entry, ...rest, charges }] };
    },
    () => ({
      method: 'takeOver',
      args: [
        {
          id: payment.id,
          attempt,
          owner,
          leaseUntil: now,
          offer: payment.offer,
          terms: payment.terms,
          ...drawApproval(draw),
        },
      ],
    }),
    () => ({ method: 'decide', args: [payment.id, attempt, drawVerdict(draw, now)] }),
    () => ({ method: 'settle', args: [draw() < 0.5 ? closing() : { ...closing(), mayReturn: true }] }),
    () => {
      const amount = entry.amount;
      const back = toMicroUsd(BigInt(below(Number(amount) + 1)));
      return { method: 'trueUp', args: [{ session: entry.session, entry: entry.entry, counted: amount, back, now }] };
    },
    () => ({ method: 'release', args: [closing()] }),
    counted.call,
    counted.call,
    () => drawFreeze(draw, books, now),
    () => ({ method: 'dueVisits', args: [draw() < 0.5 ? visit.shard : below(SWEEP_SHARDS), now, null] }),
    () => ({ method: 'hasVisits', args: [visit.shard] }),
    () => ({ method: 'dropVisit', args: [payment.id, attempt] }),
    () => ({ method: 'handOver', args: [payment.id, attempt, now] }),
    () => ({ method: 'postponeVisit', args: [payment.id, attempt, addMs(now, 3_000)] }),
    () => ({ method: 'putOff', args: [visit, addMs(now, 1_000)] }),
  ];
  // These end what they touch, so that they are rare.
  if (draw() < 0.004) return { method: 'supersede', args: [payment.id as PaymentId, attempt, now] };
  if (draw() < 0.002) return { method: 'deleteSession', args: [session, now] };
  return one(calls)();
}

function instant(index: number): EpochMs {
  return addMs(NOW, index * 1_000);
}

function drawApproval(draw: Draw): { readonly approval?: string } {
  return draw() < 0.3 ? { approval: draw() < 0.5 ? '1' : '2 question' } : {};
}

function drawVerdict(draw: Draw, at: EpochMs): Verdict {
  const budget = { available: toMicroUsd(3n), reserved: toMicroUsd(1n), spent: toMicroUsd(0n) };
  const kind = draw();
  // Mostly given up, so that the payment can be taken up again.
  if (kind < 0.6) return { status: 'ABORTED', at, ...drawApproval(draw) };
  if (kind < 0.85)
    return { status: 'SIGNED', signatures: [`0x${(draw() < 0.5 ? '11' : '22').repeat(65)}`], budget, at };
  const { available, reserved } = budget;
  return {
    status: 'DENIED',
    denial: { reason: 'budget_exceeded', requested: toMicroUsd(2n), available, reserved },
    at,
  };
}
