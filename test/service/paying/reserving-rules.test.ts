import { beforeEach, describe, expect, test } from 'vitest';
import { DUPLICATE_WAIT_MAX_MS, IN_FLIGHT_WAIT_MAX_MS, SIGN_BUDGET_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { drivePayment, type DriveDeps } from '../../../lib/service/paying/drive-payment.ts';
import { awaitOutcome, jitteredWaitMs } from '../../../lib/service/paying/payment-wait.ts';
import { reserveWithNewAttempts } from '../../../lib/service/paying/reservation.ts';
import { createPayingBench, standingOf } from '../../support/paying-bench.ts';
import { makeSession, NOW } from '../../support/payments.ts';

const HANDLER_MS = 15_000;
const usd = toMicroUsd;

let { model, clock, waits, deps, over, opened, crowded, intended } = createPayingBench();

beforeEach(() => {
  ({ model, clock, waits, deps, over, opened, crowded, intended } = createPayingBench());
});

async function reserve(used: DriveDeps, payment: Payment, floor: Payment['createdAt'] | null = null, ms = HANDLER_MS) {
  const session = (await model.readSession(payment)) ?? makeSession();
  return reserveWithNewAttempts(used, payment, { session, floor, charges: [], deadline: addMs(NOW, ms) });
}

describe('a wait', () => {
  test('is drawn between the shortest and a ceiling that doubles up to the longest', () => {
    const bounds = { minMs: 10, maxMs: 100 };
    const at = (fraction: number, step: number) => jitteredWaitMs({ fraction: () => fraction }, step, bounds);
    expect([at(0, 0), at(0.5, 0), at(0, 3), at(0.5, 2), at(1, 2), at(0.5, 9)]).toEqual([10, 10, 10, 25, 40, 55]);
  });

  describe('for another handler', () => {
    const pending = () => intendedBy(17_000);
    async function intendedBy(leaseMs: number): Promise<Payment> {
      return intended(await opened(), { leaseUntil: addMs(NOW, leaseMs) });
    }

    test('does not begin where the payment is decided, or its lease has ended', async () => {
      const decided = { ...(await pending()), status: 'ABORTED' } as const;
      expect(await awaitOutcome(deps, decided, addMs(NOW, HANDLER_MS))).toBe(decided);
      const ended = await intendedBy(0);
      expect(await awaitOutcome(deps, ended, addMs(NOW, HANDLER_MS))).toBe(ended);
      expect(waits).toEqual([]);
    });

    test('doubles its steps, and ends with the longest wait', async () => {
      expect(await awaitOutcome(deps, await pending(), addMs(NOW, HANDLER_MS))).toBeNull();
      expect(waits.slice(0, 5)).toEqual([25, 50, 100, 200, 200]);
      const waited = clock.now() - NOW;
      expect([waited <= DUPLICATE_WAIT_MAX_MS, waited + 200 > DUPLICATE_WAIT_MAX_MS]).toEqual([true, true]);
    });

    test('takes a step that ends just in time, and none that ends later', async () => {
      expect(await awaitOutcome(deps, await pending(), addMs(NOW, SIGN_BUDGET_MS + 25))).toBeNull();
      expect(waits).toEqual([25]);
      waits.length = 0;
      const later = addMs(clock.now(), SIGN_BUDGET_MS + 24);
      expect(await awaitOutcome(deps, await pending(), later)).toBeNull();
      expect(waits).toEqual([]);
    });

    test('ends with the lease, after which the payment may be taken over', async () => {
      const payment = await intendedBy(75);
      expect(await awaitOutcome(deps, payment, addMs(NOW, HANDLER_MS))).toEqual(payment);
      expect(waits).toEqual([25, 50]);
    });
  });

  describe('for a place', () => {
    test('doubles its steps up to the longest, and gives up in time', async () => {
      const payment = await intended(await crowded());
      const outcome = await reserve({ ...deps, inFlightMax: 1 }, payment);
      expect(outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'session' } });
      expect(waits.slice(0, 6)).toEqual([20, 40, 80, 160, 250, 250]);
      const waited = clock.now() - NOW;
      expect([waited <= IN_FLIGHT_WAIT_MAX_MS, waited + 250 > IN_FLIGHT_WAIT_MAX_MS]).toEqual([true, true]);
    });

    test('takes a step that ends just in time, and none that ends later', async () => {
      const payment = await intended(await crowded());
      await reserve({ ...deps, inFlightMax: 1 }, payment, null, SIGN_BUDGET_MS + 20);
      expect(waits).toEqual([20]);
      await reserve({ ...deps, inFlightMax: 1 }, payment, null, SIGN_BUDGET_MS + 20 + 19);
      expect(waits).toEqual([20]);
    });

    test('sends its reserve only once the session shows a place', async () => {
      const payment = await intended(await crowded());
      let [sent, looks] = [0, 0];
      const ledger: Partial<Ledger> = {
        reserve: (request) => {
          sent += 1;
          return model.reserve(request);
        },
        readSession: async (key) => {
          looks += 1;
          const session = (await model.readSession(key))!;
          if (looks < 3) return session;
          const [entry] = session.open.keys();
          await model.release({ session: key, entry: entry!, amount: usd(1n), charges: [], now: clock.now() });
          return model.readSession(key);
        },
      };
      expect((await reserve(over(ledger, { inFlightMax: 1 }), payment)).kind).toBe('reserved');
      expect([sent, looks]).toEqual([2, 3]);
    });

    test('goes on with longer steps where the place was gone again', async () => {
      const session = await opened();
      const payment = await intended(session);
      let refusals = 0;
      const ledger: Partial<Ledger> = {
        reserve: async (request) => {
          refusals += 1;
          return refusals <= 4 ? { kind: 'refused', session, short: [] } : model.reserve(request);
        },
      };
      expect((await reserve(over(ledger), payment)).kind).toBe('reserved');
      expect(waits).toEqual([20, 40, 80, 160]);
    });

    test('of a throttled reserve is bounded as well, and it stays the same attempt', async () => {
      const payment = await intended(await opened());
      const entries: string[] = [];
      const ledger: Partial<Ledger> = {
        reserve: async ({ entry }) => {
          entries.push(entry);
          throw new NotNow('planted');
        },
      };
      const outcome = await reserve(over(ledger), payment);
      expect(outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'session' } });
      expect(new Set(entries)).toEqual(new Set([toEntryKey(payment.id, 1)]));
      expect(entries.length).toBe(waits.length + 1);
    });
  });
});

describe('a reserve without an answer', () => {
  const lost = () => Promise.reject(new OutcomeUnknown('planted'));

  test('opens the next attempt, three in all, and then is unknown', async () => {
    const payment = await intended(await opened());
    const entries: string[] = [];
    const ledger: Partial<Ledger> = {
      reserve: ({ entry }) => {
        entries.push(entry);
        return lost();
      },
    };
    const outcome = await reserve(over(ledger), payment);
    expect(outcome).toMatchObject({ kind: 'unknown', payment: { attempt: 3 }, cause: { message: 'planted' } });
    expect(entries).toEqual([1, 2, 3].map((attempt) => toEntryKey(payment.id, attempt)));
  });

  test('is a reservation where the session shows its entry', async () => {
    const payment = await intended(await opened());
    const ledger: Partial<Ledger> = {
      reserve: async (request) => {
        await model.reserve(request);
        return lost();
      },
    };
    const budget = { available: 9_500_000n, reserved: 500_000n, spent: 0n };
    expect(await reserve(over(ledger), payment)).toMatchObject({ kind: 'reserved', payment: { attempt: 1 }, budget });
  });

  test('is unknown where the session cannot be read either', async () => {
    const payment = await intended(await opened());
    const outcome = await reserve(over({ reserve: lost, readSession: lost }), payment);
    expect(outcome).toMatchObject({ kind: 'unknown', payment: { attempt: 3 } });
  });

  test('ends the matter where somebody else has taken the payment over', async () => {
    const payment = await intended(await opened());
    const takeOver = async () => ({ kind: 'lost', payment }) as const;
    const outcome = await reserve(over({ reserve: lost, takeOver }), payment);
    expect(outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'payment' } });
  });

  test('is told with its cause once no attempt is left, and the payment is aborted', async () => {
    const session = await opened();
    const payment = await intended(session);
    const driven = drivePayment(over({ reserve: lost }), payment, standingOf(session), {
      deadline: addMs(NOW, HANDLER_MS),
      charges: [],
    });
    await expect(driven).rejects.toMatchObject({ name: 'OutcomeUnknown', cause: { message: 'planted' } });
    expect((await model.readPayment(payment.id))?.status).toBe('ABORTED');
  });
});

test('a reserve that fails otherwise is nobody to wait for: the failure is thrown, and the payment aborted', async () => {
  const payment = await intended(await opened());
  const bug = () => Promise.reject(new TypeError('planted'));
  await expect(reserve(over({ reserve: bug }), payment)).rejects.toThrow(TypeError);
  expect((await model.readPayment(payment.id))?.status).toBe('ABORTED');
});

describe('a refused reserve says', () => {
  const refusalOf = async (payment: Payment, floor: Payment['createdAt'] | null = null) => {
    const outcome = await reserve(deps, payment, floor);
    return outcome.kind === 'given_up' ? outcome.refusal : outcome.kind;
  };

  test('that the session is gone, or deleted', async () => {
    await opened();
    const gone = await intended(makeSession());
    expect(await refusalOf(gone)).toEqual({ reason: 'session_not_found' });
    expect(await refusalOf(await intended(await opened({ deleted: true })))).toEqual({ reason: 'session_not_found' });
  });

  test('that it has expired', async () => {
    const session = await opened({ expiresAt: NOW });
    expect(await refusalOf(await intended(session))).toEqual({ reason: 'session_expired', expiresAt: NOW });
  });

  test('that it was opened before the floor, and not at it', async () => {
    const session = await opened({ limit: usd(1n) });
    const floor = addMs(session.createdAt, 1);
    expect(await refusalOf(await intended(session), floor)).toEqual({ reason: 'session_below_floor', floor });
    expect(await refusalOf(await intended(session), session.createdAt)).toBe('denied');
  });

  test('that there is no money, and not where the money is just enough and a place is missing', async () => {
    const poor = await opened({ limit: usd(499_999n) });
    expect(await refusalOf(await intended(poor))).toBe('denied');
    const just = await intended(await crowded(usd(500_000n)));
    const outcome = await reserve({ ...deps, inFlightMax: 1 }, just);
    expect(outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'session' } });
  });
});
