import { beforeEach, describe, expect, test } from 'vitest';
import { SCRUB_ROUNDS_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { reserveWithNewAttempts } from '../../../lib/service/paying/reservation.ts';
import { createPayingBench } from '../../support/paying-bench.ts';
import { NOW } from '../../support/payments.ts';

// A payment that finds its session full, or without money, finishes what others have left there.

let { model, clock, waits, deps, over, crowded, intended } = createPayingBench();

beforeEach(() => {
  ({ model, clock, waits, deps, over, crowded, intended } = createPayingBench());
});

const FULL = { inFlightMax: 1 };
async function reserve(used: typeof deps, payment: Payment) {
  const session = (await model.readSession(payment))!;
  return reserveWithNewAttempts(used, payment, { session, floor: null, charges: [], deadline: addMs(NOW, 60_000) });
}

/** The payment that holds the only place. */
async function otherOf({ open }: Session): Promise<Payment> {
  const [entry = ''] = open.keys();
  return (await model.readPayment(entry.slice(0, entry.lastIndexOf('#')) as Payment['id']))!;
}

const signed = (payment: Payment): Payment => ({ ...payment, status: 'SIGNED', signatures: ['0x11'] });

test('a place whose payment is decided is taken at once, before its lease has ended', async () => {
  const session = await crowded();
  const other = await otherOf(session);
  const readPayment: Ledger['readPayment'] = async () => signed(other);
  expect((await reserve(over({ readPayment }, FULL), await intended(session))).kind).toBe('reserved');
  expect(waits).toEqual([]);
  expect((await model.readSession(session))?.budget.spent).toBe(1n);
});

test('a place that is decided while somebody waits for it is taken then', async () => {
  const session = await crowded();
  const other = await otherOf(session);
  let looks = 0;
  const readPayment: Ledger['readPayment'] = async () => {
    looks += 1;
    return looks > 3 ? signed(other) : other;
  };
  expect((await reserve(over({ readPayment }, FULL), await intended(session))).kind).toBe('reserved');
  expect(waits.length).toBeGreaterThan(0);
});

test('for want of money nobody looks at payments that are at work', async () => {
  const session = await crowded(toMicroUsd(0n));
  const asked: string[] = [];
  const readPayment: Ledger['readPayment'] = (id) => {
    asked.push(id);
    return model.readPayment(id);
  };
  expect((await reserve(over({ readPayment }), await intended(session))).kind).toBe('denied');
  expect(asked).toEqual([]);
});

describe('where what is left cannot be finished', () => {
  /** A look at what holds the place fails, past its lease. */
  async function failing(error: Error, available?: bigint) {
    const session = await crowded(available === undefined ? undefined : toMicroUsd(available));
    const payment = await intended(session);
    clock.advance(20_000);
    let sent = 0;
    const ledger: Partial<Ledger> = {
      readPayment: async () => {
        throw error;
      },
      reserve: (request) => {
        sent += 1;
        return model.reserve(request);
      },
    };
    return { outcome: reserve(over(ledger, FULL), payment), sent: () => sent };
  }

  test.each([new NotNow('planted'), new OutcomeUnknown('planted')])(
    'a payment waits on that has money and wants a place: %o',
    async (error) => {
      const { outcome, sent } = await failing(error);
      expect(await outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'session' } });
      expect(sent()).toBe(1);
    },
  );

  test.each([new NotNow('planted'), new OutcomeUnknown('planted')])(
    'a payment without money is not denied, which would be final: %o',
    async (error) => {
      const { outcome } = await failing(error, 0n);
      await expect(outcome).rejects.toBe(error);
    },
  );

  test('a bug is thrown, whatever the payment wants', async () => {
    const error = new TypeError('planted');
    await expect((await failing(error)).outcome).rejects.toBe(error);
    await expect((await failing(error, 0n)).outcome).rejects.toBe(error);
  });
});

test('a session that never shows the room that was made is scrubbed so many times, and no more', async () => {
  const session = await crowded();
  const payment = await intended(session);
  clock.advance(20_000);
  let released = 0;
  const ledger: Partial<Ledger> = {
    reserve: async () => ({ kind: 'refused', session, short: [] }),
    readSession: async () => session,
    readPayment: async () => null,
    release: async () => {
      released += 1;
      return 'done';
    },
  };
  const outcome = await reserve(over(ledger, FULL), payment);
  expect(outcome).toMatchObject({ kind: 'given_up', refusal: { reason: 'busy', what: 'session' } });
  expect(released).toBe(SCRUB_ROUNDS_MAX);
});
