import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { denied, PROCESSES, shortSession, TOO_LITTLE } from '../../support/denials.ts';
import { FAULTS, outcomeOf, spoilCalls, sweepTwice } from '../../support/faults.ts';
import { createPayingWorld, createTestClock, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';

const database = withDatabase();
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  hop.setFaults(null);
});

async function booksOf(session: Session): Promise<Session> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  return books!;
}

async function askUntilDecided(request: ProcessPaymentRequest): Promise<Result<Payment, Refusal>> {
  for (let tries = 0; tries < 6; tries += 1) {
    const result = await outcomeOf(processPayment(world.deps, { ...request, deadline: addMs(clock.now(), 15_000) }));
    if (result !== null && (result.ok || result.error.reason !== 'busy')) return result;
    clock.advance(6_000);
  }
  throw new Error('no outcome');
}

describe.each(PROCESSES)('a denial that the session shows as it is read (%s process)', (process) => {
  // Gate, manager, session, instrument and token or intent, and then the record.
  for (const fault of FAULTS) {
    for (let position = 0; position < 6; position += 1) {
      for (const which of ['one', 'rest'] as const) {
        test(`is the only outcome where calls fail (${fault} at ${position + 1}, ${which})`, async () => {
          const session = await shortSession(world, process);
          const before = await booksOf(session);
          const request = world.request(session);
          spoilCalls(hop, fault, position, which);
          const first = await outcomeOf(processPayment(world.deps, request));
          if (which === 'one') hop.setFaults(null);
          const isBusy = first === null || (!first.ok && first.error.reason === 'busy');
          if (!isBusy) expect(first).toEqual(denied(TOO_LITTLE));
          hop.setFaults(null);
          expect(await askUntilDecided(request)).toEqual(denied(TOO_LITTLE));
          await sweepTwice(clock, world.sweepDeps);
          expect({ ...(await booksOf(session)), updatedAt: 0 }).toEqual({ ...before, updatedAt: 0 });
        });
      }
    }
  }
});
