import { expect, test } from 'vitest';
import { TRUE_UP_PAGES_MAX, TRUE_UP_WAIT_MAX_MS, TRUE_UP_WAIT_MIN_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import { trueUpDue, type TrueUpRunDeps } from '../../../lib/service/sweeping/true-up-run.ts';
import { ceilingOf } from '../../support/ceilings.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

/** Visits that show these pages, one after the other, and then none; payments that the books know. */
function world(pages: readonly (readonly string[])[], payments: readonly Payment[] = []) {
  const clock = createTestClock(NOW);
  const [putOff, dropped, traced]: [[string, EpochMs][], string[], string[]] = [[], [], []];
  let asked = 0;
  const at = { dropping: (): void => undefined, tracing: (): void => undefined };
  const session = makeSession({ limit: toMicroUsd(1_000_000n) });
  const due = new Map(payments.map(({ id, attempt, amount }) => [toEntryKey(id, attempt), amount]));
  const deps = {
    ledger: {
      readPayment: async (id: string) => payments.find((each) => each.id === id) ?? null,
      readSession: async () => ({ ...session, returns: { due, givenBack: toMicroUsd(0n) } }),
    },
    visits: {
      due: async () => {
        const page = pages[asked] ?? [];
        asked += 1;
        return page.map((id) => ({ id, dueAt: NOW }));
      },
      drop: async ({ id }: { id: string }) => {
        dropped.push(id);
        at.dropping();
      },
      putOff: async ({ id }: { id: string }, until: EpochMs) => void putOff.push([id, until]),
    },
    trace: async ({ id }: Payment) => {
      traced.push(id);
      at.tracing();
      return { kind: 'open' };
    },
    clock,
    report: () => undefined,
  } as unknown as TrueUpRunDeps;
  const run = (ms = 30_000) => trueUpDue(deps, addMs(NOW, ms));
  return { run, clock, at, putOff, dropped, traced, asked: () => asked };
}

const signed = (overrides: Partial<Payment> = {}): Payment =>
  ceilingOf(makePayment(makeSession(), { status: 'SIGNED', ...overrides }), 50_000n);

test('page after page is seen to, and what a page shows again is not', async () => {
  const { run, dropped } = world([
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ]);
  expect(await run()).toEqual({ visited: 4, closed: 4, failed: 0, givenBack: 0n });
  expect(dropped).toEqual(['a', 'b', 'c', 'd']);
});

test('a run ends with the first page that shows nothing new, and after so many pages in any case', async () => {
  const idle = world([]);
  expect(await idle.run()).toMatchObject({ visited: 0 });
  expect(idle.asked()).toBe(1);
  const endless = world(Array.from({ length: TRUE_UP_PAGES_MAX + 3 }, (_, page) => [`payment ${page}`]));
  expect(await endless.run()).toMatchObject({ visited: TRUE_UP_PAGES_MAX });
});

test('no page is asked for once the time is up, to the millisecond', async () => {
  const late = world([['a'], ['b']]);
  late.at.dropping = () => late.clock.advance(30_000);
  expect(await late.run()).toMatchObject({ visited: 1 });
  expect(late.asked()).toBe(1);
  const inTime = world([['a'], ['b']]);
  inTime.at.dropping = () => inTime.clock.advance(14_999);
  expect(await inTime.run()).toMatchObject({ visited: 2 });
});

test('a payment whose chain cannot be asked is come back to after a quarter of the longest wait', async () => {
  const payment = signed();
  const { run, at, putOff } = world([[payment.id]], [payment]);
  at.tracing = () => {
    throw new Error('no answer');
  };
  expect(await run()).toMatchObject({ failed: 1 });
  expect(putOff).toEqual([[payment.id, addMs(NOW, TRUE_UP_WAIT_MAX_MS / 4)]]);
});

test('one that may still be settled is come back to after a quarter of its age', async () => {
  const age = 2 * (TRUE_UP_WAIT_MIN_MS + TRUE_UP_WAIT_MAX_MS);
  const payment = signed({ createdAt: addMs(NOW, -age) });
  const { run, putOff } = world([[payment.id]], [payment]);
  expect(await run()).toMatchObject({ visited: 1, closed: 0 });
  expect(putOff).toEqual([[payment.id, addMs(NOW, age / 4)]]);
});

test('of what was not signed, and of what is owed whole, no chain is asked', async () => {
  const whole = makePayment(makeSession(), { status: 'SIGNED' });
  const denied = signed({ status: 'ABORTED' });
  const { run, traced, dropped } = world([[whole.id, denied.id]], [whole, denied]);
  expect(await run()).toMatchObject({ visited: 2, closed: 2, givenBack: 0n });
  expect(traced).toEqual([]);
  expect(dropped).toHaveLength(2);
});
