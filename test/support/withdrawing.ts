import { signersOf } from './wallet-lists.ts';
import { randomBytes } from 'node:crypto';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Hex, Payment } from '../../lib/domain/payment/payment.ts';
import type { Signer } from '../../lib/domain/ports/services.ts';
import { assertSessionBalances } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createWithdrawalSessions } from '../../lib/ledger/dynamodb/books/withdrawal-sessions.ts';
import type { WithdrawalDeps, WithdrawalRequest } from '../../lib/service/paying/withdrawals.ts';
import type { TestDatabase } from './database.ts';
import { sweepTwice } from './faults.ts';
import { createPayingWorld, createTestClock, testSigner, type PayingWorld, type TestClock } from './paying.ts';

export const HOME: Hex = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const OTHER_HOME: Hex = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
export const AMOUNT = toMicroUsd(7_250_001n);

/** A tenant with a wallet in a real store, and withdrawing wired to it. */
export interface WithdrawingWorld {
  readonly paying: PayingWorld;
  readonly clock: TestClock;
  readonly deps: WithdrawalDeps;
  /** Digests that were signed, in this order. */
  readonly signed: readonly string[];
  request(overrides?: Partial<WithdrawalRequest>): WithdrawalRequest;
  /** Two sweeps after the lease: what must be enough to finish anything. */
  sweepTwice(): Promise<void>;
  /** The session of a withdrawal as it is, which must balance and hold nothing open. */
  readClosedSession(payment: Payment): Promise<{ readonly limit: bigint | null; readonly spent: bigint }>;
}

export async function createWithdrawingWorld(database: TestDatabase, endpoint: string): Promise<WithdrawingWorld> {
  const clock = createTestClock();
  const paying = await createPayingWorld(database, { clock, endpoint });
  const signed: string[] = [];
  const signer: Signer = {
    ...testSigner,
    sign: (key, message, address) => {
      signed.push(Buffer.from(message.digest).toString('hex'));
      return testSigner.sign(key, message, address);
    },
  };
  const client = createStoreClient({ maxAttempts: 3 });
  return {
    paying,
    clock,
    signed,
    deps: {
      ...paying.deps,
      signers: signersOf(signer),
      sessions: createWithdrawalSessions({ client, tableName: paying.booksTable }),
      coins: null,
      destinations: new Set([HOME, OTHER_HOME]),
    },
    request: (overrides = {}) => ({
      managerId: paying.manager.managerId,
      userId: paying.instrument.userId,
      agentName: null,
      instrumentId: paying.instrument.instrumentId,
      network: null,
      amount: AMOUNT,
      destination: HOME,
      clientToken: randomBytes(24).toString('hex'),
      deadline: addMs(clock.now(), 15_000),
      ...overrides,
    }),
    sweepTwice: () => sweepTwice(clock, paying.sweepDeps),
    readClosedSession: async (payment) => {
      const books = await paying.ledger.readSession(payment);
      if (books === null) throw new Error('a withdrawal has no session');
      assertSessionBalances(books);
      if (books.open.size > 0 || books.inFlight > 0) throw new Error('something is still held');
      return { limit: books.limit, spent: books.budget.spent };
    },
  };
}
