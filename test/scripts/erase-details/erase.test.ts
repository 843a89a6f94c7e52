import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { DETAIL_ATTRIBUTES } from '../../../lib/ledger/dynamodb/books/payment-items.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createEvidenceStore } from '../../../lib/ledger/dynamodb/evidence/evidence-store.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
import { eraseDetails } from '../../../scripts/erase-details/erase.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
const DAY_MS = 24 * 3_600_000;
let clock: TestClock;
let world: PayingWorld;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
});

const run = (before: number, erase = true) =>
  eraseDetails({ client: database.client, booksTable: world.booksTable, before, erase });

async function itemOf(id: string) {
  const command = new GetItemCommand({ TableName: world.booksTable, Key: { pk: { S: `PAY#${id}` } } });
  return (await database.client.send(command)).Item!;
}

test('takes the details of an old payment and nothing else, and its proof is replayed as before', async () => {
  const session = await world.open();
  const request = world.request(session, {
    agentName: 'shopper',
    resource: { url: 'https://seller.example/data', description: 'Data' },
  });
  const payment = paid(await processPayment(world.deps, request));
  const before = await itemOf(payment.id);
  expect(DETAIL_ATTRIBUTES.filter((name) => name in before)).toEqual(DETAIL_ATTRIBUTES);
  clock.advance(DAY_MS);
  expect(await run(clock.now(), false)).toBe(1);
  expect(await itemOf(payment.id)).toEqual(before);
  expect(await run(clock.now())).toBe(1);
  const { ag: _name, ru: _url, rd: _description, ...kept } = before;
  expect(await itemOf(payment.id)).toEqual(kept);
  expect(await run(clock.now())).toBe(0);

  const again = paid(await processPayment(world.deps, { ...request, deadline: addMs(clock.now(), 15_000) }));
  expect(again).toMatchObject({
    id: payment.id,
    signatures: payment.signatures,
    terms: payment.terms,
    agentName: null,
    resource: null,
  });
});

test('leaves payments alone that are younger, or not decided', async () => {
  const session = await world.open();
  const young = paid(await processPayment(world.deps, world.request(session, { agentName: 'shopper' })));
  expect(await run(clock.now())).toBe(0);
  expect(await itemOf(young.id)).toHaveProperty('ag');
  const pending = { ...(await itemOf(young.id)), st: { S: 'P' } };
  await database.client.send(new PutItemCommand({ TableName: world.booksTable, Item: pending }));
  expect(await run(clock.now() + DAY_MS)).toBe(0);
  expect(await itemOf(young.id)).toEqual(pending);
});

test('takes the details of more payments than it changes at once', async () => {
  const count = 25;
  const session = await world.open();
  for (let at = 0; at < count; at += 1) {
    const request = world.request(session, { agentName: `agent-${at}`, amount: '10' });
    paid(await processPayment(world.deps, request));
  }
  clock.advance(1_000);
  expect(await run(clock.now())).toBe(count);
});

test('takes what a seller signed of an old payment, and nothing of a young one', async () => {
  const client = createLeanStore(process.env).createClient({ maxAttempts: 1 });
  const store = createEvidenceStore({ tableName: world.booksTable, client });
  const payment = paid(await processPayment(world.deps, world.request(await world.open())));
  const keptAt = clock.now();
  const evidence = { format: 'jws', payload: {}, signature: 'a.b.c', signer: 'unknown', keptAt } as const;
  await store.keepEvidence(payment.id, 'offer', evidence);
  expect(await run(keptAt)).toBe(0);
  expect(await store.readEvidence(payment.id)).toEqual({ offer: evidence, receipt: null });
  expect(await run(keptAt + 1)).toBe(1);
  expect(await store.readEvidence(payment.id)).toEqual({ offer: null, receipt: null });
  expect(await run(keptAt + 1)).toBe(0);
});
