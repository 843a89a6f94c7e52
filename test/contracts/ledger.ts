import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Ledger, Verdict } from '../../lib/domain/ports/books.ts';
import { toEntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import { assertSessionBalances, type Session } from '../../lib/domain/payment/session.ts';
import { addMs, toEpochSeconds } from '../../lib/domain/time.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Puts a new session into the books. */
  readonly open: (session: Session) => Promise<void>;
}

const usd = (micro: bigint) => toMicroUsd(micro);
const SIGNATURE = `0x${'11'.repeat(65)}` as const;

/** What every ledger must do, whatever stands behind it. */
export function ledgerContract(name: string, make: () => Promise<LedgerUnderTest>): void {
  describe(`${name} keeps the ledger contract:`, () => {
    let ledger: Ledger;
    let open: LedgerUnderTest['open'];

    beforeEach(async () => {
      ({ ledger, open } = await make());
    });

    async function opened(overrides: Partial<Session> = {}): Promise<Session> {
      const session = makeSession(overrides);
      await open(session);
      return session;
    }

    async function intended(session: Session, overrides: Partial<Payment> = {}): Promise<Payment> {
      const payment = makePayment(session, overrides);
      expect(await ledger.putIntent(payment)).toEqual({ kind: 'created' });
      return payment;
    }

    const reserve = (payment: Payment, overrides: Partial<Parameters<Ledger['reserve']>[0]> = {}) =>
      ledger.reserve({
        session: payment,
        entry: toEntryKey(payment.id, payment.attempt),
        amount: payment.amount,
        leaseUntil: payment.leaseUntil,
        floor: null,
        now: NOW,
        inFlightMax: 64,
        ...overrides,
      });

    const close = (
      how: 'settle' | 'release',
      payment: Payment,
      overrides: Partial<{ amount: Payment['amount'] }> = {},
    ) =>
      ledger[how]({
        session: payment,
        entry: toEntryKey(payment.id, payment.attempt),
        amount: payment.amount,
        now: NOW,
        ...overrides,
      });

    const signed = (budget: Payment['budget']): Verdict => ({
      status: 'SIGNED',
      signatures: [SIGNATURE],
      budget: budget ?? { available: usd(0n), reserved: usd(0n), spent: usd(0n) },
      at: addMs(NOW, 50),
    });

    async function balances(session: Session): Promise<Session> {
      const stored = await ledger.readSession(session);
      if (stored === null) throw new Error('the session is gone');
      assertSessionBalances(stored);
      return stored;
    }

    test('reads back the session and the payment that were written', async () => {
      const session = await opened();
      const payment = await intended(session, { agentName: 'research-assistant' });
      expect(await ledger.readSession(session)).toEqual(session);
      expect(await ledger.readPayment(payment.id)).toEqual(payment);
    });

    test('answers null for a session or a payment that is not there', async () => {
      const session = makeSession();
      expect(await ledger.readSession(session)).toBeNull();
      expect(await ledger.readPayment(makePayment(session).id)).toBeNull();
    });

    test('does not find a session under another manager', async () => {
      const session = await opened();
      expect(await ledger.readSession({ ...session, managerId: 'another-0000000001' })).toBeNull();
    });

    test('elects one of two intents under the same id', async () => {
      const session = await opened();
      const payment = await intended(session);
      const rival = { ...payment, owner: '0x000000000000000000000002' };
      expect(await ledger.putIntent(rival)).toEqual({ kind: 'exists', payment });
    });

    test('takes the repetition of an intent by its own owner for success', async () => {
      const payment = await intended(await opened());
      expect(await ledger.putIntent(payment)).toEqual({ kind: 'created' });
    });

    test('writes a payment that is denied already, for good, and takes its repetition for success', async () => {
      const session = await opened();
      const figures = { requested: usd(500_000n), available: usd(7n), reserved: usd(0n) };
      const denied = { status: 'DENIED', denial: { reason: 'budget_exceeded', ...figures }, decidedAt: NOW } as const;
      const payment = await intended(session, denied);
      expect(await ledger.readPayment(payment.id)).toEqual(payment);
      expect(await ledger.putIntent(payment)).toEqual({ kind: 'created' });
      expect(await ledger.putIntent({ ...payment, owner: '0x02' })).toEqual({ kind: 'exists', payment });
      const { id, attempt, owner, leaseUntil, offer, terms } = payment;
      expect(await ledger.decide(id, attempt, signed(null))).toEqual({ kind: 'lost', payment });
      const taken = await ledger.takeOver({ id, attempt, owner: `${owner}1`, leaseUntil, offer, terms });
      expect(taken).toEqual({ kind: 'lost', payment });
    });

    test.each(['PENDING', 'SIGNED', 'ABORTED'] as const)('does not deny over a payment that is %s', async (status) => {
      const payment = await intended(await opened());
      if (status === 'SIGNED') await ledger.decide(payment.id, 1, signed(null));
      if (status === 'ABORTED') await ledger.decide(payment.id, 1, { status, at: NOW });
      const stored = await ledger.readPayment(payment.id);
      const figures = { requested: usd(500_000n), available: usd(7n), reserved: usd(0n) };
      const denial = { reason: 'budget_exceeded', ...figures } as const;
      const outcome = await ledger.putIntent({ ...payment, status: 'DENIED', denial, decidedAt: NOW });
      expect(outcome).toEqual({ kind: 'exists', payment: stored });
      expect(await ledger.readPayment(payment.id)).toEqual(stored);
    });

    test('moves a reserved amount from available to reserved', async () => {
      const session = await opened({ limit: usd(600_000n) });
      const payment = await intended(session);
      const budget = { available: usd(100_000n), reserved: usd(500_000n), spent: usd(0n) };
      expect(await reserve(payment)).toEqual({ kind: 'reserved', budget });
      const stored = await balances(session);
      expect(stored.budget).toEqual(budget);
      expect(stored.open.get(toEntryKey(payment.id, 1))).toEqual({
        amount: payment.amount,
        leaseUntil: payment.leaseUntil,
        charges: [],
      });
    });

    test('reserves an amount that fits exactly', async () => {
      const payment = await intended(await opened({ limit: usd(500_000n) }));
      expect((await reserve(payment)).kind).toBe('reserved');
    });

    test('refuses an amount that is one millionth too large, and changes nothing', async () => {
      const session = await opened({ limit: usd(499_999n) });
      const payment = await intended(session);
      expect(await reserve(payment)).toEqual({ kind: 'refused', session, short: [] });
      expect(await ledger.readSession(session)).toEqual(session);
    });

    test('reserves any amount where the session has no limit', async () => {
      const session = await opened({ limit: null });
      const payment = await intended(session, { amount: usd(10n ** 24n) });
      expect(await reserve(payment)).toMatchObject({ kind: 'reserved', budget: { available: null } });
      expect((await balances(session)).budget).toEqual({ available: null, reserved: usd(10n ** 24n), spent: usd(0n) });
    });

    test('takes the same reservation again for success, without reserving twice', async () => {
      const session = await opened();
      const payment = await intended(session);
      await reserve(payment);
      expect((await reserve(payment)).kind).toBe('reserved');
      expect((await balances(session)).budget.reserved).toBe(payment.amount);
    });

    test('reserves in the last millisecond of a session', async () => {
      const session = await opened();
      const payment = await intended(session);
      expect((await reserve(payment, { now: addMs(session.expiresAt, -1) })).kind).toBe('reserved');
    });

    test('refuses a reservation at the very instant of expiry', async () => {
      const session = await opened();
      const payment = await intended(session);
      expect(await reserve(payment, { now: session.expiresAt })).toEqual({ kind: 'refused', session, short: [] });
    });

    test('refuses a reservation on a deleted session', async () => {
      const session = await opened({ deleted: true });
      expect(await reserve(await intended(session))).toEqual({ kind: 'refused', session, short: [] });
    });

    test('refuses a reservation on a session that is not there', async () => {
      expect(await reserve(makePayment(makeSession()))).toEqual({ kind: 'refused', session: null, short: [] });
    });

    test('refuses one reservation more than may be in flight', async () => {
      const session = await opened();
      const [first, second] = [await intended(session), await intended(session)];
      expect((await reserve(first, { inFlightMax: 1 })).kind).toBe('reserved');
      expect((await reserve(second, { inFlightMax: 1 })).kind).toBe('refused');
      expect((await reserve(second, { inFlightMax: 2 })).kind).toBe('reserved');
    });

    test.each([
      ['settle', 'spent'],
      ['release', 'available'],
    ] as const)('%ss an open entry once, into %s', async (how, counter) => {
      const session = await opened({ limit: usd(500_000n) });
      const payment = await intended(session);
      await reserve(payment);
      expect(await close(how, payment)).toBe('done');
      expect(await close(how, payment)).toBe('absent');
      const stored = await balances(session);
      expect(stored.budget[counter]).toBe(payment.amount);
      expect(stored.inFlight).toBe(0);
    });

    test.each(['settle', 'release'] as const)('does not %s an entry for another amount than it holds', async (how) => {
      const session = await opened();
      const payment = await intended(session);
      await reserve(payment);
      expect(await close(how, payment, { amount: usd(50_000n) })).toBe('absent');
      expect(await close(how, payment, { amount: usd(5_000_000n) })).toBe('absent');
      expect((await balances(session)).budget.reserved).toBe(payment.amount);
    });

    test('settles on a session that was deleted meanwhile', async () => {
      const session = await opened();
      const payment = await intended(session);
      expect((await reserve(payment)).kind).toBe('reserved');
      expect(await close('settle', payment)).toBe('done');
    });

    test('decides a pending payment once', async () => {
      const payment = await intended(await opened());
      const verdict = signed(null);
      const outcome = await ledger.decide(payment.id, 1, verdict);
      expect(outcome).toMatchObject({ kind: 'decided', payment: { status: 'SIGNED', signatures: [SIGNATURE] } });
      expect(await ledger.readPayment(payment.id)).toEqual(outcome.payment);
      const late = await ledger.decide(payment.id, 1, { status: 'ABORTED', at: NOW });
      expect(late).toEqual({ kind: 'lost', payment: outcome.payment });
    });

    test('keeps with a signature what the policies left to keep', async () => {
      const payment = await intended(await opened());
      const policyRecord = ['sanctions|hash', 'o'];
      const outcome = await ledger.decide(payment.id, 1, { ...signed(null), policyRecord } as Verdict);
      expect(outcome).toMatchObject({ kind: 'decided', payment: { policyRecord } });
      expect(await ledger.readPayment(payment.id)).toEqual(outcome.payment);
    });

    test('takes the same verdict again for its own, and another signature for a loss', async () => {
      const payment = await intended(await opened());
      const verdict = signed(null);
      await ledger.decide(payment.id, 1, verdict);
      expect((await ledger.decide(payment.id, 1, verdict)).kind).toBe('decided');
      const other = { ...verdict, signatures: [`0x${'22'.repeat(65)}`] } as const;
      expect((await ledger.decide(payment.id, 1, other as Verdict)).kind).toBe('lost');
    });

    test('keeps a denial with its figures', async () => {
      const payment = await intended(await opened());
      const denial = { reason: 'budget_exceeded', requested: usd(3n), available: usd(2n), reserved: usd(1n) } as const;
      await ledger.decide(payment.id, 1, { status: 'DENIED', denial, at: NOW });
      expect(await ledger.readPayment(payment.id)).toMatchObject({ status: 'DENIED', denial });
    });

    test('refuses to decide for an attempt that was taken over', async () => {
      const payment = await intended(await opened());
      await takeOver(payment);
      expect((await ledger.decide(payment.id, 1, signed(null))).kind).toBe('lost');
      expect((await ledger.decide(payment.id, 2, signed(null))).kind).toBe('decided');
    });

    const takeOver = (payment: Payment, owner = '0x000000000000000000000002') =>
      ledger.takeOver({
        id: payment.id,
        attempt: payment.attempt,
        owner,
        leaseUntil: addMs(payment.leaseUntil, 30_000),
        offer: payment.offer,
        terms: { ...payment.terms, validBefore: toEpochSeconds(payment.terms.validBefore + 30) },
      });

    test('gives a pending payment to one of two that take it over, with the nonce kept and the window renewed', async () => {
      const payment = await intended(await opened());
      const taken = await takeOver(payment);
      expect(taken).toMatchObject({
        kind: 'taken',
        payment: {
          attempt: 2,
          status: 'PENDING',
          terms: { nonce: payment.terms.nonce, validBefore: payment.terms.validBefore + 30 },
        },
      });
      expect(await takeOver(payment)).toEqual({ kind: 'taken', payment: taken.payment });
      expect(await takeOver(payment, '0x000000000000000000000003')).toEqual({ kind: 'lost', payment: taken.payment });
    });

    test('gives an aborted payment to the handler that takes it over', async () => {
      const payment = await intended(await opened());
      await ledger.decide(payment.id, 1, { status: 'ABORTED', at: NOW });
      expect(await takeOver(payment)).toMatchObject({ kind: 'taken', payment: { attempt: 2, status: 'PENDING' } });
    });

    test('never gives away a payment that is signed', async () => {
      const payment = await intended(await opened());
      await ledger.decide(payment.id, 1, signed(null));
      expect(await takeOver(payment)).toMatchObject({ kind: 'lost', payment: { status: 'SIGNED', attempt: 1 } });
    });

    test('lets exactly as many parallel reservations through as the budget affords', async () => {
      const session = await opened({ limit: usd(25_000_000n) });
      const payments = await Promise.all(
        Array.from({ length: 40 }, () => intended(session, { amount: usd(1_000_000n) })),
      );
      const outcomes = await Promise.all(payments.map((payment) => reserve(payment)));
      expect(outcomes.filter(({ kind }) => kind === 'reserved')).toHaveLength(25);
      expect((await balances(session)).budget.available).toBe(0n);
    });

    test('counts exactly with thirty digits', async () => {
      const limit = usd(999_999_999_999_999_999_999_999_999_999n);
      const session = await opened({ limit });
      const payment = await intended(session, { amount: usd(123_456_789_012_345_678_901_234_567_891n) });
      await reserve(payment);
      await close('settle', payment);
      expect((await balances(session)).budget).toEqual({
        available: usd(876_543_210_987_654_321_098_765_432_108n),
        reserved: usd(0n),
        spent: payment.amount,
      });
    });
  });
}
