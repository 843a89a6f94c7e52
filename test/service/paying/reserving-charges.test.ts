import { beforeEach, describe, expect, test } from 'vitest';
import { CHARGES_MAX, WINDOW_ROUNDS_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Charge, SessionCharge, WindowCharge } from '../../../lib/domain/payment/charge.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { InvariantViolated } from '../../../lib/domain/invariant.ts';
import { shownDenial } from '../../../lib/service/paying/denial.ts';
import type { DriveDeps } from '../../../lib/service/paying/drive-payment.ts';
import { reserveWithNewAttempts } from '../../../lib/service/paying/reservation.ts';
import { COUNTS_NOTHING } from '../../../lib/service/policing/in-force.ts';
import { createPayingBench } from '../../support/paying-bench.ts';
import { NOW } from '../../support/payments.ts';

// A reserve that is charged to counters of the session and of windows that it shares.

let { model, clock, waits, deps, over, opened, intended, crowded } = createPayingBench();

beforeEach(() => {
  ({ model, clock, waits, deps, over, opened, intended, crowded } = createPayingBench());
});

const cap = (max: bigint, key = 'payeeCap'): SessionCharge => ({ kind: 'session', key, quantity: 500_000n, max });
const day = (max: bigint): WindowCharge => ({
  kind: 'window',
  key: 'userDay0',
  opensAt: NOW,
  closesAt: addMs(NOW, 3_600_000),
  quantity: 500_000n,
  max,
});
const busyWindow = { kind: 'given_up', refusal: { reason: 'busy', what: 'window' } };

function reserve(used: DriveDeps, payment: Payment, session: Session, charges: readonly Charge[]) {
  return reserveWithNewAttempts(used, payment, { session, floor: null, charges, deadline: addMs(NOW, 60_000) });
}

/** Counts the reserves that are sent. */
function counting(answer: Ledger['reserve'] = model.reserve) {
  const sent = { count: 0 };
  const ledger: Partial<Ledger> = {
    reserve: (request) => {
      sent.count += 1;
      return answer(request);
    },
  };
  return { sent, ledger };
}

test('a payment is charged to so many counters, and one more is a fault of ours', async () => {
  const charges = (count: number) => Array.from({ length: count }, (_, at) => cap(900_000n, `cap-${at}`));
  const session = await opened();
  expect((await reserve(deps, await intended(session), session, charges(CHARGES_MAX))).kind).toBe('reserved');
  const tooMany = reserve(deps, await intended(session), session, charges(CHARGES_MAX + 1));
  await expect(tooMany).rejects.toThrow(InvariantViolated);
});

describe('a counter of the session without room', () => {
  test('denies with its own figures, whatever else has room', async () => {
    const session = await opened({ counters: new Map([['payeeCap', 300_000n]]) });
    const outcome = await reserve(deps, await intended(session), session, [cap(900_000n, 'toolCap0'), cap(700_000n)]);
    expect(outcome).toMatchObject({
      kind: 'denied',
      denial: { reason: 'policy_exceeded', key: 'payeeCap', max: 700_000n, used: 300_000n, asked: 500_000n },
    });
    const fresh = await opened();
    expect(await reserve(deps, await intended(fresh), fresh, [cap(1n)])).toMatchObject({ denial: { used: 0n } });
    expect(waits).toEqual([]);
  });

  test('is no denial where what was left behind could not be finished', async () => {
    const session = await crowded();
    const payment = await intended(session);
    clock.advance(20_000);
    const used = over({ readPayment: () => Promise.reject(new NotNow('planted')) });
    await expect(reserve(used, payment, session, [cap(1n)])).rejects.toThrow('planted');
  });
});

describe('a denial that the session shows', () => {
  const shown = (session: Session, charges: readonly Charge[]) =>
    shownDenial({ clock, inFlightMax: 64 }, session, { amount: toMicroUsd(500_000n) }, { ...COUNTS_NOTHING, charges });

  test('is that of its counter, up to the last millionth', async () => {
    const session = await opened({ counters: new Map([['payeeCap', 300_000n]]) });
    expect(shown(session, [day(1n), cap(800_000n)])).toBeNull();
    expect(shown(session, [day(1n), cap(799_999n)])).toEqual({
      reason: 'policy_exceeded',
      key: 'payeeCap',
      max: 799_999n,
      used: 300_000n,
      asked: 500_000n,
    });
    expect(shown(session, [cap(1n, 'toolCap0')])).toMatchObject({ key: 'toolCap0', used: 0n });
  });

  test('is that of the money, where both are short', async () => {
    const session = await opened({ limit: toMicroUsd(499_999n) });
    expect(shown(session, [cap(1n)])).toMatchObject({ reason: 'budget_exceeded', available: 499_999n });
  });
});

describe('a window that the session has too little of', () => {
  test('is asked before the reserve, which is sent once', async () => {
    const session = await opened();
    const { sent, ledger } = counting();
    expect((await reserve(over(ledger), await intended(session), session, [day(900_000n)])).kind).toBe('reserved');
    expect(sent.count).toBe(1);
  });

  test('is asked after the reserve where the session had enough when it was read, and nobody waits', async () => {
    const stale = await opened({
      windows: new Map([
        ['userDay0', { free: 500_000n, used: 0n, number: 1, limit: 900_000n, closesAt: addMs(NOW, 3_600_000) }],
      ]),
    });
    const session = await opened({ ...stale, windows: new Map() });
    const { sent, ledger } = counting();
    const outcome = await reserve(over(ledger), await intended(session), stale, [day(900_000n)]);
    expect(outcome.kind).toBe('reserved');
    expect([sent.count, waits]).toEqual([2, []]);
  });

  test('that cannot be told of in time is busy, and nothing is reserved', async () => {
    const session = await opened();
    const { sent, ledger } = counting();
    const windows = { ...deps.windows, change: () => Promise.reject(new NotNow('planted')) };
    const outcome = await reserve(over(ledger, { windows }), await intended(session), session, [day(900_000n)]);
    expect(outcome).toMatchObject(busyWindow);
    expect(sent.count).toBe(0);
  });

  test('that gives and whose reserve is refused all the same is asked so many times, and no more', async () => {
    const session = await opened();
    const charge = day(900_000n);
    const { sent, ledger } = counting(async () => ({ kind: 'refused', session, short: [charge] }));
    const windows = { ...deps.windows, change: async () => 'changed' as const };
    const outcome = await reserve(over(ledger, { windows }), await intended(session), session, [charge]);
    expect(outcome).toMatchObject(busyWindow);
    expect(sent.count).toBe(WINDOW_ROUNDS_MAX);
  });
});
