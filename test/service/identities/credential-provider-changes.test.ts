import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { times } from '../../contracts/parallel.ts';
import { makeName } from '../../support/identities.ts';
import {
  coinbaseRequest,
  coinbaseSecrets,
  configurationOf,
  fieldsOf,
  privyRequest,
  privySecrets,
  storedArn,
  withIdentityFunctions,
} from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const { call, readSecret } = functions;
const deletionsSince = (start: number) =>
  functions.awsCalls.slice(start).filter(({ action }) => action === 'DeleteSecret');

describe('an update', () => {
  test('renews what it is given in the same secret and leaves the rest', async () => {
    const name = makeName('upd');
    const first = coinbaseSecrets();
    const { body: made } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name, first));
    const next = coinbaseSecrets();
    const { status, body } = await call(
      'UpdatePaymentCredentialProvider',
      coinbaseRequest(name, { apiKeyId: 'key-2', apiKeySecret: next.apiKeySecret, walletSecret: undefined }),
    );
    expect(status).toBe(200);
    expect(configurationOf(body, 'coinbaseCdp')).toEqual({
      ...configurationOf(made, 'coinbaseCdp'),
      apiKeyId: 'key-2',
    });
    expect(body).toMatchObject({ createdTime: expect.any(Number), lastUpdatedTime: expect.any(Number) });
    expect(JSON.parse(await readSecret(storedArn(body, 'apiKeySecret')))).toEqual({ apiKeySecret: next.apiKeySecret });
    expect(JSON.parse(await readSecret(storedArn(body, 'walletSecret')))).toEqual({ walletSecret: first.walletSecret });
  });

  test('moves a secret to the deployer and back, and deletes the one that gave way', async () => {
    const name = makeName('move');
    const { body: made } = await call('CreatePaymentCredentialProvider', privyRequest(name));
    const before = storedArn(made, 'appSecret', 'stripePrivy');
    const start = functions.awsCalls.length;
    const external = {
      appSecret: undefined,
      authorizationPrivateKey: undefined,
      appSecretSource: 'EXTERNAL',
      appSecretConfig: { secretId: 'ours/app', jsonKey: 'k' },
    };
    const away = await call('UpdatePaymentCredentialProvider', privyRequest(name, external));
    expect(configurationOf(away.body, 'stripePrivy')).toMatchObject({
      appSecretSource: 'EXTERNAL',
      appSecretJsonKey: 'k',
    });
    expect(deletionsSince(start).map(({ input }) => input)).toEqual([{ SecretId: before, RecoveryWindowInDays: 30 }]);
    const { appSecret } = privySecrets();
    const back = await call(
      'UpdatePaymentCredentialProvider',
      privyRequest(name, { appSecret, authorizationPrivateKey: undefined }),
    );
    expect(configurationOf(back.body, 'stripePrivy')).toMatchObject({ appSecretSource: 'MANAGED' });
    expect(JSON.parse(await readSecret(storedArn(back.body, 'appSecret', 'stripePrivy')))).toEqual({ appSecret });
  });

  test('makes a new secret where the old one is gone', async () => {
    const name = makeName('gone');
    const { body: made } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const mend = functions.failAction('PutSecretValue', 'InvalidRequestException');
    const { status, body } = await call('UpdatePaymentCredentialProvider', coinbaseRequest(name));
    mend();
    expect(status).toBe(200);
    expect(storedArn(body, 'apiKeySecret')).not.toBe(storedArn(made, 'apiKeySecret'));
  });

  test('refuses another vendor, a missing provider, and a source that has no secret', async () => {
    const name = makeName('ref');
    await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const vendor = await call('UpdatePaymentCredentialProvider', privyRequest(name));
    expect(fieldsOf(vendor.body)).toEqual(['credentialProviderVendor']);
    expect((await call('UpdatePaymentCredentialProvider', coinbaseRequest(makeName('none')))).status).toBe(404);
    const wrong = { apiKeySecret: undefined, apiKeySecretSource: 'EXTERNAL' };
    expect((await call('UpdatePaymentCredentialProvider', coinbaseRequest(name, wrong))).status).toBe(400);
  });

  test('at the same time as another is refused rather than lost', async () => {
    const name = makeName('both');
    await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const answers = await Promise.all(
      times(8, (index) => call('UpdatePaymentCredentialProvider', coinbaseRequest(name, { apiKeyId: `key-${index}` }))),
    );
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
  });
});

describe('a deletion', () => {
  test('takes the provider first and leaves a month to recover its secrets', async () => {
    const name = makeName('del');
    const { body: made } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const start = functions.awsCalls.length;
    expect(await call('DeletePaymentCredentialProvider', { name })).toMatchObject({ status: 204, text: '' });
    expect(deletionsSince(start).map(({ input }) => input)).toEqual([
      { SecretId: storedArn(made, 'apiKeySecret'), RecoveryWindowInDays: 30 },
      { SecretId: storedArn(made, 'walletSecret'), RecoveryWindowInDays: 30 },
    ]);
    await expect(readSecret(storedArn(made, 'walletSecret'))).rejects.toThrow(/marked for deletion/);
    expect((await call('GetPaymentCredentialProvider', { name })).status).toBe(404);
    expect((await call('DeletePaymentCredentialProvider', { name })).status).toBe(404);
    expect((await call('CreatePaymentCredentialProvider', coinbaseRequest(name))).status).toBe(201);
  });

  test('succeeds and reports a secret that it could not delete', async () => {
    const name = makeName('left');
    const { body: made } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const mend = functions.failAction('DeleteSecret', 'AccessDeniedException');
    expect((await call('DeletePaymentCredentialProvider', { name })).status).toBe(204);
    mend();
    const left = functions.logs.filter((line) => line.includes('credential.secret_left'));
    expect(left.join('')).toContain(storedArn(made, 'apiKeySecret'));
    expect(left.join('')).toContain(storedArn(made, 'walletSecret'));
  });

  test('refuses a provider that a connector uses, and keeps its secrets', async () => {
    const name = makeName('used');
    const { body: made } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const count = (by: string) =>
      functions.database.client.send(
        new UpdateItemCommand({
          TableName: functions.database.registryTable,
          Key: { pk: { S: `CRP#${name}` }, sk: { S: 'CRP' } },
          UpdateExpression: 'ADD connectors :by',
          ExpressionAttributeValues: { ':by': { N: by } },
        }),
      );
    await count('1');
    const refused = await call('DeletePaymentCredentialProvider', { name });
    expect(refused).toMatchObject({ status: 400, body: { reason: 'ResourceConflict' } });
    await readSecret(storedArn(made, 'apiKeySecret'));
    await count('-1');
    expect((await call('DeletePaymentCredentialProvider', { name })).status).toBe(204);
  });
});
