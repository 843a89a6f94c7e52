import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { formatPaymentId } from '../../../lib/domain/ids.ts';
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
