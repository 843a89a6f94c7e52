import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createTenant,
  instrumentRequest,
  newToken,
  paymentRequest,
  withFunctions,
  type Tenant,
} from '../../support/functions.ts';

const functions = withFunctions();
const { call } = functions;

let secrets: SecretsManagerClient;
let tenant: Tenant;
let SecretId: string;
beforeAll(() => {
  secrets = new SecretsManagerClient({});
});
afterAll(() => secrets.destroy());
beforeEach(async () => {
  tenant = await createTenant(functions);
  SecretId = `bursar/test/${tenant.managerId}/${tenant.paymentConnectorId}`;
});

const readConnector = () =>
  call<{ status: string; problem?: string }>('GetPaymentConnector', {
    path: { paymentManagerId: tenant.managerId, paymentConnectorId: tenant.paymentConnectorId },
  });
const makeWallet = (clientToken = newToken()) =>
  call('CreatePaymentInstrument', { json: { ...instrumentRequest(tenant), clientToken } });
const rotate = () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: `{"rotated":"${newToken()}"}` }));
const loseFor = (days: number) =>
  secrets.send(new DeleteSecretCommand({ SecretId, ...(days === 0 ? { ForceDeleteWithoutRecovery: true } : {}) }));

test('the version of a new seed is held by our label, and the connector shows nothing', async () => {
  const { VersionIdsToStages: stages } = await secrets.send(new DescribeSecretCommand({ SecretId }));
  expect(Object.values(stages ?? {})).toEqual([['AWSCURRENT', 'BURSAR_SEED']]);
  const { status, body } = await readConnector();
  expect(status).toBe(200);
  expect(body.status).toBe('READY');
  expect(body).not.toHaveProperty('problem');
});

test('a seed that was rotated again and again still pays and makes wallets, and the connector says what is wrong', async () => {
  for (let times = 0; times < 105; times += 1) await rotate();
  const { body } = await readConnector();
  expect(body.status).toBe('READY');
  expect(body.problem).toContain(SecretId);
  expect(body.problem).toContain('must not be rotated');
  expect((await makeWallet()).status).toBe(201);
  expect(await call('ProcessPayment', { json: paymentRequest(tenant) })).toMatchObject({ status: 200 });
});

describe.each([
  ['about to be deleted', 7, 'restore-secret'],
  ['gone', 0, 'bursar backup restore'],
])('a seed that is %s', (_, days, mend) => {
  test('shows at its connector, with what to do', async () => {
    await loseFor(days);
    const { body } = await readConnector();
    expect(body.status).toBe('UPDATE_FAILED');
    expect(body.problem).toContain(mend);
  });

  test('gets no new wallet, while the ones that it has are answered as before', async () => {
    const clientToken = newToken();
    const before = await makeWallet(clientToken);
    expect(before.status).toBe(201);
    await loseFor(days);
    const refused = await makeWallet();
    expect(refused).toMatchObject({ status: 409, body: { __type: 'ConflictException' } });
    expect(refused.text).not.toContain(SecretId);
    expect((await makeWallet(clientToken)).text).toBe(before.text);
  });
});

test('a wallet that was refused is made under the same client token once the seed is back', async () => {
  const clientToken = newToken();
  await loseFor(7);
  expect((await makeWallet(clientToken)).status).toBe(409);
  await secrets.send(new RestoreSecretCommand({ SecretId }));
  expect((await readConnector()).body.status).toBe('READY');
  expect((await makeWallet(clientToken)).status).toBe(201);
});
