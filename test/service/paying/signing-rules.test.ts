import { signersOf } from '../../support/wallet-lists.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { PAYMENT_ATTEMPTS_MAX, SIGN_BUDGET_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { toEntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs, toEpochSeconds } from '../../../lib/domain/time.ts';
import { COUNTS_NOTHING } from '../../../lib/service/policing/in-force.ts';
import { drivePayment, type DriveDeps } from '../../../lib/service/paying/drive-payment.ts';
import { resumePayment } from '../../../lib/service/paying/resume-payment.ts';
import { createPayingBench, standingOf } from '../../support/paying-bench.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const HANDLER_MS = 15_000;
const usd = toMicroUsd;

let { model, clock, reported, deps, over, opened, intended } = createPayingBench();

beforeEach(() => {
  ({ model, clock, reported, deps, over, opened, intended } = createPayingBench());
});

describe('what is reserved', () => {
  const drive = (used: DriveDeps, payment: Payment, session: Session, ms = HANDLER_MS) =>
    drivePayment(used, payment, standingOf(session), { deadline: addMs(NOW, ms), counting: COUNTS_NOTHING });
  const validFor = (seconds: number, payment = makePayment(makeSession())): Partial<Payment> => ({
    terms: { ...payment.terms, validBefore: toEpochSeconds(NOW / 1_000 + seconds) },
  });

  test('is signed with ten seconds of validity left, and given back with nine', async () => {
    const session = await opened();
    expect(await drive(deps, await intended(session, validFor(10)), session)).toMatchObject({ ok: true });
    const short = await intended(session, validFor(9));
    expect(await drive(deps, short, session)).toMatchObject({ ok: false, error: { reason: 'busy', what: 'payment' } });
    expect((await model.readPayment(short.id))?.status).toBe('ABORTED');
    expect((await model.readSession(session))?.inFlight).toBe(0);
  });

  test('is signed where there is just time to, and given back a millisecond later', async () => {
    const session = await opened();
    expect(await drive(deps, await intended(session), session, SIGN_BUDGET_MS)).toMatchObject({ ok: true });
    const late = await drive(deps, await intended(session), session, SIGN_BUDGET_MS - 1);
    expect(late).toMatchObject({ ok: false, error: { reason: 'busy', what: 'payment' } });
    expect((await model.readSession(session))?.inFlight).toBe(0);
  });

  test('is given back where the signer is throttled, or fails', async () => {
    const session = await opened();
    const failing = (error: Error): DriveDeps => {
      const sign = async (): Promise<never> => {
        throw error;
      };
      const signer = { type: 'SeedVault', sign } as const;
      return { ...deps, signers: signersOf(signer) };
    };
    const throttled = await drive(failing(new NotNow('planted')), await intended(session), session);
    expect(throttled).toEqual({ ok: false, error: { reason: 'busy', what: 'signer' } });
    const failed = drive(failing(new TypeError('planted')), await intended(session), session);
    await expect(failed).rejects.toThrow(TypeError);
    expect((await model.readSession(session))?.budget).toEqual({ available: 10_000_000n, reserved: 0n, spent: 0n });
  });

  test('is given back where the gate has closed meanwhile, or cannot be read', async () => {
    const session = await opened();
    const frozen = { deploymentId: 'd'.repeat(32), floor: null, frozenAt: NOW, freezes: new Map() };
    const closed = await drive(over({ readGate: async () => frozen }), await intended(session), session);
    expect(closed).toEqual({ ok: false, error: { reason: 'frozen', scope: 'deployment', since: NOW } });
    const unread = over({ readGate: () => Promise.reject(new NotNow('planted')) });
    const unknown = drive(unread, await intended(session), session);
    await expect(unknown).rejects.toMatchObject({ name: 'OutcomeUnknown', cause: { message: 'planted' } });
    expect((await model.readSession(session))?.inFlight).toBe(0);
  });

  test('is signed by a decision that is sent twice where its answer is missing, and by none that fails otherwise', async () => {
    const session = await opened();
    for (const [error, sends] of [
      [new OutcomeUnknown('planted'), 2],
      [new NotNow('planted'), 2],
      [new TypeError('planted'), 1],
    ] as const) {
      let sent = 0;
      const decide: Ledger['decide'] = async (...args) => {
        if (args[2].status !== 'SIGNED') return model.decide(...args);
        sent += 1;
        throw error;
      };
      await expect(drive(over({ decide }), await intended(session), session)).rejects.toBe(error);
      expect(sent).toBe(sends);
    }
  });

  test('is signed though its entry cannot be closed, which is reported and left to the sweeper', async () => {
    const session = await opened();
    const settle = () => Promise.reject(new NotNow('planted'));
    expect(await drive(over({ settle }), await intended(session), session)).toMatchObject({ ok: true });
    expect(reported).toEqual(['payment.close_deferred']);
  });

  test('stays held where the payment cannot be aborted, which is reported', async () => {
    const session = await opened();
    const decide = () => Promise.reject(new NotNow('planted'));
    const late = await drive(over({ decide }), await intended(session), session, 0);
    expect(late).toMatchObject({ ok: false, error: { reason: 'busy' } });
    expect(reported).toEqual(['payment.abort_deferred']);
    expect((await model.readSession(session))?.inFlight).toBe(1);
  });

  test('tells the observer of a signature that is its own, and of no other', async () => {
    const session = await opened();
    const signed: string[] = [];
    let phases = 0;
    const observer = {
      begin: () => {
        phases += 1;
        return () => {
          phases -= 1;
        };
      },
      signed: ({ id }: Payment) => void signed.push(id),
    } as unknown as NonNullable<DriveDeps['observer']>;
    const own = await intended(session);
    await drive({ ...deps, observer }, own, session);
    expect(signed).toEqual([own.id]);
    const other = await intended(session);
    const decide: Ledger['decide'] = async (...args) => {
      const { payment } = await model.decide(...args);
      return { kind: 'lost', payment: { ...payment, owner: '0x000000000000000000000009' } };
    };
    await drive(over({ decide }, { observer }), other, session);
    const aborted = await intended(session);
    const late: Ledger['decide'] = async (id, attempt) =>
      model.decide(id, attempt, { status: 'ABORTED', at: clock.now() });
    await drive(over({ decide: late }, { observer }), aborted, session);
    expect(signed).toEqual([own.id]);
    // Each phase that it was told of has ended.
    expect(phases).toBe(0);
  });
});

describe('a payment of another handler', () => {
  const draft = { owner: '0x000000000000000000000007', leaseUntil: addMs(NOW, 17_000), deadline: addMs(NOW, 15_000) };
  const driven: Payment[] = [];
  beforeEach(() => void driven.splice(0));
  const resume = (payment: Payment, session: Session, used = deps) =>
    resumePayment(
      { ...used, validityCapSeconds: 300 },
      draft as Parameters<typeof resumePayment>[1],
      payment,
      { ok: true, value: standingOf(session) },
      async (taken) => {
        driven.push(taken);
        return { ok: true, value: taken };
      },
    );

  test('is over when it has been tried as often as it may be, and is taken over once more before', async () => {
    const session = await opened();
    const last = await intended(session, { attempt: PAYMENT_ATTEMPTS_MAX, leaseUntil: NOW });
    expect(await resume(last, session)).toEqual({ ok: false, error: { reason: 'attempts_exhausted' } });
    expect((await model.readPayment(last.id))?.status).toBe('ABORTED');
    const before = await intended(session, { attempt: PAYMENT_ATTEMPTS_MAX - 1, leaseUntil: NOW });
    expect(await resume(before, session)).toMatchObject({ ok: true, value: { attempt: PAYMENT_ATTEMPTS_MAX } });
  });

  test('answers what it became, where it was decided at the last moment', async () => {
    const session = await opened();
    const last = await intended(session, { attempt: PAYMENT_ATTEMPTS_MAX, leaseUntil: NOW });
    const budget = { available: usd(1n), reserved: usd(0n), spent: usd(0n) };
    await model.decide(last.id, PAYMENT_ATTEMPTS_MAX, { status: 'SIGNED', signatures: ['0x11'], budget, at: NOW });
    expect(await resume(last, session)).toMatchObject({ ok: true, value: { id: last.id, status: 'SIGNED' } });
  });

  test('is no longer this handler to carry on where another has taken it over', async () => {
    const session = await opened();
    const payment = await intended(session, { leaseUntil: NOW });
    const taken: Payment = { ...payment, attempt: 2, status: 'SIGNED', signatures: ['0x11'] };
    const used = over({ takeOver: async () => ({ kind: 'lost', payment: taken }) });
    expect(await resume(payment, session, used)).toEqual({ ok: true, value: taken });
    expect(driven).toEqual([]);
  });

  test('is carried on although what it held before cannot be given back, which is reported', async () => {
    const session = await opened();
    const payment = await intended(session, { leaseUntil: NOW });
    const { id, amount, leaseUntil } = payment;
    const entry = toEntryKey(id, 1);
    await model.reserve({ session, entry, amount, leaseUntil, floor: null, now: NOW, inFlightMax: 64 });
    const used = over({ release: () => Promise.reject(new NotNow('planted')) });
    const held = (await model.readSession(session))!;
    expect(await resume(payment, held, used)).toMatchObject({ ok: true, value: { attempt: 2 } });
    expect(reported).toEqual(['payment.close_deferred']);
  });
});
