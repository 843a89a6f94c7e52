import { beforeEach, describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Ledger, Verdict } from '../../lib/domain/ports/books.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW, makePayment, makeSession } from '../support/payments.ts';
import type { LedgerUnderTest } from './ledger.ts';

const OWNER = '0x000000000000000000000002';

/** What a ledger answers to a request that comes again, or late: its own success, or somebody else's. */
export function ledgerRepetitionsContract(name: string, make: () => Promise<LedgerUnderTest>): void {
  describe(`${name} knows a repetition from a rival:`, () => {
    let ledger: Ledger;
    let payment: Payment;

    beforeEach(async () => {
      const made = await make();
      ({ ledger } = made);
      const session = makeSession();
      await made.open(session);
      payment = makePayment(session);
      expect(await ledger.putIntent(payment)).toEqual({ kind: 'created' });
    });

    const stored = async (): Promise<Payment> => (await ledger.readPayment(payment.id))!;
    const takeOver = (attempt: number, owner = OWNER, approval?: string) =>
      ledger.takeOver({
        id: payment.id,
        attempt,
        owner,
        leaseUntil: addMs(payment.leaseUntil, attempt * 30_000),
        offer: payment.offer,
        terms: payment.terms,
        approval,
      });
    const abort = (attempt: number) => ledger.decide(payment.id, attempt, { status: 'ABORTED', at: NOW });
    const supersede = (attempt: number, at = NOW) => ledger.supersede(payment.id, attempt, at);

    test('an intent that its owner has carried on since exists already', async () => {
      await takeOver(1, payment.owner);
      expect(await ledger.putIntent(payment)).toEqual({ kind: 'exists', payment: await stored() });
    });

    test('an intent that is decided exists already, also for its owner', async () => {
      await abort(1);
      expect(await ledger.putIntent(payment)).toMatchObject({ kind: 'exists', payment: { status: 'ABORTED' } });
    });

    test('a take-over of an attempt that its owner has passed is lost', async () => {
      await takeOver(1);
      await takeOver(2);
      expect(await takeOver(1)).toMatchObject({ kind: 'lost', payment: { attempt: 3, owner: OWNER } });
    });

    test('what a payment keeps of people stays with it, until others are asked', async () => {
      await ledger.decide(payment.id, 1, { status: 'ABORTED', at: NOW, approval: '1 question' });
      expect(await stored()).toMatchObject({ status: 'ABORTED', approval: '1 question' });
      // By somebody who does not know of it.
      expect(await takeOver(1)).toMatchObject({ kind: 'lost', payment: { attempt: 1, approval: '1 question' } });
      expect(await takeOver(1, OWNER, '2')).toMatchObject({ kind: 'taken', payment: { attempt: 2, approval: '2' } });
      expect(await takeOver(1, OWNER, '2')).toMatchObject({ kind: 'taken', payment: { attempt: 2 } });
      await abort(2);
      expect(await stored()).toMatchObject({ status: 'ABORTED', approval: '2' });
    });

    test('the same verdict on an earlier attempt is lost', async () => {
      await abort(1);
      await takeOver(1);
      await abort(2);
      expect(await abort(1)).toMatchObject({ kind: 'lost', payment: { attempt: 2, status: 'ABORTED' } });
    });

    test('a payment without a limit keeps its budget as it was signed', async () => {
      const budget = { available: null, reserved: toMicroUsd(5n), spent: toMicroUsd(7n) };
      const verdict: Verdict = { status: 'SIGNED', signatures: [`0x${'11'.repeat(65)}`], budget, at: NOW };
      await ledger.decide(payment.id, 1, verdict);
      expect((await stored()).budget).toEqual(budget);
    });

    describe('a payment that is superseded', () => {
      test.each(['pending', 'aborted'])('was %s, and is denied for good', async (state) => {
        if (state === 'aborted') await abort(1);
        const outcome = await supersede(1, addMs(NOW, 7));
        const closed = { status: 'DENIED', denial: { reason: 'superseded' }, decidedAt: NOW + 7, attempt: 1 };
        expect(outcome).toMatchObject({ kind: 'decided', payment: closed });
        expect(await stored()).toEqual(outcome.payment);
        expect(await takeOver(1)).toMatchObject({ kind: 'lost', payment: closed });
      });

      test('is so once, also where it is asked again', async () => {
        const first = await supersede(1);
        expect(await supersede(1, addMs(NOW, 9))).toEqual(first);
      });

      test('was not signed', async () => {
        const budget = { available: toMicroUsd(1n), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) };
        await ledger.decide(payment.id, 1, {
          status: 'SIGNED',
          signatures: [`0x${'11'.repeat(65)}`],
          budget,
          at: NOW,
        });
        expect(await supersede(1)).toMatchObject({ kind: 'lost', payment: { status: 'SIGNED', denial: null } });
      });

      test('was not denied for another reason', async () => {
        const usd = toMicroUsd(1n);
        const denial = { reason: 'budget_exceeded', requested: usd, available: usd, reserved: usd } as const;
        await ledger.decide(payment.id, 1, { status: 'DENIED', denial, at: NOW });
        expect(await supersede(1)).toMatchObject({ kind: 'lost', payment: { denial } });
      });

      test('was at that attempt', async () => {
        await takeOver(1);
        expect(await supersede(1)).toMatchObject({ kind: 'lost', payment: { status: 'PENDING', attempt: 2 } });
        await supersede(2);
        expect(await supersede(1)).toMatchObject({ kind: 'lost', payment: { status: 'DENIED', attempt: 2 } });
      });
    });
  });
}
