import { describe, expect, test } from 'vitest';
import { TRUE_UPS_AT_ONCE } from '../../../lib/domain/limits.ts';
import { toBaseUnits, toMicroUsd, type MicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type EntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Trace } from '../../../lib/domain/ports/schemes.ts';
import type { TrueUps } from '../../../lib/domain/ports/true-ups.ts';
import { trueUpSession } from '../../../lib/service/sweeping/true-up.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const empty = makeSession();
const exact = makePayment(empty);
const COUNTED = toMicroUsd(500_000n);
/** A signed payment whose facilitator may take less. */
const ceiling = (overrides: Partial<Payment> = {}): Payment => ({
  ...exact,
  id: makePayment(empty).id,
  offer: { ...exact.offer, facilitator: exact.offer.payTo } as Payment['offer'],
  amount: COUNTED,
  status: 'SIGNED',
  ...overrides,
});
const taken = (amount: bigint): Trace => ({ kind: 'used', amount: toBaseUnits(amount), transaction: '0x' });
const keyOf = ({ id, attempt }: Payment) => toEntryKey(id, attempt);

/** Books with payments of which each was counted, and a chain that shows one trace of each. */
function books(
  payments: readonly Payment[],
  traceOf: (payment: Payment) => Trace | Error,
  outcome: Awaited<ReturnType<TrueUps['trueUp']>> = 'done',
) {
  const requests: Parameters<TrueUps['trueUp']>[0][] = [];
  const traced: Payment[] = [];
  const due = new Map<EntryKey, MicroUsd>(payments.map((payment) => [keyOf(payment), COUNTED]));
  const run = (session: Session = { ...empty, returns: { due, givenBack: toMicroUsd(0n) } }) =>
    trueUpSession(
      {
        ledger: { readPayment: async (id) => payments.find((payment) => payment.id === id) ?? null },
        trueUps: {
          trueUp: async (request) => {
            requests.push(request);
            return outcome;
          },
        },
        trace: async (payment) => {
          traced.push(payment);
          const trace = traceOf(payment);
          if (trace instanceof Error) throw trace;
          return trace;
        },
        clock: createTestClock(NOW),
      },
      session,
    );
  return { run, requests, traced };
}

const NOTHING = { givenBack: 0n, closed: 0, open: 0, failures: [] };

describe('what comes back to a session', () => {
  test('is nothing where nothing was counted with a ceiling', async () => {
    const { run, traced } = books([], () => taken(0n));
    expect(await run(empty)).toEqual(NOTHING);
    expect(await run()).toEqual(NOTHING);
    expect(traced).toEqual([]);
  });

  test('is what was not taken of each payment, and the matter is closed', async () => {
    const [some, none, all] = [ceiling(), ceiling(), ceiling()];
    const amounts = new Map([
      [some.id, 120_000n],
      [none.id, 0n],
      [all.id, 500_000n],
    ]);
    const { run, requests } = books([some, none, all], ({ id }) => taken(amounts.get(id)!));
    expect(await run()).toEqual({ ...NOTHING, givenBack: 880_000n, closed: 3 });
    expect(requests.map(({ entry, counted, back, now }) => [entry, counted, back, now])).toEqual([
      [keyOf(some), COUNTED, 380_000n, NOW],
      [keyOf(none), COUNTED, 500_000n, NOW],
      [keyOf(all), COUNTED, 0n, NOW],
    ]);
    expect(requests[0]?.session.sessionId).toBe(empty.sessionId);
  });

  test('is not told twice: another run that was first has given it back', async () => {
    const { run, requests } = books([ceiling()], () => taken(0n), 'absent');
    expect(await run()).toEqual({ ...NOTHING, closed: 1 });
    expect(requests).toHaveLength(1);
  });

  test('is open while a payment may still be taken', async () => {
    const { run, requests } = books([ceiling(), ceiling()], () => ({ kind: 'open' }));
    expect(await run()).toEqual({ ...NOTHING, open: 2 });
    expect(requests).toEqual([]);
  });

  test('stays as it is where the chain cannot be asked, and the others go on', async () => {
    const [silent, answered] = [ceiling(), ceiling()];
    const failure = new Error('planted');
    const { run } = books([silent, answered], ({ id }) => (id === silent.id ? failure : taken(0n)));
    expect(await run()).toEqual({ givenBack: 500_000n, closed: 1, open: 0, failures: [failure] });
  });

  test('is asked of so many payments at once', async () => {
    const { run, traced } = books(
      Array.from({ length: TRUE_UPS_AT_ONCE + 1 }, () => ceiling()),
      () => ({ kind: 'open' }),
    );
    expect(await run()).toMatchObject({ open: TRUE_UPS_AT_ONCE });
    expect(traced).toHaveLength(TRUE_UPS_AT_ONCE);
  });
});

describe('nothing is asked or given back for an entry', () => {
  test.each<[string, Partial<Payment>]>([
    ['that was not signed', { status: 'ABORTED' }],
    ['that was signed for another amount', { amount: toMicroUsd(499_999n) }],
    ['whose seller takes all of it', { offer: exact.offer }],
  ])('of a payment %s', async (_what, overrides) => {
    const { run, traced, requests } = books([ceiling(overrides)], () => taken(0n));
    expect(await run()).toMatchObject({ closed: 0, failures: [{ message: expect.stringMatching(/not signed so$/) }] });
    expect([traced, requests]).toEqual([[], []]);
  });

  test('of another attempt, or of a payment that is not there', async () => {
    const payment = ceiling({ attempt: 2 });
    for (const entry of [toEntryKey(payment.id, 1), toEntryKey(makePayment(empty).id, 2)]) {
      const due = new Map([[entry, COUNTED]]);
      const { run, traced } = books([payment], () => taken(0n));
      const tally = await run({ ...empty, returns: { due, givenBack: toMicroUsd(0n) } });
      expect([tally.closed, tally.failures.length, traced]).toEqual([0, 1, []]);
    }
  });
});
