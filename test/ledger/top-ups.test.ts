import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, expect, test, vi } from 'vitest';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createLedger } from '../../lib/ledger/dynamodb/books/ledger.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createTopUpLog, createTopUps } from '../../lib/ledger/dynamodb/top-ups/top-up-store.ts';
import { topUpsContract } from '../contracts/top-ups.ts';
import { withDatabase } from '../support/database.ts';
import { newBooks } from '../support/model-ledger.ts';
import { carryTo, createModelLedger, topUpsOver } from '../support/model-ports.ts';
import { withSession } from '../support/model-operator.ts';
import { makeSession, NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

const tableOf = () => ({ tableName: database.booksTable, client: createStoreClient({ maxAttempts: 3 }) });
const open = async (session: ReturnType<typeof makeSession>) => {
  const item = toSessionItem(session, 'hash');
  await database.client.send(new PutItemCommand({ TableName: database.booksTable, Item: item }));
};

topUpsContract('DynamoDB', async () => {
  const table = tableOf();
  const singleSendClient = createStoreClient({ maxAttempts: 1 });
  return { ledger: createLedger({ ...wiring, ...table, singleSendClient }), topUps: createTopUps(table), open };
});

topUpsContract("the explorer's model", async () => {
  const holder = { books: newBooks() };
  return {
    ledger: createModelLedger(holder),
    topUps: topUpsOver(carryTo(holder)),
    open: async (session) => {
      holder.books = withSession(holder.books, session);
    },
  };
});

test('the top-ups of a session are listed page by page, newest first, and no other session’s among them', async () => {
  const table = tableOf();
  const [topUps, log] = [createTopUps(table), createTopUpLog({ ...table, clock: { sleep: async () => undefined } })];
  const usd = (dollars: number) => toMicroUsd(BigInt(dollars) * 1_000_000n);
  const sessions = [makeSession({ limit: usd(1) }), makeSession({ limit: usd(1) })];
  for (const session of sessions) {
    await open(session);
    for (const n of [1, 2, 3]) {
      const { managerId, sessionId, userId } = session;
      const key = { managerId, sessionId, topUpId: `${n}`.padStart(32, '0') };
      const topUp = { ...key, userId, from: usd(n), to: usd(n + 1), at: addMs(NOW, n), by: `grace ${n}` };
      expect(await topUps.raiseLimit({ topUp, requestHash: 'h1' }, { floor: null })).toBe('raised');
    }
  }
  await vi.waitFor(async () => {
    const first = await log.listTopUps(sessions[0]!, { maxResults: 2 });
    expect(first.items.map(({ by }) => by)).toEqual(['grace 3', 'grace 2']);
    const nextToken = first.nextToken!;
    const second = await log.listTopUps(sessions[0]!, { maxResults: 2, nextToken });
    expect(second).toMatchObject({ items: [{ by: 'grace 1', from: usd(1), to: usd(2) }] });
    await expect(log.listTopUps(sessions[1]!, { maxResults: 2, nextToken })).rejects.toThrow('nextToken');
  });
});
