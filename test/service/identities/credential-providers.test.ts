import { describe, expect, test } from 'vitest';
import { PARALLEL, times } from '../../contracts/parallel.ts';
import { makeName } from '../../support/identities.ts';
import {
  ACCOUNT,
  PREFIX,
  REGION,
  coinbaseRequest,
  coinbaseSecrets,
  configurationOf,
  fieldsOf,
  privyRequest,
  storedArn,
  withIdentityFunctions,
} from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const { call, readSecret } = functions;

const providerArn = (name: string) =>
  `arn:aws:bedrock-agentcore:${REGION}:${ACCOUNT}:token-vault/default/paymentcredentialprovider/${name}`;
const secretArn = (name: string, vendor: string, ending: string) =>
  expect.stringMatching(
    new RegExp(
      `^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${PREFIX}/${vendor}/${name}-[0-9a-f]{8}/${ending}-`,
    ),
  ) as string;
const actionsSince = (start: number) => functions.awsCalls.slice(start).map(({ action }) => action);
const deletionsSince = (start: number) =>
  functions.awsCalls.slice(start).filter(({ action }) => action === 'DeleteSecret');
describe('a created credential provider', () => {
  test('of Coinbase keeps each secret in one of its own and answers where', async () => {
    const name = makeName('cdp');
    const secrets = coinbaseSecrets();
    const { status, body } = await call('CreatePaymentCredentialProvider', {
      ...coinbaseRequest(name, secrets),
      tags: { team: 'research' },
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      name,
      credentialProviderVendor: 'CoinbaseCDP',
      credentialProviderArn: providerArn(name),
      providerConfigurationOutput: {
        coinbaseCdpConfiguration: {
          apiKeyId: 'organizations/1/apiKeys/2',
          apiKeySecretArn: { secretArn: secretArn(name, 'coinbasecdp', 'apikey') },
          apiKeySecretJsonKey: 'apiKeySecret',
          apiKeySecretSource: 'MANAGED',
          walletSecretArn: { secretArn: secretArn(name, 'coinbasecdp', 'wallet') },
          walletSecretJsonKey: 'walletSecret',
          walletSecretSource: 'MANAGED',
        },
      },
    });
    expect(JSON.parse(await readSecret(storedArn(body, 'apiKeySecret')))).toEqual({
      apiKeySecret: secrets.apiKeySecret,
    });
    expect(JSON.parse(await readSecret(storedArn(body, 'walletSecret')))).toEqual({
      walletSecret: secrets.walletSecret,
    });

    const read = await call('GetPaymentCredentialProvider', { name });
    const changes = { createdTime: expect.closeTo(Date.now() / 1000, -2), lastUpdatedTime: expect.any(Number) };
    expect(read).toMatchObject({ status: 200, body: { ...body, ...changes, tags: { team: 'research' } } });
  });

  test('of Privy keeps both of its secrets, and of Coinbase may lack the wallet secret', async () => {
    const name = makeName('privy');
    const privy = await call('CreatePaymentCredentialProvider', privyRequest(name));
    expect(privy.status).toBe(201);
    expect(configurationOf(privy.body, 'stripePrivy')).toEqual({
      appId: 'app-1',
      authorizationId: 'quorum-1',
      appSecretArn: { secretArn: secretArn(name, 'stripeprivy', 'appsecret') },
      appSecretJsonKey: 'appSecret',
      appSecretSource: 'MANAGED',
      authorizationPrivateKeyArn: { secretArn: secretArn(name, 'stripeprivy', 'authorizationkey') },
      authorizationPrivateKeyJsonKey: 'authorizationPrivateKey',
      authorizationPrivateKeySource: 'MANAGED',
    });
    const bare = await call(
      'CreatePaymentCredentialProvider',
      coinbaseRequest(makeName('b'), { walletSecret: undefined }),
    );
    expect(bare.status).toBe(201);
    expect(configurationOf(bare.body, 'coinbaseCdp')).not.toHaveProperty('walletSecretArn');
  });

  test('refers to secrets of the deployer without touching them', async () => {
    const start = functions.awsCalls.length;
    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:ours/cdp-AbCdEf`;
    const external = (secretId: string) => ({ secretId, jsonKey: 'key' });
    const { status, body } = await call(
      'CreatePaymentCredentialProvider',
      coinbaseRequest(makeName('ext'), {
        apiKeySecret: undefined,
        apiKeySecretSource: 'EXTERNAL',
        apiKeySecretConfig: external(arn),
        walletSecret: undefined,
        walletSecretSource: 'EXTERNAL',
        walletSecretConfig: external('ours/wallet'),
      }),
    );
    expect(status).toBe(201);
    expect(configurationOf(body, 'coinbaseCdp')).toMatchObject({
      apiKeySecretArn: { secretArn: arn },
      apiKeySecretJsonKey: 'key',
      apiKeySecretSource: 'EXTERNAL',
      walletSecretArn: { secretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:ours/wallet` },
    });
    expect(actionsSince(start)).toEqual([]);
  });

  test('is one of parallel creations of a name, and the secrets of the others are deleted', async () => {
    const name = makeName('race');
    const start = functions.awsCalls.length;
    const answers = await Promise.all(
      times(Math.floor(PARALLEL / 4), () => call('CreatePaymentCredentialProvider', coinbaseRequest(name))),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    for (const { status, body } of answers.filter((each) => each !== made[0])) {
      expect([status, body['__type']]).toEqual([409, 'ConflictException']);
    }
    const count = (wanted: string) => actionsSince(start).filter((action) => action === wanted).length;
    expect(count('DeleteSecret')).toBe(count('CreateSecret') - 2);
    expect(deletionsSince(start).every(({ input }) => input['RecoveryWindowInDays'] === 7)).toBe(true);
    await readSecret(storedArn(made[0]!.body, 'apiKeySecret'));
  });
});

describe('a creation', () => {
  test('refuses a name that is taken, and makes no secret for it', async () => {
    const name = makeName('taken');
    await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    const start = functions.awsCalls.length;
    const second = await call('CreatePaymentCredentialProvider', privyRequest(name));
    expect([second.status, second.body['__type']]).toEqual([409, 'ConflictException']);
    expect(actionsSince(start)).toEqual([]);
  });

  test.each([
    ['no API key secret', { apiKeySecret: undefined }, ['apiKeySecret']],
    [
      'secrets of no known form',
      { apiKeySecret: 'c2hvcnQ=', walletSecret: 'bm9wZQ==' },
      ['apiKeySecret', 'walletSecret'],
    ],
    [
      'a wallet source without its secret',
      { walletSecret: undefined, walletSecretSource: 'MANAGED' },
      ['walletSecret'],
    ],
    [
      'a reference beside a managed secret',
      { apiKeySecretConfig: { secretId: 'a', jsonKey: 'b' } },
      ['apiKeySecretConfig'],
    ],
    ['a secret beside an external source', { apiKeySecretSource: 'EXTERNAL' }, ['apiKeySecret', 'apiKeySecretConfig']],
    [
      'a secret of another region',
      {
        walletSecret: undefined,
        walletSecretSource: 'EXTERNAL',
        walletSecretConfig: { secretId: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:a-AbCdEf`, jsonKey: 'b' },
      },
      ['walletSecretConfig.secretId'],
    ],
  ])('refuses %s, naming the members and making nothing', async (_what, overrides, members) => {
    const start = functions.awsCalls.length;
    const name = makeName('bad');
    const { status, body } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name, overrides));
    expect([status, body['__type']]).toEqual([400, 'ValidationException']);
    const root = 'providerConfigurationInput.coinbaseCdpConfiguration';
    expect(fieldsOf(body)).toEqual(members.map((member) => `${root}.${member}`));
    expect(actionsSince(start)).toEqual([]);
    expect((await call('GetPaymentCredentialProvider', { name })).status).toBe(404);
  });

  test('refuses a configuration of another vendor, and an app id that a basic token cannot carry', async () => {
    const mixed = { ...coinbaseRequest(makeName('mix')), credentialProviderVendor: 'StripePrivy' };
    expect(fieldsOf((await call('CreatePaymentCredentialProvider', mixed)).body)).toEqual([
      'providerConfigurationInput',
    ]);
    const colon = await call('CreatePaymentCredentialProvider', privyRequest(makeName('mix'), { appId: 'a:b' }));
    expect(fieldsOf(colon.body)).toEqual(['providerConfigurationInput.stripePrivyConfiguration.appId']);
  });

  test('deletes the secret that it made before the next one failed', async () => {
    const name = makeName('half');
    const start = functions.awsCalls.length;
    const mend = functions.failAction('CreateSecret', 'InvalidParameterException', 1);
    const { status } = await call('CreatePaymentCredentialProvider', coinbaseRequest(name));
    mend();
    expect(status).toBe(500);
    expect(deletionsSince(start)).toHaveLength(1);
    expect((await call('GetPaymentCredentialProvider', { name })).status).toBe(404);
  });
});

test('the list shows every provider once, ten at a time unless asked otherwise, and nothing of its secrets', async () => {
  const names = times(12, (index) => makeName(`list${index}`));
  await Promise.all(names.map((name) => call('CreatePaymentCredentialProvider', privyRequest(name))));
  const seen: { name: string }[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < 20; pages += 1) {
    const { status, body } = await call('ListPaymentCredentialProviders', nextToken === undefined ? {} : { nextToken });
    expect(status).toBe(200);
    seen.push(...(body['credentialProviders'] as { name: string }[]));
    nextToken = body['nextToken'] as string | undefined;
    if (nextToken === undefined) break;
    expect(seen.length).toBe((pages + 1) * 10);
  }
  const all = seen.map(({ name }) => name);
  expect(all).toEqual([...new Set(all)]);
  expect(all).toEqual(expect.arrayContaining(names));
  expect(Object.keys(seen[0]!).toSorted()).toEqual(
    ['createdTime', 'credentialProviderArn', 'credentialProviderVendor', 'lastUpdatedTime', 'name'].toSorted(),
  );
  for (const maxResults of [0, 21]) {
    expect((await call('ListPaymentCredentialProviders', { maxResults })).status).toBe(400);
  }
  expect((await call('ListPaymentCredentialProviders', { nextToken: 'forged' })).status).toBe(400);
});
