import { signersOf } from './wallet-lists.ts';
import type { Ledger } from '../../lib/domain/ports/books.ts';
import { toMicroUsd, type MicroUsd } from '../../lib/domain/money.ts';
import { toEntryKey, type Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import type { DriveDeps } from '../../lib/service/paying/drive-payment.ts';
import { newBooks, type Books } from './model-ledger.ts';
import { carryTo, createModelLedger, windowsOver } from './model-ports.ts';
import { createTestClock, testSigner, type TestClock } from './paying.ts';
import { makePayment, makeSession, NOW } from './payments.ts';

export interface PayingBench {
  readonly model: Ledger;
  readonly clock: TestClock;
  /** What the code has waited, step by step. */
  readonly waits: number[];
  /** The events of problems that it has reported. */
  readonly reported: string[];
  readonly deps: DriveDeps;
  /** The dependencies with some of the ledger's requests answered otherwise. */
  over(ledger: Partial<Ledger>, more?: Partial<DriveDeps>): DriveDeps;
  opened(overrides?: Partial<Session>): Promise<Session>;
  /** A session whose only place is held by somebody who is at work. */
  crowded(available?: MicroUsd): Promise<Session>;
  intended(session: Session, overrides?: Partial<Payment>): Promise<Payment>;
}

/** The payment path over the model of the books, and a clock that moves only where the code waits: for one rule at a time. */
export function createPayingBench(): PayingBench {
  const holder: { books: Books } = { books: newBooks() };
  const model = createModelLedger(holder);
  const clock = createTestClock(NOW);
  const waits: number[] = [];
  const reported: string[] = [];
  const deps: DriveDeps = {
    ledger: model,
    windows: windowsOver(carryTo(holder)),
    clock: {
      now: clock.now,
      sleep: async (ms) => {
        waits.push(ms);
        await clock.sleep(ms);
      },
    },
    // The longest wait of each step.
    random: { bytes: (length) => new Uint8Array(length), fraction: () => 1 },
    inFlightMax: 64,
    signers: signersOf(testSigner),
    report: ({ event }) => void reported.push(event),
  };
  return {
    model,
    clock,
    waits,
    reported,
    deps,
    over: (ledger, more = {}) => ({ ...deps, ledger: { ...model, ...ledger }, ...more }),
    opened: async (overrides = {}) => {
      const session = makeSession(overrides);
      holder.books = newBooks(session);
      return session;
    },
    crowded: async (available = toMicroUsd(9_999_999n)) => {
      const amount = toMicroUsd(1n);
      const empty = makeSession({ limit: toMicroUsd(available + amount) });
      const other = makePayment(empty, { amount, leaseUntil: addMs(NOW, 17_000) });
      const session: Session = {
        ...empty,
        budget: { available, reserved: amount, spent: toMicroUsd(0n) },
        inFlight: 1,
        open: new Map([[toEntryKey(other.id, 1), { amount, leaseUntil: other.leaseUntil, charges: [] }]]),
      };
      holder.books = newBooks(session);
      await model.putIntent(other);
      return session;
    },
    intended: async (session, overrides = {}) => {
      const payment = makePayment(session, overrides);
      const { kind } = await model.putIntent(payment);
      if (kind !== 'created') throw new Error('the payment is there already');
      return payment;
    },
  };
}

/** What the reads before a payment found: all is well. */
export function standingOf(session: Session) {
  const gate = { deploymentId: 'd'.repeat(32), floor: null, frozenAt: null, freezes: new Map() };
  const key = { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 } as const;
  const payer = { sessionExpiresAt: session.expiresAt, address: '0x00', key, deploymentId: gate.deploymentId } as const;
  return { gate, session, payer, agentName: null };
}
