import { beforeAll, describe, expect, test } from 'vitest';
import { hashPolicy } from '../../lib/domain/policy/index.ts';
import { NotNow, PageTokenRefused } from '../../lib/domain/ports/services.ts';
import { createPolicyKeeper } from '../../lib/ledger/dynamodb/policies/policy-store.ts';
import { createPolicyReader } from '../../lib/ledger/dynamodb/policies/policy-reader.ts';
import { CHANGES } from '../../lib/ledger/dynamodb/policies/policy-items.ts';
import { policyPartition } from '../../lib/ledger/dynamodb/policies/policy-keys.ts';
import { formatPageToken } from '../../lib/ledger/dynamodb/store/page-token.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import type { BatchGetItemInput, Item, StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';
import { limitTo, policyContract } from '../contracts/policies.ts';
import { withDatabase } from '../support/database.ts';
import { NOW } from '../support/payments.ts';

const database = withDatabase();
beforeAll(() => {
  Object.assign(process.env, database.environment);
});

const makeTable = () => ({
  tableName: database.registryTable,
  booksTable: database.booksTable,
  client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }),
});

policyContract('DynamoDB', async () => createPolicyKeeper(makeTable()));

describe('a reader of policies', () => {
  const owners = [1, 2, 3].map((index) => ({ scope: 'user', managerId: 'm-0123456789', userId: `u${index}` }) as const);

  function spying(client: StoreClient, unprocessed: (input: BatchGetItemInput) => readonly Item[]) {
    const asked: BatchGetItemInput[] = [];
    const batchGetItem: StoreClient['batchGetItem'] = async (input) => {
      asked.push(input);
      const left = unprocessed(input);
      const Keys = input.Keys.filter((key) => !left.includes(key));
      const { items } = Keys.length === 0 ? { items: [] } : await client.batchGetItem({ ...input, Keys });
      return { items, unprocessedKeys: left };
    };
    return { asked, client: { ...client, batchGetItem } };
  }

  async function keepAll() {
    const table = makeTable();
    const keeper = createPolicyKeeper(table);
    for (const owner of owners) {
      const document = limitTo(7);
      const policy = { owner, document, hash: hashPolicy(document), version: 1, updatedAt: NOW, updatedBy: 'x' };
      await keeper.put(policy, { version: 0, hash: null });
    }
    return table;
  }

  test('asks once for all, and not for the costlier consistent read', async () => {
    const table = await keepAll();
    const { asked, client } = spying(table.client, () => []);
    expect(await createPolicyReader({ ...table, client }).readPolicies(owners)).toHaveLength(3);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.ConsistentRead ?? false).toBe(false);
  });

  test('asks again for what DynamoDB left out, and takes no policy that it could not read for none', async () => {
    const table = await keepAll();
    const once = spying(table.client, ({ Keys }) => (Keys.length === 3 ? Keys.slice(0, 2) : []));
    expect(await createPolicyReader({ ...table, client: once.client }).readPolicies(owners)).toHaveLength(3);
    expect(once.asked).toHaveLength(2);
    const never = spying(table.client, ({ Keys }) => Keys.slice(0, 1));
    await expect(createPolicyReader({ ...table, client: never.client }).readPolicies(owners)).rejects.toThrow(NotNow);
  });
});

test('the changes of a policy go on at no place but one of them', async () => {
  const owner = { scope: 'user', managerId: 'm-0123456789', userId: 'forged' } as const;
  const keeper = createPolicyKeeper(makeTable());
  const scope = [CHANGES, policyPartition(owner)];
  for (const position of ['1', '0000000000001', 'x000000000001', '000000000001x']) {
    const nextToken = formatPageToken(scope, position);
    await expect(keeper.history(owner, { maxResults: 1, nextToken }), position).rejects.toThrow(PageTokenRefused);
  }
  const nextToken = formatPageToken(scope, '000000000001');
  expect(await keeper.history(owner, { maxResults: 1, nextToken })).toEqual({ items: [] });
});

test('no two owners share a partition, whatever their names hold', () => {
  const managerId = 'm-0123456789';
  const keys = [
    policyPartition({ scope: 'deployment' }),
    policyPartition({ scope: 'manager', managerId }),
    policyPartition({ scope: 'user', managerId, userId: 'a#b' }),
    policyPartition({ scope: 'user', managerId, userId: 'a' }),
    policyPartition({ scope: 'agent', managerId, agentName: 'a#b' }),
    policyPartition({ scope: 'session', managerId, sessionId: 'a' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
