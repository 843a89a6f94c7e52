import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import type { Result } from '../../../lib/domain/result.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { GATE_KEY } from '../../../lib/ledger/dynamodb/books/gate-item.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { deriveUniqueness } from '../../../lib/service/paying/uniqueness.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { DEPLOYMENT_ID } from '../../support/wiring.ts';

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;

beforeEach(async () => {
  Object.assign(process.env, database.environment);
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
});

async function setGate(attribute: 'fz' | 'fl', instantMs: number | null): Promise<void> {
  await database.client.send(
    new UpdateItemCommand({
      TableName: world.booksTable,
      Key: { pk: { S: GATE_KEY } },
      ...(instantMs === null
        ? { UpdateExpression: `REMOVE ${attribute}` }
        : { UpdateExpression: `SET ${attribute} = :at`, ExpressionAttributeValues: { ':at': { N: `${instantMs}` } } }),
    }),
  );
}

function refusalOf(result: Result<Payment, Refusal>): Refusal {
  if (result.ok) throw new Error('expected a refusal');
  return result.error;
}

describe('while the deployment is frozen', () => {
  test('nothing new is reserved or signed, and what is signed is replayed', async () => {
    const session = await world.open();
    const before = world.request(session);
    const first = paid(await processPayment(world.deps, before));
    await setGate('fz', clock.now());
    const refused = world.request(session);
    expect(refusalOf(await processPayment(world.deps, refused))).toEqual({
      reason: 'frozen',
      scope: 'deployment',
      since: clock.now(),
    });
    expect(paid(await processPayment(world.deps, before))).toEqual(first);
    expect((await world.ledger.readSession(session))?.budget).toMatchObject({ reserved: 0n, spent: 500_000n });
    await setGate('fz', null);
    paid(await processPayment(world.deps, { ...refused, deadline: addMs(clock.now(), 15_000) }));
  });

  test('a freeze that comes between the reads and the reserve stops the payment, with its money given back', async () => {
    const session = await world.open();
    const ledger = {
      ...world.ledger,
      putIntent: async (payment: Payment) => {
        await setGate('fz', clock.now());
        return world.ledger.putIntent(payment);
      },
    };
    const refused = await processPayment({ ...world.deps, ledger }, world.request(session));
    expect(refusalOf(refused)).toMatchObject({ reason: 'frozen' });
    const books = await world.ledger.readSession(session);
    expect(books?.budget).toMatchObject({ reserved: 0n, spent: 0n });
    expect(books?.open.size).toBe(0);
  });
});

describe('the floor', () => {
  test('closes sessions that were opened before it, and no others', async () => {
    const session = await world.open();
    await setGate('fl', clock.now() + 1);
    expect(refusalOf(await processPayment(world.deps, world.request(session)))).toMatchObject({
      reason: 'session_below_floor',
    });
    const later = await world.open({ createdAt: addMs(clock.now(), 1) });
    paid(await processPayment(world.deps, world.request(later)));
  });

  test('is in the condition of the reserve, so that a payment that saw none is refused all the same', async () => {
    const session = await world.open();
    const payment = paid(await processPayment(world.deps, world.request(session)));
    const request = { session, entry: `${payment.id}#9`, amount: payment.amount, inFlightMax: 64 } as const;
    const outcome = await world.ledger.reserve({
      ...request,
      leaseUntil: addMs(clock.now(), 1_000),
      now: clock.now(),
      floor: addMs(session.createdAt, 1),
    });
    expect(outcome.kind).toBe('refused');
  });
});

test('books that were restored to an instant before a payment sign it with the same nonce again', async () => {
  const session = await world.open();
  const payment = paid(await processPayment(world.deps, world.request(session)));
  expect(payment.terms.nonce).toBe(deriveUniqueness(DEPLOYMENT_ID, payment.id));
});
