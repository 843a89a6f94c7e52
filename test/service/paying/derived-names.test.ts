import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { formatWithdrawalSessionId } from '../../../lib/domain/drawn-ids.ts';
import { formatPaymentId } from '../../../lib/domain/ids.ts';
import type { RepetitionGuard } from '../../../lib/domain/ports/books.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { mppHeader, mppPayment } from '../../support/mpp.ts';
import { createWithdrawingWorld } from '../../support/withdrawing.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { deriveUniqueness } from '../../../lib/service/paying/uniqueness.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid } from '../../support/paying.ts';

// What restored books, and every later release, must derive alike.

const digestOf = (text: string) => createHash('sha256').update(text).digest();
const database = withDatabase();

test('the bytes that make an authorization single are of the deployment and the payment', () => {
  const [one, other] = ['1', '2'].map((text) => formatPaymentId(digestOf(text))) as [never, never];
  expect(deriveUniqueness('d1', one)).toBe(`0x${digestOf(`bursar/1/d1/${one}`).toString('hex')}`);
  expect(deriveUniqueness('d1', other)).not.toBe(deriveUniqueness('d1', one));
  expect(deriveUniqueness('d2', one)).not.toBe(deriveUniqueness('d1', one));
});

test('the id of a payment is of the operation, the manager, the user and the client token', async () => {
  const world = await createPayingWorld(database, { clock: createTestClock() });
  const request = world.request(await world.open());
  const { managerId, principal, clientToken } = request;
  const scope = JSON.stringify(['ProcessPayment', managerId, principal.userId, clientToken]);
  expect(paid(await processPayment(world.deps, request)).id).toBe(formatPaymentId(digestOf(scope)));
});

test('the id of a withdrawal and of its session are of the operation, the manager, the user and the client token', async () => {
  const world = await createWithdrawingWorld(database, database.endpoint);
  const request = world.request();
  const { managerId, userId, clientToken } = request;
  const digest = digestOf(JSON.stringify(['CreateWithdrawal', managerId, userId, clientToken]));
  const { id, sessionId } = paid(await withdraw(world.deps, request));
  expect([id, sessionId]).toEqual([formatPaymentId(digest), formatWithdrawalSessionId(digest)]);
});

test('the key of a purchase that its protocol names is of the manager, the session and the name', async () => {
  const world = await createPayingWorld(database, { clock: createTestClock() });
  const session = await world.open();
  const header = mppHeader({ id: 'named' });
  const keys: string[] = [];
  const purchases: RepetitionGuard = {
    take: (key, ...others) => {
      keys.push(key);
      return world.deps.purchases.take(key, ...others);
    },
  };
  const { offer } = paid(
    await processPayment({ ...world.deps, purchases }, world.request(session, mppPayment(header))),
  );
  const name = schemeOf(offer).purchase!(offer)!;
  const { managerId, sessionId } = session;
  expect(keys).toEqual([digestOf(JSON.stringify(['purchase', managerId, sessionId, ...name])).toString('hex')]);
});
