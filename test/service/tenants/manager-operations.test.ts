import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { CONNECTORS_MAX } from '../../../lib/domain/limits.ts';
import {
  anInstant,
  connectorRequest,
  createTenant,
  instrumentRequest,
  managerRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const missing = { status: 404, body: { __type: 'ResourceNotFoundException' } };
const unknown = { paymentManagerId: 'missing-0123456789', paymentConnectorId: 'missing-0123456789' };
const jwtConfiguration = {
  customJWTAuthorizer: {
    discoveryUrl: 'https://issuer.example/.well-known/openid-configuration',
    allowedAudience: ['https://payments.example'],
  },
};

async function createManager(overrides: object = {}): Promise<{ paymentManagerId: string }> {
  const { body } = await call<{ paymentManagerId: string }>('CreatePaymentManager', {
    json: managerRequest(overrides),
  });
  return { paymentManagerId: body.paymentManagerId };
}

const createConnector = (path: { paymentManagerId: string }, overrides: object = {}) =>
  call<{ paymentConnectorId: string }>('CreatePaymentConnector', { json: connectorRequest(overrides), path });

describe('a manager', () => {
  test('reads as it was made, changes in what an update names, and is gone once deleted', async () => {
    const path = await createManager({ description: 'first', tags: { team: 'research' } });
    const made = await call('GetPaymentManager', { path });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({ ...path, description: 'first', tags: { team: 'research' }, status: 'READY' });
    expect(made.body).toMatchObject({ createdAt: anInstant, lastUpdatedAt: anInstant });

    const updated = await call('UpdatePaymentManager', { path, json: { description: 'second' } });
    expect(updated.status).toBe(202);
    expect(updated.body).toMatchObject({ ...path, status: 'READY', lastUpdatedAt: anInstant });
    const read = await call('GetPaymentManager', { path });
    expect(read.body).toEqual({ ...made.body, description: 'second', lastUpdatedAt: updated.body['lastUpdatedAt'] });

    const deleted = await call('DeletePaymentManager', { path });
    expect([deleted.status, deleted.body]).toEqual([202, { status: 'DELETING', ...path }]);
    expect(await call('GetPaymentManager', { path })).toMatchObject(missing);
    expect(await call('DeletePaymentManager', { path })).toMatchObject(missing);
    expect(await call('UpdatePaymentManager', { path, json: { description: 'third' } })).toMatchObject(missing);
    expect(await createConnector(path)).toMatchObject(missing);
  });

  test('takes its workload identity with it, which cannot be deleted alone', async () => {
    const path = await createManager();
    const json = { name: path.paymentManagerId };
    expect((await call('GetWorkloadIdentity', { json })).status).toBe(200);
    expect((await call('DeleteWorkloadIdentity', { json })).status).not.toBeLessThan(400);
    expect((await call('GetWorkloadIdentity', { json })).status).toBe(200);
    await call('DeletePaymentManager', { path });
    expect((await call('GetWorkloadIdentity', { json })).status).toBe(404);
  });

  test('changes between signatures and tokens, and keeps its configuration when the update names none', async () => {
    const path = await createManager();
    const update = (json: object) => call('UpdatePaymentManager', { path, json });
    const read = async () => (await call('GetPaymentManager', { path })).body;
    expect((await update({ authorizerType: 'CUSTOM_JWT' })).status).toBe(400);
    expect((await update({ authorizerConfiguration: jwtConfiguration })).status).toBe(400);
    expect((await read())['authorizerType']).toBe('AWS_IAM');

    const json = { authorizerType: 'CUSTOM_JWT', authorizerConfiguration: jwtConfiguration };
    expect((await update(json)).status).toBe(202);
    await update({ description: 'kept' });
    expect(await read()).toMatchObject({
      authorizerType: 'CUSTOM_JWT',
      authorizerConfiguration: {
        customJWTAuthorizer: {
          ...jwtConfiguration.customJWTAuthorizer,
          managementScope: 'bursar/manage',
          managementMayPay: false,
        },
      },
    });
    // The same issuer with a slash at its end has the same entry among the issuers.
    const slashed = 'https://issuer.example//.well-known/openid-configuration';
    const customJWTAuthorizer = { ...jwtConfiguration.customJWTAuthorizer, discoveryUrl: slashed };
    expect((await update({ authorizerConfiguration: { customJWTAuthorizer } })).status).toBe(202);
    expect(await read()).toMatchObject({
      authorizerConfiguration: { customJWTAuthorizer: { discoveryUrl: slashed } },
    });
    expect((await update({ authorizerType: 'AWS_IAM' })).status).toBe(202);
    expect(await read()).not.toHaveProperty('authorizerConfiguration');
  });

  test('is in use while it has a connector', async () => {
    const path = { paymentManagerId: tenant.managerId };
    const refused = await call('DeletePaymentManager', { path });
    expect([refused.status, refused.body['__type']]).toEqual([409, 'ConflictException']);
    expect((await call('GetPaymentManager', { path })).status).toBe(200);
  });

  test('is listed with all others, page by page, and not once it is deleted', async () => {
    const made = [];
    for (let i = 0; i < 4; i += 1) made.push((await createManager()).paymentManagerId);
    const gone = made.pop()!;
    await call('DeletePaymentManager', { path: { paymentManagerId: gone } });
    const listed = await listAll('ListPaymentManagers', 'paymentManagers', {});
    const ids = listed.map((each) => each['paymentManagerId']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [...made, tenant.managerId]) expect(ids).toContain(id);
    expect(ids).not.toContain(gone);
    expect(await call('ListPaymentManagers', { json: { nextToken: 'AAAA' } })).toMatchObject({ status: 400 });
  });
});

async function listAll(
  operation: 'ListPaymentManagers' | 'ListPaymentConnectors',
  member: string,
  path: Record<string, string>,
): Promise<readonly Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let nextToken: unknown;
  for (let pages = 0; pages < 200; pages += 1) {
    const json = { maxResults: 1, ...(nextToken === undefined ? {} : { nextToken }) };
    const { status, body } = await call(operation, { json, path });
    expect(status).toBe(200);
    items.push(...(body[member] as Record<string, unknown>[]));
    nextToken = body['nextToken'];
    if (nextToken === undefined) return items;
    expect(body[member]).toHaveLength(1);
  }
  throw new Error('a list without end');
}

describe('a connector', () => {
  test('reads as it was made, changes its description, and is gone once deleted', async () => {
    const manager = await createManager();
    const { body } = await createConnector(manager, { description: 'first' });
    const path = { ...manager, paymentConnectorId: body.paymentConnectorId };
    const made = await call('GetPaymentConnector', { path });
    expect(made.body).toEqual({
      paymentConnectorId: path.paymentConnectorId,
      name: 'seed',
      type: 'SeedVault',
      status: 'READY',
      description: 'first',
      provisionMode: 'MANUAL',
      credentialProviderConfigurations: [],
      createdAt: anInstant,
      lastUpdatedAt: anInstant,
    });
    const updated = await call('UpdatePaymentConnector', { path, json: { description: 'second' } });
    expect(updated.status).toBe(202);
    const read = await call('GetPaymentConnector', { path });
    expect(read.body).toEqual({ ...made.body, description: 'second', lastUpdatedAt: updated.body['lastUpdatedAt'] });
    const retyped = await call('UpdatePaymentConnector', { path, json: { type: 'AwsKms' } });
    expect([retyped.status, retyped.body['reason']]).toEqual([400, 'FieldValidationFailed']);

    const deleted = await call('DeletePaymentConnector', { path });
    expect(deleted.body).toEqual({ status: 'DELETING', paymentConnectorId: path.paymentConnectorId });
    for (const operation of ['GetPaymentConnector', 'DeletePaymentConnector', 'UpdatePaymentConnector'] as const) {
      expect(await call(operation, { path, json: {} }), operation).toMatchObject(missing);
    }
    const instrument = instrumentRequest({
      paymentManagerArn: `arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/${manager.paymentManagerId}`,
      paymentConnectorId: path.paymentConnectorId,
    });
    expect(await call('CreatePaymentInstrument', { json: instrument })).toMatchObject(missing);
  });

  test('of another manager is not found, for each operation on one', async () => {
    const other = await createManager();
    const path = { ...other, paymentConnectorId: tenant.paymentConnectorId };
    for (const operation of ['GetPaymentConnector', 'DeletePaymentConnector', 'UpdatePaymentConnector'] as const) {
      const foreign = await call(operation, { path, json: {} });
      const none = await call(operation, {
        path: { ...other, paymentConnectorId: unknown.paymentConnectorId },
        json: {},
      });
      expect(foreign.text, operation).toBe(none.text);
      expect(foreign, operation).toMatchObject(missing);
    }
  });

  test('is in use while it has an instrument; the instrument answers its token also when all is gone', async () => {
    const own = await createTenant(functions);
    const path = { paymentManagerId: own.managerId, paymentConnectorId: own.paymentConnectorId };
    const json = instrumentRequest(own);
    const made = await call<{ paymentInstrument: { paymentInstrumentId: string } }>('CreatePaymentInstrument', {
      json,
    });
    for (const paymentInstrumentId of [own.paymentInstrumentId, made.body.paymentInstrument.paymentInstrumentId]) {
      const refused = await call('DeletePaymentConnector', { path });
      expect([refused.status, refused.body['__type']]).toEqual([409, 'ConflictException']);
      await call('DeletePaymentInstrument', { json: { ...own, paymentInstrumentId } });
    }
    expect((await call('DeletePaymentConnector', { path })).status).toBe(202);
    const again = await call('CreatePaymentInstrument', { json });
    expect([again.status, again.text]).toEqual([made.status, made.text]);
    expect(await call('CreatePaymentInstrument', { json: instrumentRequest(own) })).toMatchObject(missing);
  });

  test('is one of at most as many as a manager may have, and no seed is made for one more', async () => {
    const path = await createManager();
    await setConnectors(path, CONNECTORS_MAX - 1);
    expect((await createConnector(path)).status).toBe(202);
    const before = functions.awsCalls.length;
    const refused = await createConnector(path);
    expect([refused.status, refused.body]).toMatchObject([402, { __type: 'ServiceQuotaExceededException' }]);
    expect(functions.awsCalls.slice(before)).toEqual([]);
  });

  test('is listed page by page, and not once it is deleted', async () => {
    const path = await createManager();
    const made = [];
    for (let i = 0; i < 4; i += 1) made.push((await createConnector(path, { type: 'AwsKms' })).body.paymentConnectorId);
    const gone = made.pop()!;
    await call('DeletePaymentConnector', { path: { ...path, paymentConnectorId: gone } });
    const listed = await listAll('ListPaymentConnectors', 'paymentConnectors', path);
    expect(listed.map((each) => each['paymentConnectorId'])).toEqual(made.toSorted());
    expect(listed[0]).toEqual({
      paymentConnectorId: made.toSorted()[0],
      name: 'seed',
      type: 'AwsKms',
      status: 'READY',
      provisionMode: 'MANUAL',
      lastUpdatedAt: anInstant,
    });
    const none = await call('ListPaymentConnectors', { path: { paymentManagerId: unknown.paymentManagerId } });
    expect(none.body).toEqual({ paymentConnectors: [] });
  });
});

async function setConnectors({ paymentManagerId }: { paymentManagerId: string }, count: number): Promise<void> {
  const command = new UpdateItemCommand({
    TableName: functions.database.registryTable,
    Key: { pk: { S: `MGR#${paymentManagerId}` }, sk: { S: 'MGR' } },
    UpdateExpression: 'SET connectors = :count',
    ExpressionAttributeValues: { ':count': { N: `${count}` } },
  });
  await functions.database.client.send(command);
}
