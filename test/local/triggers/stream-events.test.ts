import { ListTablesCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { EVENT_SCHEMAS, type EventType } from '../../../lib/events/schemas.ts';
import { createDatabaseClient } from '../../../lib/local/database/client.ts';
import type { LocalStack } from '../../../lib/local/stack.ts';
import {
  askSeller,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  signatureOf,
  withStack,
} from '../../scenarios/scene.ts';

const scene = withStack();

/** What the bus has of one user, told until now. */
async function eventsOf({ services, events }: LocalStack, userId: string) {
  await services.drainStreams();
  return events().filter(({ detail }) => (detail as { userId: string }).userId === userId);
}

/** Lets a session's hour pass, in its place in the index too. */
async function letExpire({ services, info }: LocalStack, sessionId: string): Promise<void> {
  const database = createDatabaseClient(services.databaseEndpoint);
  const { TableNames = [] } = await database.send(new ListTablesCommand({}));
  await database.send(
    new UpdateItemCommand({
      TableName: TableNames.find((name) => name.includes('Books')),
      Key: { pk: { S: `SES#${info.paymentManagerArn.split('/').at(-1)}#${sessionId}` } },
      UpdateExpression: 'SET ex = :past, sv = :past',
      ConditionExpression: 'attribute_exists(sv)',
      ExpressionAttributeValues: { ':past': { N: `${Date.now() - 1_000}` } },
    }),
  );
  database.destroy();
}

// Before any payment: while one waits for its visit, the sweeper takes half a minute.
test('a session that comes to its end is told once, and one that is deleted before is not', async () => {
  const { stack } = scene;
  const userId = newUser();
  const [ended, deleted, open] = [
    await openSession(stack, userId, '1.00'),
    await openSession(stack, userId, '1.00'),
    await openSession(stack, userId, '1.00'),
  ];
  await letExpire(stack, ended);
  await letExpire(stack, deleted);
  await clientOf(stack, 'management').send({
    method: 'POST',
    path: '/payments/deletePaymentSession',
    userId,
    body: { paymentManagerArn: stack.info.paymentManagerArn, paymentSessionId: deleted },
  });
  await stack.services.runSchedule('sweep-reservations');
  await stack.services.runSchedule('sweep-reservations');
  const events = await eventsOf(stack, userId);
  expect(events).toMatchObject([
    { detailType: 'session.expired', detail: { paymentSessionId: ended, budget: { availableUsd: '1.00' } } },
  ]);
  expect(JSON.stringify(events)).not.toContain(open);
});

test('a payment that is signed, the end of its budget and one that is denied are told once each, without the proof', async () => {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  const terms = await askSeller(stack, 'weather');
  const price = terms.chosen.offer.amount;
  const sessionId = await openSession(stack, userId, `0.${price.toString().padStart(6, '0')}`);
  const pay = () =>
    sendPayment(stack, userId, {
      ...paymentOf(wallet, sessionId, terms),
      paymentManagerArn: stack.info.paymentManagerArn,
      clientToken: newToken(),
    });
  const paid = await pay();
  expect(paid.status).toBe(200);
  expect((await pay()).status).toBe(400);

  const events = await eventsOf(stack, userId);
  expect(events.map(({ source, bus, detailType }) => `${bus} ${source} ${detailType}`)).toEqual([
    'Bursar-local Bursar payment.signed',
    'Bursar-local Bursar session.exhausted',
    'Bursar-local Bursar payment.denied',
  ]);
  for (const { detailType, detail } of events) v.assert(EVENT_SCHEMAS[detailType as EventType], detail);
  expect(events[0]?.detail).toMatchObject({ paymentSessionId: sessionId, payTo: terms.chosen.offer.payTo });
  expect(events[2]?.detail).toMatchObject({ denial: { reason: 'budget_exceeded', availableUsd: '0.00' } });
  const canary = signatureOf(paid.body as unknown as Parameters<typeof signatureOf>[0]);
  expect(canary.length).toBeGreaterThan(100);
  expect(JSON.stringify(events).toLowerCase()).not.toContain(canary.slice(2, 34).toLowerCase());
  expect(await eventsOf(stack, userId)).toHaveLength(3);
});

test('a payment that is denied as the first of its session, and so has no intent, is told once as well', async () => {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  const terms = await askSeller(stack, 'weather');
  const sessionId = await openSession(stack, userId, '0.000001');
  const answer = await sendPayment(stack, userId, {
    ...paymentOf(wallet, sessionId, terms),
    paymentManagerArn: stack.info.paymentManagerArn,
    clientToken: newToken(),
  });
  expect(answer.status).toBe(400);
  const figures = { reason: 'budget_exceeded', availableUsd: '0.000001', reservedUsd: '0.00' };
  expect(await eventsOf(stack, userId)).toMatchObject([{ detailType: 'payment.denied', detail: { denial: figures } }]);
});
