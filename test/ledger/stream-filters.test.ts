import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toEvent } from '../../lib/events/event.ts';
import { EVENT_FILTERS } from '../../lib/ledger/dynamodb/books/stream-filters.ts';
import type { StreamImage, StreamRecord } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import { assertPattern, fits } from '../../lib/local/triggers/stream-filter.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { newPayment, paymentChange, sessionChange } from '../events/records.ts';

const passes = (record: StreamRecord) => EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), record));

const STEPS = ['reserve', 'settle', 'release', 'end', 'delete'] as const;
type Step = (typeof STEPS)[number];
interface Books {
  readonly session: Session;
  /** Whether the sweeper has ended it. */
  readonly ended: boolean;
}

const LIMIT = 3n;

/** What the books make of a step, or `null` where its condition fails and nothing is written. */
function take({ session, ended }: Books, step: Step, amount: bigint): Books | null {
  const { available, reserved, spent } = session.budget;
  const money = (av: bigint, rs: bigint, sp: bigint): Books => ({
    ended,
    session: {
      ...session,
      updatedAt: addMs(session.updatedAt, 1),
      budget: { available: toMicroUsd(av), reserved: toMicroUsd(rs), spent: toMicroUsd(sp) },
    },
  });
  switch (step) {
    case 'reserve':
      return session.deleted || ended || available! < amount
        ? null
        : money(available! - amount, reserved + amount, spent);
    case 'settle':
      return reserved < amount ? null : money(available!, reserved - amount, spent + amount);
    case 'release':
      return reserved < amount ? null : money(available! + amount, reserved - amount, spent);
    case 'end':
      return session.deleted || ended ? null : { session, ended: true };
    case 'delete':
      return session.deleted ? null : { session: { ...session, deleted: true }, ended };
  }
}

/** The changes that the steps make. */
function play(steps: readonly (readonly [Step, bigint])[]): StreamRecord[] {
  const records: StreamRecord[] = [];
  let books: Books = { session: makeSession({ limit: toMicroUsd(LIMIT) }), ended: false };
  for (const [step, amount] of steps) {
    const next = take(books, step, amount);
    if (next === null) continue;
    records.push(
      sessionChange(books.session, next.session, {
        ended: [...(books.ended ? (['before'] as const) : []), ...(next.ended ? (['after'] as const) : [])],
      }),
    );
    books = next;
  }
  return records;
}

const anySteps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.bigInt(1n, LIMIT)), { maxLength: 30 });

describe('the filters let through what makes an event, and nothing else', () => {
  test('of sessions, whatever happens to them; and each event of a session comes once', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const records = play(steps);
        for (const record of records) expect([passes(record), record]).toEqual([toEvent(record) !== null, record]);
        const types = records.flatMap((record) => toEvent(record)?.type ?? []);
        expect(new Set(types).size).toBe(types.length);
      }),
      { numRuns: 300 },
    );
  });

  test('such as both events of a session that is used up and then ends', () => {
    const records = play([
      ['reserve', LIMIT],
      ['settle', LIMIT],
      ['reserve', 1n],
      ['end', 1n],
      ['end', 1n],
    ]);
    expect(records.map((record) => toEvent(record)?.type ?? null)).toEqual([
      null,
      'session.exhausted',
      'session.expired',
    ]);
    expect(records.map(passes)).toEqual([false, true, true]);
  });

  test('such as nothing of a deleted session whose last reservation is spent', () => {
    const records = play([
      ['reserve', LIMIT],
      ['delete', 1n],
      ['settle', LIMIT],
    ]);
    expect(records.map((record) => [passes(record), toEvent(record)])).toEqual(records.map(() => [false, null]));
  });

  test('such as nothing of a session that is used up, once it has ended and is audited', () => {
    const budget = { available: toMicroUsd(0n), reserved: toMicroUsd(0n), spent: toMicroUsd(LIMIT) };
    const session = makeSession({ limit: toMicroUsd(LIMIT), budget });
    const audit = sessionChange(session, session, { ended: ['before', 'after'] });
    expect([passes(audit), toEvent(audit)]).toEqual([false, null]);
  });

  test('of payments, from any state to any other', () => {
    const pending = makePayment(makeSession());
    const decidedAt = addMs(NOW, 1);
    const denial = { reason: 'budget_exceeded', requested: pending.amount, available: toMicroUsd(0n) } as const;
    const states: Payment[] = [
      pending,
      { ...pending, status: 'SIGNED', decidedAt, signatures: [`0x${'11'.repeat(65)}`] },
      { ...pending, status: 'DENIED', decidedAt, denial: { ...denial, reserved: toMicroUsd(0n) } },
      { ...pending, status: 'ABORTED', decidedAt },
    ];
    const changes = states.flatMap((from) => states.map((to) => paymentChange(from, to)));
    const told = changes.filter((change) => toEvent(change) !== null);
    expect(told).toHaveLength(2);
    expect(changes.filter(passes)).toEqual(told);

    const births = states.map(newPayment);
    const toldAtBirth = births.filter((birth) => toEvent(birth) !== null);
    expect(toldAtBirth.map((birth) => toEvent(birth)?.type)).toEqual(['payment.denied']);
    expect(births.filter(passes)).toEqual(toldAtBirth);
  });

  test('of no other kind of item, though its changes look alike', () => {
    const pending = makePayment(makeSession());
    const signed: Payment = { ...pending, status: 'SIGNED', decidedAt: NOW, signatures: ['0x11'] };
    const told = [
      paymentChange(pending, signed),
      ...play([
        ['reserve', LIMIT],
        ['settle', LIMIT],
        ['end', 1n],
      ]).slice(1),
    ];
    expect(told.map(passes)).toEqual([true, true, true]);
    const pk = { S: 'GATE' };
    const others = told.map(({ dynamodb, ...record }) => ({
      ...record,
      dynamodb: { ...dynamodb, OldImage: { ...dynamodb.OldImage, pk }, NewImage: { ...dynamodb.NewImage, pk } },
    }));
    expect(others.map(passes)).toEqual([false, false, false]);
  });

  test('of the gate, where something is frozen or thawed, and of nothing else that counts its changes', () => {
    const gate = { pk: { S: 'GATE' }, v: { N: '1' }, id: { S: '0'.repeat(32) } };
    const last = { k: { S: 'manager#m' }, st: { S: 'F' }, si: { N: '1' }, at: { N: '1' }, by: { S: 'grace' } };
    const told = { ...gate, rv: { N: '1' }, lc: { M: last } };
    const change = (before: StreamImage, after: StreamImage): StreamRecord => ({
      eventName: 'MODIFY',
      dynamodb: { SequenceNumber: '1', OldImage: before, NewImage: after },
    });
    const frozen = change(gate, told);
    expect([passes(frozen), toEvent(frozen)?.type]).toEqual([true, 'freeze.started']);
    const raised = change(gate, { ...gate, fl: { N: '1' } });
    expect([passes(raised), toEvent(raised)]).toEqual([false, null]);
    expect(passes(change(gate, { ...told, rv: { N: '0' } }))).toBe(false);
    const window = { ...told, pk: { S: 'WIN#m#key' } };
    expect([passes(change({ ...window, rv: { N: '0' } }, window)), passes({ ...frozen, eventName: 'INSERT' })]).toEqual(
      [false, false],
    );
  });
});
