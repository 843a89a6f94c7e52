import { describe, expect, test } from 'vitest';
import { SCRUB_ENTRIES_MAX, SCRUB_LIVE_ENTRIES_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { toEntryKey, type EntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { OpenEntry, Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { forEachAtOnce } from '../../../lib/service/sweeping/at-once.ts';
import {
  abandonIfDead,
  entryAction,
  openEntriesOf,
  releaseEarlierAttempts,
  scrubSession,
  type RecoveryDeps,
} from '../../../lib/service/sweeping/recovery.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const session = makeSession();
const held = (leaseMs = 0): OpenEntry => ({
  amount: toMicroUsd(1n),
  leaseUntil: addMs(NOW, leaseMs),
  charges: [],
});
const holding = (...open: readonly (readonly [EntryKey, OpenEntry])[]): Session => ({
  ...session,
  open: new Map(open),
});

/** A ledger that knows some payments, and what was asked of it. */
function books(payments: readonly Payment[], fail: ReadonlySet<string> = new Set()) {
  const done: string[] = [];
  const read: string[] = [];
  const close =
    (how: string) => async (request: { readonly entry: string; readonly amount: bigint; readonly now: number }) => {
      done.push(`${how} ${request.entry} ${request.amount} ${request.now}`);
      return 'done' as const;
    };
  const deps: RecoveryDeps = {
    clock: createTestClock(NOW),
    ledger: {
      readPayment: async (id) => {
        read.push(id);
        if (fail.has(id)) throw new NotNow(id);
        return payments.find((payment) => payment.id === id) ?? null;
      },
      decide: async (id, attempt, verdict) => {
        done.push(`${verdict.status} ${id}#${attempt} ${verdict.at}`);
        const payment = payments.find((each) => each.id === id)!;
        return { kind: 'decided', payment: { ...payment, status: verdict.status } };
      },
      settle: close('settle'),
      release: close('release'),
    },
  };
  return { deps, done, read };
}

test.each([
  ['PENDING', 1, 'leave'],
  ['SIGNED', 1, 'settle'],
  ['ABORTED', 1, 'release'],
  ['DENIED', 1, 'release'],
  ['SIGNED', 2, 'release'],
  ['PENDING', 2, 'release'],
] as const)('the entry of attempt 1 of a payment that is %s at attempt %d: %s', (status, attempt, action) => {
  expect(entryAction(1, makePayment(session, { status, attempt }))).toBe(action);
});

test('an entry without a payment is released', () => {
  expect(entryAction(1, null)).toBe('release');
});

test('a payment is abandoned at the instant at which its lease ends, and only while it is pending', async () => {
  const dead = makePayment(session, { leaseUntil: NOW });
  const { deps, done } = books([dead]);
  expect((await abandonIfDead(deps, dead, NOW)).status).toBe('ABORTED');
  expect(done).toEqual([`ABORTED ${dead.id}#1 ${NOW}`]);
  const alive = makePayment(session, { leaseUntil: addMs(NOW, 1) });
  expect(await abandonIfDead(deps, alive, NOW)).toBe(alive);
  const signed = makePayment(session, { leaseUntil: NOW, status: 'SIGNED' });
  expect(await abandonIfDead(deps, signed, NOW)).toBe(signed);
  expect(done).toHaveLength(1);
});

describe('a scrub of a session', () => {
  const stale = (count: number) =>
    Array.from({ length: count }, (_, at) => makePayment(session, { leaseUntil: addMs(NOW, -at) }));
  const entriesOf = (payments: readonly Payment[]) =>
    payments.map(
      ({ id, leaseUntil }) => [toEntryKey(id, 1), { amount: toMicroUsd(1n), leaseUntil, charges: [] }] as const,
    );

  test('finishes what is past its lease, at its very end too, and nothing before it', async () => {
    const [ended, live] = [
      makePayment(session, { leaseUntil: NOW }),
      makePayment(session, { leaseUntil: addMs(NOW, 1) }),
    ];
    const { deps, done } = books([ended, live]);
    expect(await scrubSession(deps, holding(...entriesOf([ended, live])))).toBe(1);
    const entry = toEntryKey(ended.id, 1);
    expect(done).toEqual([`ABORTED ${entry} ${NOW}`, `release ${entry} 1 ${NOW}`]);
  });

  test('looks at so many at most, the oldest leases first', async () => {
    const payments = stale(SCRUB_ENTRIES_MAX + 2);
    const { deps, read } = books(payments);
    expect(await scrubSession(deps, holding(...entriesOf(payments)))).toBe(SCRUB_ENTRIES_MAX);
    expect(read).toEqual(
      payments
        .toReversed()
        .slice(0, SCRUB_ENTRIES_MAX)
        .map(({ id }) => id),
    );
  });

  test('counts what it closed although something failed, and throws where nothing was closed', async () => {
    const [first, second] = stale(2) as [Payment, Payment];
    const some = books([first, second], new Set([first.id]));
    expect(await scrubSession(some.deps, holding(...entriesOf([first, second])))).toBe(1);
    const none = books([first, second], new Set([first.id, second.id]));
    await expect(scrubSession(none.deps, holding(...entriesOf([first, second])))).rejects.toThrow(NotNow);
    expect(await scrubSession(none.deps, holding())).toBe(0);
  });

  test('for a place looks at live entries behind its own name, some at a time, each once, and then anew', async () => {
    const live = Array.from({ length: SCRUB_LIVE_ENTRIES_MAX + 2 }, () =>
      makePayment(session, { leaseUntil: addMs(NOW, 1_000) }),
    ).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const { deps, read } = books(live);
    const full = holding(...entriesOf(live).toReversed());
    const search = { own: toEntryKey(live[1]!.id, 1), busy: new Set<EntryKey>() };
    expect(await scrubSession(deps, full, search)).toBe(0);
    const around = [...live.slice(1), live[0]!].map(({ id }) => id);
    expect(read).toEqual(around.slice(0, SCRUB_LIVE_ENTRIES_MAX));
    expect(search.busy.size).toBe(SCRUB_LIVE_ENTRIES_MAX);
    await scrubSession(deps, full, search);
    expect(read).toEqual(around);
    await scrubSession(deps, full, search);
    expect([read.length, search.busy.size]).toEqual([around.length, 0]);
    await scrubSession(deps, full, search);
    expect(read.slice(around.length)).toEqual(around.slice(0, SCRUB_LIVE_ENTRIES_MAX));
  });

  test('for a place settles what is signed before its lease has ended', async () => {
    const signed = makePayment(session, { status: 'SIGNED', leaseUntil: addMs(NOW, 1_000) });
    const { deps, done } = books([signed]);
    const full = holding(...entriesOf([signed]));
    expect(await scrubSession(deps, full)).toBe(0);
    expect(await scrubSession(deps, full, { own: 'x#1', busy: new Set() })).toBe(1);
    expect(done).toEqual([`settle ${toEntryKey(signed.id, 1)} 1 ${NOW}`]);
  });
});

test('the entries of a payment are those of its attempts up to the present one', () => {
  const payment = makePayment(session, { attempt: 3 });
  const entries = [1, 3, 4].map((attempt) => [toEntryKey(payment.id, attempt), held()] as const);
  expect(openEntriesOf(payment, holding(...entries, ['other#1', held()]))).toEqual(entries.slice(0, 2));
});

test('a take-over gives back what earlier attempts hold, and leaves its own', async () => {
  const payment = makePayment(session, { attempt: 3 });
  const { deps, done } = books([payment]);
  const entries = [1, 2, 3].map((attempt) => [toEntryKey(payment.id, attempt), held()] as const);
  await releaseEarlierAttempts(deps, payment, holding(...entries));
  expect(done).toEqual([1, 2].map((attempt) => `release ${toEntryKey(payment.id, attempt)} 1 ${NOW}`));
});

test('work is done on each item in order, on so many at a time', async () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const all = forEachAtOnce(['a', 'b', 'c'], 2, (item, position) => {
    begun.push(`${item}${position}`);
    return new Promise((resolve) => void ends.push(resolve));
  });
  expect(begun).toEqual(['a0', 'b1']);
  ends[0]!();
  await Promise.resolve();
  await Promise.resolve();
  expect(begun).toEqual(['a0', 'b1', 'c2']);
  ends[1]!();
  ends[2]!();
  await all;
  await forEachAtOnce([], 2, () => Promise.reject(new Error('there is nothing to do')));
});
