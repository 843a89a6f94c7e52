import { createHash, randomBytes } from 'node:crypto';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { PageTokenRefused } from '../../lib/domain/ports/services.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { putIf, type StoreTable } from '../../lib/ledger/dynamodb/store/conditional-write.ts';
import {
  issuerEntryKey,
  providerKey,
  toIssuerItem,
  toWorkloadItem,
  workloadKey,
} from '../../lib/ledger/dynamodb/registry/identity-items.ts';
import { createIdentityStore } from '../../lib/ledger/dynamodb/registry/identity-store.ts';
import { createIssuerIndex } from '../../lib/ledger/dynamodb/registry/issuer-index.ts';
import { managerKey } from '../../lib/ledger/dynamodb/registry/manager-items.ts';
import { createTagStore } from '../../lib/ledger/dynamodb/registry/tag-store.ts';
import { transactIf } from '../../lib/ledger/dynamodb/store/transaction.ts';
import { createWorkloadTokens } from '../../lib/ledger/dynamodb/registry/workload-tokens.ts';
import { identityStoreContract } from '../contracts/identity-store.ts';
import { PARALLEL, times } from '../contracts/parallel.ts';
import { withDatabase } from '../support/database.ts';
import { makeName, makeProvider, makeWorkload } from '../support/identities.ts';
import { NOW } from '../support/payments.ts';

const database = withDatabase();
let table: StoreTable;
beforeAll(() => {
  Object.assign(process.env, database.environment);
  // Hundreds of requests go through one client at once.
  table = { tableName: database.registryTable, client: createStoreClient({ maxAttempts: 3, timeoutMs: 20_000 }) };
});

identityStoreContract('the identity store on DynamoDB', () => createIdentityStore(table));

const ANY = { expression: 'attribute_not_exists(pk)' };

describe('what depends on an identity', () => {
  test('keeps a provider from being deleted while a connector uses it, and not afterwards', async () => {
    const store = createIdentityStore(table);
    const provider = makeProvider();
    await store.createProvider(provider);
    const count = (by: string) =>
      database.client.send(
        new UpdateItemCommand({
          TableName: table.tableName,
          Key: providerKey(provider.name),
          UpdateExpression: 'ADD connectors :by',
          ExpressionAttributeValues: { ':by': { N: by } },
        }),
      );
    await count('1');
    expect(await store.deleteProvider(provider)).toBe('in_use');
    const next = { ...provider, revision: 2 };
    expect(await store.replaceProvider(next, provider)).toBe('changed');
    expect(await store.deleteProvider(next)).toBe('in_use');
    expect(await store.readProvider(provider.name)).toEqual(next);
    await count('-1');
    expect(await store.deleteProvider(next)).toBe('changed');
  });

  test("keeps a manager's workload identity from being deleted, though it can be read, listed and changed", async () => {
    const store = createIdentityStore(table);
    const workload = makeWorkload();
    await putIf(table, toWorkloadItem(workload, 'tenant-0123456789'), ANY);
    expect(await store.readWorkload(workload.name)).toEqual(workload);
    expect(await store.deleteWorkload(workload)).toBe('in_use');
    const next = { ...workload, returnUrls: ['https://a.example/'], revision: 2 };
    expect(await store.replaceWorkload(next, workload)).toBe('changed');
    expect(await store.deleteWorkload(next)).toBe('in_use');
    expect(await store.readWorkload(workload.name)).toEqual(next);
  });

  test("refuses a workload's page token for the list of providers", async () => {
    const store = createIdentityStore(table);
    await Promise.all(times(2, () => store.createWorkload(makeWorkload())));
    const { nextToken } = await store.listWorkloads({ maxResults: 1 });
    await expect(store.listProviders({ maxResults: 1, nextToken: nextToken! })).rejects.toThrow(PageTokenRefused);
  });
});

describe('tags', () => {
  test('are read and replaced where the revision holds, for each kind of resource', async () => {
    const [identities, tags] = [createIdentityStore(table), createTagStore(table)];
    const [provider, workload] = [makeProvider({ tags: { a: '1' } }), makeWorkload()];
    await identities.createProvider(provider);
    await identities.createWorkload(workload);
    const managerId = 'tagged-0123456789';
    const stored = { v: { N: '1' }, status: { S: 'READY' }, revision: { N: '7' } };
    await putIf(table, { ...managerKey(managerId), ...stored }, ANY);
    const cases = [
      [
        { kind: 'credential-provider', id: provider.name },
        { tags: { a: '1' }, revision: 1 },
      ],
      [
        { kind: 'workload-identity', id: workload.name },
        { tags: {}, revision: 1 },
      ],
      [
        { kind: 'manager', id: managerId },
        { tags: {}, revision: 7 },
      ],
    ] as const;
    for (const [resource, before] of cases) {
      expect(await tags.readTags(resource)).toEqual(before);
      expect(await tags.replaceTags(resource, { b: '2' }, before.revision, addMs(NOW, 9))).toBe('changed');
      expect(await tags.replaceTags(resource, { c: '3' }, before.revision, addMs(NOW, 9))).toBe('stale');
      expect(await tags.readTags(resource)).toEqual({ tags: { b: '2' }, revision: before.revision + 1 });
    }
    expect(await identities.readProvider(provider.name)).toEqual({
      ...provider,
      tags: { b: '2' },
      updatedAt: addMs(NOW, 9),
      revision: 2,
    });
  });

  test('are not there for a resource that is missing or deleted, and make none', async () => {
    const tags = createTagStore(table);
    const managerId = 'deleted-0123456789';
    const stored = { v: { N: '1' }, status: { S: 'DELETED' }, revision: { N: '1' } };
    await putIf(table, { ...managerKey(managerId), ...stored }, ANY);
    for (const resource of [
      { kind: 'manager', id: managerId },
      { kind: 'manager', id: 'missing-0123456789' },
      { kind: 'credential-provider', id: 'missing' },
      { kind: 'workload-identity', id: 'missing' },
    ] as const) {
      expect(await tags.readTags(resource)).toBeNull();
      expect(await tags.replaceTags(resource, { a: '1' }, 1, NOW)).toBe('stale');
      expect(await tags.readTags(resource)).toBeNull();
    }
  });
});

describe("a workload's token", () => {
  const digest = () => createHash('sha256').update(randomBytes(16)).digest('hex');
  const grant = { workloadName: 'agent', userId: 'user#1', workloadCreatedAt: NOW, expiresAt: addMs(NOW, 900_500) };

  test('is redeemed by exactly one of parallel callers', async () => {
    const tokens = createWorkloadTokens(table);
    const key = digest();
    await tokens.keep(key, grant);
    const redeemed = await Promise.all(times(PARALLEL, () => tokens.redeem(key)));
    expect(redeemed.filter((each) => each !== null)).toEqual([grant]);
    expect(await tokens.redeem(key)).toBeNull();
  });

  test('has no user where the workload acts for itself, and is null where none was kept', async () => {
    const tokens = createWorkloadTokens(table);
    const key = digest();
    await tokens.keep(key, { ...grant, userId: null });
    expect(await tokens.redeem(digest())).toBeNull();
    expect(await tokens.redeem(key)).toEqual({ ...grant, userId: null });
  });

  test('tells the table when it may be removed, in seconds', async () => {
    const key = digest();
    await createWorkloadTokens(table).keep(key, grant);
    const Key = { pk: { S: `WAT#${key}` }, sk: { S: 'WAT' } };
    const { Item } = await database.client.send(new GetItemCommand({ TableName: table.tableName, Key }));
    expect(Item).toMatchObject({ v: { N: '1' }, expiresAtSeconds: { N: `${NOW / 1000 + 900}` } });
  });
});

describe('the index of issuers', () => {
  test("knows an issuer's discovery document as long as one manager trusts it, and no other issuer's", async () => {
    const index = createIssuerIndex(table);
    const issuerKey = `https://${makeName('id')}.example`;
    const discoveryUrl = `${issuerKey}/.well-known/openid-configuration`;
    expect(await index.findDiscoveryUrl(issuerKey)).toBeNull();
    const managers = ['one-0123456789', 'two-0123456789'];
    for (const managerId of managers) await putIf(table, toIssuerItem({ issuerKey, managerId, discoveryUrl }), ANY);
    for (const managerId of managers) {
      expect(await index.findDiscoveryUrl(issuerKey)).toBe(discoveryUrl);
      expect(await index.findDiscoveryUrl(`${issuerKey}/`)).toBeNull();
      await transactIf(table, [{ kind: 'delete', key: issuerEntryKey(issuerKey, managerId) }]);
    }
    expect(await index.findDiscoveryUrl(issuerKey)).toBeNull();
  });
});

test('stores documented keys, and refuses an item of a later schema', async () => {
  const store = createIdentityStore(table);
  const workload = makeWorkload({ createdAt: toEpochMs(NOW + 3) });
  await store.createWorkload(workload);
  const Key = workloadKey(workload.name);
  const { Item } = await database.client.send(new GetItemCommand({ TableName: table.tableName, Key }));
  expect(Item).toMatchObject({ pk: { S: `WLI#${workload.name}` }, sk: { S: 'WLI' }, lk: { S: 'WORKLOADS' } });
  expect(Item).not.toHaveProperty('manager');
  await database.client.send(
    new UpdateItemCommand({
      TableName: table.tableName,
      Key,
      UpdateExpression: 'SET v = :later',
      ExpressionAttributeValues: { ':later': { N: '2' } },
    }),
  );
  await expect(store.readWorkload(workload.name)).rejects.toThrow(/schema version 2/);
});
