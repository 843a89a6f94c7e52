import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { toProviderItem } from '../../../lib/ledger/dynamodb/registry/identity-items.ts';
import { makeProvider, PRIVY_CONFIGURATION } from '../../support/identities.ts';
import {
  connectorRequest,
  createTenant,
  instrumentRequest,
  managerRequest,
  newToken,
  withFunctions,
} from '../../support/functions.ts';

const functions = withFunctions();
const { call } = functions;

const missing = { status: 404, body: { __type: 'ResourceNotFoundException' } };
const arnOf = (name: string) =>
  `arn:aws:bedrock-agentcore:us-east-1:111122223333:token-vault/default/paymentcredentialprovider/${name}`;

async function createManager(): Promise<{ paymentManagerId: string }> {
  const { body } = await call<{ paymentManagerId: string }>('CreatePaymentManager', { json: managerRequest() });
  return { paymentManagerId: body.paymentManagerId };
}

const createConnector = (path: { paymentManagerId: string }, overrides: object = {}) =>
  call<{ paymentConnectorId: string }>('CreatePaymentConnector', { json: connectorRequest(overrides), path });

async function plantProvider(configuration?: object): Promise<string> {
  const provider = makeProvider(configuration === undefined ? {} : { configuration: configuration as never });
  const { client, registryTable: TableName } = functions.database;
  await client.send(new PutItemCommand({ TableName, Item: toProviderItem(provider) }));
  return provider.name;
}

describe.each(['SeedVault', 'AwsKms'] as const)('a %s connector with an entry that older clients insist on', (type) => {
  const role = 'arn:aws:iam::111122223333:role/unused';
  const nobody = { credentialProviderArn: arnOf('nobody') };
  const shown = async (path: object) =>
    (await call('GetPaymentConnector', { path: path as never })).body['credentialProviderConfigurations'];

  test.each([
    ['coinbaseCDP', nobody],
    ['stripePrivy', { credentialProviderArn: nobody.credentialProviderArn.replace('111122223333', '999999999999') }],
    ['awsBilling', { iamRoleArn: role }],
  ])('shows %s as ignored, and looks for nothing', async (member, entry) => {
    const manager = await createManager();
    const credentialProviderConfigurations = [{ [member]: entry }];
    const { status, body } = await createConnector(manager, { type, credentialProviderConfigurations });
    const ignored = [{ [member]: { ...entry, ignored: true } }];
    expect([status, (body as Record<string, unknown>)['credentialProviderConfigurations']]).toEqual([202, ignored]);
    expect(await shown({ ...manager, paymentConnectorId: body.paymentConnectorId })).toEqual(ignored);
  });

  test('holds no credential provider in use', async () => {
    const [manager, name] = [await createManager(), await plantProvider()];
    const credentialProviderConfigurations = [{ coinbaseCDP: { credentialProviderArn: arnOf(name) } }];
    expect((await createConnector(manager, { type, credentialProviderConfigurations })).status).toBe(202);
    expect((await call('DeletePaymentCredentialProvider', { json: { name } })).status).toBe(204);
  });

  test('keeps it in a change that says nothing of it, and loses it to an empty list', async () => {
    const manager = await createManager();
    const { body } = await createConnector(manager, {
      type,
      credentialProviderConfigurations: [{ coinbaseCDP: nobody }],
    });
    const path = { ...manager, paymentConnectorId: body.paymentConnectorId };
    await call('UpdatePaymentConnector', { path, json: { description: 'changed' } });
    expect(await shown(path)).toEqual([{ coinbaseCDP: { ...nobody, ignored: true } }]);
    const other = [{ awsBilling: { iamRoleArn: role } }];
    await call('UpdatePaymentConnector', { path, json: { credentialProviderConfigurations: other } });
    expect(await shown(path)).toEqual([{ awsBilling: { iamRoleArn: role, ignored: true } }]);
    await call('UpdatePaymentConnector', { path, json: { credentialProviderConfigurations: [] } });
    expect(await shown(path)).toEqual([]);
  });

  test.each([
    ['nothing that is known', {}],
    ['two members', { coinbaseCDP: nobody, stripePrivy: nobody }],
  ])('is refused with an entry of %s', async (_what, entry) => {
    const refused = await createConnector(await createManager(), { type, credentialProviderConfigurations: [entry] });
    expect(refused).toMatchObject({ status: 400, body: { fieldList: [{ name: 'credentialProviderConfigurations' }] } });
  });
});

test('a connector of type AwsBilling is refused with the reason', async () => {
  const refused = await createConnector(await createManager(), { type: 'AwsBilling' });
  expect(refused).toMatchObject({ status: 400, body: { fieldList: [{ name: 'type' }] } });
  expect(JSON.stringify(refused.body)).toContain('AWS Marketplace');
});

describe('a connector of a vendor', () => {
  const cdp = (name: string) => ({
    type: 'CoinbaseCDP',
    credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn: arnOf(name) } }],
  });
  const privy = (name: string) => ({
    type: 'StripePrivy',
    credentialProviderConfigurations: [{ stripePrivy: { credentialProviderArn: arnOf(name) } }],
  });

  test('keeps its credential provider in use until it changes to another or is deleted', async () => {
    const [first, second] = [await plantProvider(), await plantProvider()];
    const manager = await createManager();
    const { body } = await createConnector(manager, cdp(first));
    expect(body).toMatchObject({
      credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn: arnOf(first) } }],
    });
    const path = { ...manager, paymentConnectorId: body.paymentConnectorId };
    const removable = async (name: string) =>
      (await call('DeletePaymentCredentialProvider', { json: { name } })).status < 300;
    expect(await removable(first)).toBe(false);
    const { type: _type, ...references } = cdp(second);
    expect((await call('UpdatePaymentConnector', { path, json: references })).status).toBe(202);
    expect(await removable(second)).toBe(false);
    // The old one is free, and cannot come back once it is gone.
    expect(await removable(first)).toBe(true);
    const { type: _again, ...back } = cdp(first);
    expect(await call('UpdatePaymentConnector', { path, json: back })).toMatchObject(missing);
    await call('DeletePaymentConnector', { path });
    expect(await removable(second)).toBe(true);
  });

  test('is refused with a provider that is missing, of another vendor or of another deployment', async () => {
    const manager = await createManager();
    const other = await plantProvider(PRIVY_CONFIGURATION);
    const foreign = {
      type: 'CoinbaseCDP',
      credentialProviderConfigurations: [
        {
          coinbaseCDP: { credentialProviderArn: arnOf(await plantProvider()).replace('111122223333', '999999999999') },
        },
      ],
    };
    expect(await createConnector(manager, cdp('missing'))).toMatchObject(missing);
    expect(await createConnector(manager, foreign)).toMatchObject(missing);
    expect((await createConnector(manager, cdp(other))).status).toBe(400);
    expect((await createConnector(manager, { type: 'CoinbaseCDP' })).status).toBe(400);
    expect((await call('ListPaymentConnectors', { path: manager })).body).toEqual({ paymentConnectors: [] });
  });

  test.each(['CoinbaseCDP', 'StripePrivy'] as const)(
    'of %s makes no wallet with credentials that cannot be read, says so, and can be asked again',
    async (vendor) => {
      const own = await createTenant(functions);
      const configuration =
        vendor === 'CoinbaseCDP' ? cdp(await plantProvider()) : privy(await plantProvider(PRIVY_CONFIGURATION));
      const { body } = await createConnector({ paymentManagerId: own.managerId }, configuration);
      const json = {
        ...instrumentRequest({ ...own, paymentConnectorId: body.paymentConnectorId }),
        clientToken: newToken(),
      };
      for (const _ of [1, 2]) {
        const refused = await call('CreatePaymentInstrument', { json });
        expect(refused.status).toBe(403);
        expect(refused.body).toMatchObject({ fieldList: [{ name: 'bursar:provider_credentials' }] });
      }
    },
  );
});
