import { beforeAll, describe, expect, test } from 'vitest';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createManagerStore } from '../../../lib/ledger/dynamodb/registry/manager-store.ts';
import { PARALLEL, times } from '../../contracts/parallel.ts';
import { makeName } from '../../support/identities.ts';
import { NOW } from '../../support/payments.ts';
import { makeManager } from '../../support/registry.ts';
import { ACCOUNT, REGION, privyRequest, withIdentityFunctions } from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const { call } = functions;
const arnOf = (path: string) => `arn:aws:bedrock-agentcore:${REGION}:${ACCOUNT}:${path}`;
const workloadArn = (name: string) => arnOf(`workload-identity-directory/default/workload-identity/${name}`);
const manager = makeManager({ tags: { made: 'here' } });

beforeAll(async () => {
  const client = createStoreClient({ maxAttempts: 3 });
  const managers = createManagerStore({ tableName: functions.database.registryTable, client });
  expect(await managers.createManager(manager, null)).toBe('changed');
});

describe('a workload identity', () => {
  test('reads back as it was created and updated', async () => {
    const name = makeName('agent');
    const urls = ['https://agent.example/return'];
    const created = await call('CreateWorkloadIdentity', { name, allowedResourceOauth2ReturnUrls: urls });
    const view = { name, workloadIdentityArn: workloadArn(name), allowedResourceOauth2ReturnUrls: urls };
    expect(created).toMatchObject({ status: 201 });
    expect(created.body).toEqual(view);
    const changes = { createdTime: expect.closeTo(Date.now() / 1000, -2), lastUpdatedTime: expect.any(Number) };
    expect((await call('GetWorkloadIdentity', { name })).body).toEqual({ ...view, ...changes });
    const next = ['https://other.example/'];
    const updated = await call('UpdateWorkloadIdentity', { name, allowedResourceOauth2ReturnUrls: next });
    expect(updated.body).toEqual({ ...view, ...changes, allowedResourceOauth2ReturnUrls: next });
    const untouched = await call('UpdateWorkloadIdentity', { name });
    expect(untouched.body).toMatchObject({ allowedResourceOauth2ReturnUrls: next });
  });

  test('is made once of parallel creations, and the others are refused', async () => {
    const name = makeName('race');
    const answers = await Promise.all(times(PARALLEL, () => call('CreateWorkloadIdentity', { name })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.find(({ status }) => status !== 201);
    expect(refused).toMatchObject({
      status: 409,
      body: { __type: 'ConflictException' },
    });
  });

  test('is gone once deleted, and nothing can be done with a missing one', async () => {
    const name = makeName('gone');
    await call('CreateWorkloadIdentity', { name });
    expect(await call('DeleteWorkloadIdentity', { name })).toMatchObject({ status: 204, text: '' });
    for (const operation of ['GetWorkloadIdentity', 'UpdateWorkloadIdentity', 'DeleteWorkloadIdentity'] as const) {
      expect((await call(operation, { name })).status, operation).toBe(404);
    }
  });

  test('of a manager can be read and changed, and refuses to be deleted', async () => {
    const name = manager.workloadName;
    expect((await call('GetWorkloadIdentity', { name })).status).toBe(200);
    expect((await call('UpdateWorkloadIdentity', { name })).status).toBe(200);
    const refused = await call('DeleteWorkloadIdentity', { name });
    expect(refused).toMatchObject({ status: 400, body: { reason: 'ResourceConflict' } });
    expect((await call('GetWorkloadIdentity', { name })).status).toBe(200);
  });

  test.each(['ab', 'a b', 'a/b', 'x'.repeat(256), ''])('refuses the name %j', async (name) => {
    expect((await call('CreateWorkloadIdentity', { name })).status).toBe(400);
  });

  test('stands in the list once, by ARN and name', async () => {
    const names = times(12, (index) => makeName(`list${index}`));
    await Promise.all(names.map((name) => call('CreateWorkloadIdentity', { name })));
    const seen: object[] = [];
    let nextToken: string | undefined;
    for (let pages = 0; pages < 30; pages += 1) {
      const page = await call('ListWorkloadIdentities', { maxResults: 5, ...(nextToken && { nextToken }) });
      seen.push(...(page.body['workloadIdentities'] as object[]));
      nextToken = page.body['nextToken'] as string | undefined;
      if (nextToken === undefined) break;
    }
    const expected = names.map((name) => ({ name, workloadIdentityArn: workloadArn(name) }));
    expect(seen).toEqual(expect.arrayContaining(expected));
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(seen.length);
  });
});

describe('tags', () => {
  const managerArn = arnOf(`payment-manager/${manager.managerId}`);
  const resources: string[] = [managerArn];
  beforeAll(async () => {
    const name = makeName('tagged');
    await call('CreateWorkloadIdentity', { name, tags: { made: 'here' } });
    await call('CreatePaymentCredentialProvider', { ...privyRequest(name), tags: { made: 'here' } });
    resources.push(workloadArn(name), arnOf(`token-vault/default/paymentcredentialprovider/${name}`));
  });
  const tagsOf = async (resourceArn: string) =>
    (await call('ListTagsForResource', { resourceArn })).body['tags'] as Record<string, string> | undefined;

  test('are added, replaced and removed on each kind of resource', async () => {
    expect(resources).toHaveLength(3);
    for (const resourceArn of resources) {
      expect(await tagsOf(resourceArn)).toEqual({ made: 'here' });
      const added = await call('TagResource', { resourceArn, tags: { made: 'there', 'a:b/c': '' } });
      expect(added).toMatchObject({ status: 204, text: '' });
      expect(await tagsOf(resourceArn)).toEqual({ made: 'there', 'a:b/c': '' });
      const removed = await call('UntagResource', { resourceArn, tagKeys: ['made', 'unknown'] });
      expect(removed).toMatchObject({ status: 204, text: '' });
      expect(await tagsOf(resourceArn)).toEqual({ 'a:b/c': '' });
    }
  });

  test('refuses the fifty-first tag and takes the fiftieth', async () => {
    const name = makeName('many');
    await call('CreateWorkloadIdentity', { name });
    const resourceArn = workloadArn(name);
    const tags = (from: number, count: number) =>
      Object.fromEntries(times(count, (index) => [`k${from + index}`, 'v']));
    expect((await call('TagResource', { resourceArn, tags: tags(0, 50) })).status).toBe(204);
    expect((await call('TagResource', { resourceArn, tags: tags(49, 1) })).status).toBe(204);
    const refused = await call('TagResource', { resourceArn, tags: tags(50, 1) });
    expect(refused).toMatchObject({ status: 402, body: { __type: 'ServiceQuotaExceededException' } });
    expect(Object.keys((await tagsOf(resourceArn)) ?? {})).toHaveLength(50);
  });

  test('that are added at the same time are all there, or refused as busy', async () => {
    const name = makeName('busy');
    await call('CreateWorkloadIdentity', { name });
    const resourceArn = workloadArn(name);
    const answers = await Promise.all(
      times(6, (index) => call('TagResource', { resourceArn, tags: { [`k${index}`]: 'v' } })),
    );
    const expected = answers.flatMap(({ status }, index) => (status === 204 ? [`k${index}`] : []));
    expect(expected.length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 204 || status === 429)).toBe(true);
    expect(Object.keys((await tagsOf(resourceArn)) ?? {}).toSorted()).toEqual(expected);
  });

  test.each([
    ['a missing manager', arnOf('payment-manager/missing-0123456789')],
    ['a missing workload identity', workloadArn('missing')],
    ['a missing provider', arnOf('token-vault/default/paymentcredentialprovider/missing')],
    ['another account', managerArn.replace(ACCOUNT, '999999999999')],
    ['another region', managerArn.replace(REGION, 'eu-west-1')],
    ['a connector', `${managerArn}/connector/wallets-0123456789`],
    ['a resource that has no tags here', arnOf('gateway/other-0123456789')],
  ])('refuses %s like any resource that is not there', async (_what, resourceArn) => {
    for (const [operation, json] of [
      ['ListTagsForResource', {}],
      ['TagResource', { tags: { a: 'b' } }],
      ['UntagResource', { tagKeys: ['a'] }],
    ] as const) {
      const { status, body } = await call(operation, { resourceArn, ...json });
      expect([status, body], operation).toEqual([
        404,
        { __type: 'ResourceNotFoundException', message: 'Resource not found' },
      ]);
    }
  });

  test('refuses a deleted manager', async () => {
    const deleted = makeManager();
    const client = createStoreClient({ maxAttempts: 3 });
    const managers = createManagerStore({ tableName: functions.database.registryTable, client });
    await managers.createManager(deleted, null);
    const resourceArn = arnOf(`payment-manager/${deleted.managerId}`);
    expect((await call('ListTagsForResource', { resourceArn })).status).toBe(200);
    expect(await managers.deleteManager(deleted, null, NOW)).toBe('changed');
    expect((await call('ListTagsForResource', { resourceArn })).status).toBe(404);
    expect((await call('TagResource', { resourceArn, tags: { a: 'b' } })).status).toBe(404);
  });
});
