import { describe, expect, test } from 'vitest';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { paymentPk, sessionPk } from '../../lib/ledger/dynamodb/books/keys.ts';
import { walletKeyPolicy } from '../../lib/wallets/aws-kms/key-policy.ts';
import { app, generously, onItem, roles, statementsOf, table, whoMay, type Question } from './access.ts';
import { createAccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { ENVIRONMENT, propertiesOf, synthesize } from './synthesis.ts';

const { account, region } = ENVIRONMENT;
const WALLET_KEY = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;
const SEED = `arn:aws:secretsmanager:${region}:${account}:secret:bursar/Bursar/acme-0123456789/vault-0123456789-AbCdEf`;
const CREDENTIAL = `arn:aws:secretsmanager:${region}:${account}:secret:bursar/Bursar/credentials/cdp-0123456789/api-0123456789-AbCdEf`;
/** A deployer's own secret that credential providers may refer to, and one that they may not. */
const EXTERNAL_SECRET = `arn:aws:secretsmanager:${region}:${account}:secret:cdp/api-AbCdEf`;
const FOREIGN_SECRET = `arn:aws:secretsmanager:${region}:${account}:secret:other/password-AbCdEf`;
const SESSION = sessionPk({ managerId: 'acme-0123456789', sessionId: 'payment-session-000000000000000' });
const PAYMENT = paymentPk('00000000-0000-8000-8000-000000000000' as PaymentId);

/** A key policy that leaves everything to IAM. */
const LAX_KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
};

/** The policy that a wallet key is made with, from what the template tells the function that makes it. */
function keyPolicy(): object {
  const { environment } = app.deployment.functions.find(({ name }) => name.includes('ManageInstruments'))!;
  return walletKeyPolicy({
    partition: ENVIRONMENT.partition,
    account,
    payingRoleArn: environment['PAYING_ROLE_ARN']!,
    keyAdminRoleArn: environment['KEY_ADMIN_ROLE_ARN']!,
  });
}
const onWalletKey = (action: string, context: Record<string, string | string[]> = {}): Question => ({
  action: `kms:${action}`,
  resource: WALLET_KEY,
  context: { 'aws:ResourceTag/bursar:deployment': 'Bursar', ...context },
  resourcePolicy: keyPolicy(),
});
const PROVIDER_READERS = ['issue-tokens', 'manage-instruments', 'process-payment'];
const DIGEST = {
  'kms:KeySpec': 'ECC_SECG_P256K1',
  'kms:MessageType': 'DIGEST',
  'kms:SigningAlgorithm': 'ECDSA_SHA_256',
};

describe('signing', () => {
  test('only the paying function may kms:Sign with a wallet key', async () => {
    expect(await whoMay(onWalletKey('Sign', DIGEST))).toEqual(['process-payment']);
  });

  test('the roles and the key policy each keep the others from signing, without the other lock', async () => {
    const question = onWalletKey('Sign', DIGEST);
    expect(await whoMay({ ...question, resourcePolicy: LAX_KEY_POLICY })).toEqual(['process-payment']);
    expect(await whoMay(question, generously())).toEqual(['process-payment']);
  });

  test('nobody may sign with a key of another deployment, or other than digests', async () => {
    expect(await whoMay(onWalletKey('Sign', { ...DIGEST, 'aws:ResourceTag/bursar:deployment': 'Staging' }))).toEqual(
      [],
    );
    expect(await whoMay(onWalletKey('Sign', { ...DIGEST, 'kms:MessageType': 'RAW' }))).toEqual([]);
    expect(await whoMay(onWalletKey('Sign', { ...DIGEST, 'kms:KeySpec': 'ECC_NIST_P256' }))).toEqual([]);
  });

  const read = (resource: string): Question => ({ action: 'secretsmanager:GetSecretValue', resource });

  test('only the paying function may read wallet secrets, and BackupRole where somebody is named for it', async () => {
    expect(await whoMay(read(SEED))).toEqual(['BackupRole', 'process-payment']);
    const plain = createAccessPolicies((await synthesize()).deployment.roles, ENVIRONMENT);
    expect(await whoMay(read(SEED), plain)).toEqual(['process-payment']);
    expect(await whoMay(read(FOREIGN_SECRET))).toEqual([]);
    expect(await whoMay({ action: 'secretsmanager:BatchGetSecretValue', resource: '*' })).toEqual([]);
  });

  test('what mints tokens, makes wallets and signs may read secrets of wallet providers, and those of the deployer that are named', async () => {
    expect(await whoMay(read(CREDENTIAL))).toEqual(PROVIDER_READERS);
    expect(await whoMay(read(EXTERNAL_SECRET))).toEqual(PROVIDER_READERS);
    expect(await whoMay(read(`${EXTERNAL_SECRET}X`))).toEqual([]);
    expect(await whoMay(read(EXTERNAL_SECRET.replace('cdp/api', 'cdp/api/more')))).toEqual([]);
  });
});

describe('making wallets', () => {
  const creation = { 'kms:KeySpec': 'ECC_SECG_P256K1', 'kms:KeyUsage': 'SIGN_VERIFY' };
  const tagged = {
    'aws:RequestTag/bursar:deployment': 'Bursar',
    'aws:TagKeys': ['bursar:deployment', 'bursar:instrument'],
  };

  test('only manage-instruments makes keys, and only tagged ones for signing', async () => {
    const createKey = (context: Record<string, string | string[]>): Question => ({
      action: 'kms:CreateKey',
      resource: '*',
      context,
    });
    expect(await whoMay(createKey({ ...creation, ...tagged }))).toEqual(['manage-instruments']);
    expect(await whoMay(createKey(creation))).toEqual([]);
    expect(await whoMay(createKey({ ...creation, ...tagged, 'aws:RequestTag/bursar:deployment': 'Staging' }))).toEqual(
      [],
    );
    expect(await whoMay(createKey({ ...creation, ...tagged, 'kms:KeySpec': 'SYMMETRIC_DEFAULT' }))).toEqual([]);
  });

  test('it may tag with its own deployment and no other tags', async () => {
    expect(await whoMay(onWalletKey('TagResource', tagged))).toEqual(['manage-instruments']);
    expect(
      await whoMay(onWalletKey('TagResource', { ...tagged, 'aws:TagKeys': ['bursar:deployment', 'owner'] })),
    ).toEqual([]);
    expect(
      await whoMay(onWalletKey('TagResource', { ...tagged, 'aws:RequestTag/bursar:deployment': 'Staging' })),
    ).toEqual([]);
  });

  test('it reads public keys of wallets’ kind, before their tags count', async () => {
    const untagged = (action: string, spec: string): Question => ({
      action: `kms:${action}`,
      resource: WALLET_KEY,
      context: { 'kms:KeySpec': spec },
      resourcePolicy: keyPolicy(),
    });
    expect(await whoMay(untagged('GetPublicKey', 'ECC_SECG_P256K1'))).toEqual(['manage-instruments']);
    expect(await whoMay(untagged('DescribeKey', 'ECC_SECG_P256K1'))).toEqual(['process-payment']);
    expect(await whoMay(untagged('GetPublicKey', 'RSA_2048'))).toEqual([]);
    expect(await whoMay(untagged('DescribeKey', 'SYMMETRIC_DEFAULT'))).not.toContain('process-payment');
  });

  test.each(['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy', 'CreateGrant', 'UntagResource'])(
    'nobody may %s a wallet key',
    async (action) => {
      expect(await whoMay(onWalletKey(action))).toEqual([]);
    },
  );

  test('only manage-connectors stores seeds, under the name of its deployment; it never reads or changes a value', async () => {
    const create = 'secretsmanager:CreateSecret';
    expect(await whoMay({ action: create, resource: SEED })).toEqual(['BackupRole', 'manage-connectors']);
    expect(await whoMay({ action: create, resource: FOREIGN_SECRET })).toEqual([]);
    for (const action of ['UpdateSecret', 'DeleteSecret', 'PutResourcePolicy', 'TagResource']) {
      expect(await whoMay({ action: `secretsmanager:${action}`, resource: SEED })).toEqual([]);
    }
  });

  test('the version of a seed is held by our label, and no other label is moved', async () => {
    const move = (stage: string, resource = SEED): Question => ({
      action: 'secretsmanager:UpdateSecretVersionStage',
      resource,
      context: { 'secretsmanager:VersionStage': stage },
    });
    expect(await whoMay(move('BURSAR_SEED'))).toEqual(['BackupRole', 'manage-connectors']);
    expect(await whoMay(move('AWSCURRENT'))).toEqual([]);
    for (const resource of [CREDENTIAL, EXTERNAL_SECRET, FOREIGN_SECRET]) {
      expect(await whoMay(move('BURSAR_SEED', resource))).toEqual([]);
    }
  });

  test('who makes connectors and wallets sees that a seed is there, and no other secret', async () => {
    const onDescribe = (resource: string): Question => ({ action: 'secretsmanager:DescribeSecret', resource });
    expect(await whoMay(onDescribe(SEED))).toEqual(['BackupRole', 'manage-connectors', 'manage-instruments']);
    for (const resource of [CREDENTIAL, EXTERNAL_SECRET, FOREIGN_SECRET]) {
      expect(await whoMay(onDescribe(resource))).toEqual([]);
    }
  });

  test('nobody sets a seed to be rotated', async () => {
    expect(await whoMay({ action: 'secretsmanager:RotateSecret', resource: SEED })).toEqual([]);
  });

  test('only BackupRole adds a value to a seed’s secret or takes its deletion back', async () => {
    for (const action of ['PutSecretValue', 'RestoreSecret']) {
      expect(await whoMay({ action: `secretsmanager:${action}`, resource: SEED })).toEqual(['BackupRole']);
    }
  });

  test('BackupRole brings seeds back and touches no other secret, no key but that of seeds, and no table', async () => {
    for (const action of ['CreateSecret', 'DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'RestoreSecret']) {
      const on = (resource: string): Question => ({ action: `secretsmanager:${action}`, resource });
      expect(await whoMay(on(SEED))).toContain('BackupRole');
      for (const resource of [CREDENTIAL, EXTERNAL_SECRET, FOREIGN_SECRET]) {
        expect(await whoMay(on(resource))).not.toContain('BackupRole');
      }
    }
    const role = app.deployment.roles.find(({ name }) => name === roles['BackupRole']);
    const allowed = role!.policies
      .flatMap(({ document }) => statementsOf(document))
      .filter(({ Effect: effect }) => effect === 'Allow')
      .flatMap(({ Action: actions }) => actions);
    expect([...new Set(allowed.map((action) => action.split(':')[0]))].sort()).toEqual([
      'execute-api',
      'kms',
      'secretsmanager',
    ]);
    expect(allowed.filter((action) => action.startsWith('kms:')).toSorted()).toEqual([
      'kms:Decrypt',
      'kms:Decrypt',
      'kms:GenerateDataKey',
    ]);
  });

  test('only manage-identities stores, renews and deletes provider secrets, never beyond recovery, and reads none', async () => {
    const on = (action: string, resource: string, context: Record<string, string> = {}): Question => ({
      action: `secretsmanager:${action}`,
      resource,
      context,
    });
    for (const action of ['CreateSecret', 'PutSecretValue', 'DeleteSecret', 'TagResource']) {
      expect(await whoMay(on(action, CREDENTIAL))).toEqual(['manage-identities']);
      expect(await whoMay(on(action, EXTERNAL_SECRET))).toEqual([]);
    }
    const force = on('DeleteSecret', CREDENTIAL, { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' });
    expect(await whoMay(force)).toEqual([]);
    expect(await whoMay(force, generously())).not.toContain('manage-identities');
    expect(await whoMay(on('GetSecretValue', CREDENTIAL), generously())).not.toContain('manage-identities');
    for (const action of ['UpdateSecret', 'PutResourcePolicy', 'RestoreSecret', 'RotateSecret']) {
      expect(await whoMay(on(action, CREDENTIAL))).toEqual([]);
    }
  });

  test('who stores seeds cannot read one, even if somebody grants it everything', async () => {
    const question = { action: 'secretsmanager:GetSecretValue', resource: SEED };
    expect(await whoMay(question, generously())).not.toContain('manage-connectors');
    expect(await whoMay(question, generously())).toContain('process-payment');
  });
});

describe('the books', () => {
  test('only the paying function makes payments, only it and the sweeper change them', async () => {
    expect(await whoMay(onItem('PutItem', 'Books', PAYMENT))).toEqual(['process-payment']);
    const changing = (...names: readonly string[]): Question => {
      const question = onItem('UpdateItem', 'Books', PAYMENT);
      return { ...question, context: { ...question.context, 'dynamodb:Attributes': ['pk', ...names] } };
    };
    expect(await whoMay(changing('st', 'sh', 'sv'))).toEqual(['process-payment', 'sweep-reservations']);
    // Its place in the index of visits alone.
    expect(await whoMay(changing('sh', 'sv'))).toEqual(['process-payment', 'sweep-reservations', 'true-up']);
  });

  test('sessions are opened and closed by manage-sessions', async () => {
    expect(await whoMay(onItem('PutItem', 'Books', SESSION))).toEqual(['manage-sessions', 'process-payment']);
    expect(await whoMay(onItem('UpdateItem', 'Books', SESSION))).toEqual([
      'manage-sessions',
      'process-payment',
      'sweep-reservations',
      'true-up',
    ]);
  });

  test('each index is queried by the functions that need it', async () => {
    const query = (index: string): Question => ({
      action: 'dynamodb:Query',
      resource: `${table('Books')}/index/${index}`,
    });
    expect(await whoMay(query('by-user'))).toEqual([
      'process-payment',
      'read-payments',
      'send-approvals',
      'sweep-reservations',
    ]);
    expect(await whoMay(query('by-visit'))).toEqual(['send-approvals', 'sweep-reservations', 'true-up']);
  });

  test('who makes instruments is not who makes connectors', async () => {
    expect(await whoMay(onItem('PutItem', 'Registry', 'INS#acme-0123456789#alice'))).toEqual(['manage-instruments']);
    expect(await whoMay(onItem('PutItem', 'Registry', 'MGR#acme-0123456789'))).toEqual(['manage-connectors']);
  });

  test('nobody may delete a session, a payment, a manager, a connector or an instrument', async () => {
    for (const key of [SESSION, PAYMENT]) expect(await whoMay(onItem('DeleteItem', 'Books', key))).toEqual([]);
    for (const key of ['MGR#acme-0123456789', 'INS#acme-0123456789#alice']) {
      expect(await whoMay(onItem('DeleteItem', 'Registry', key))).toEqual([]);
    }
  });

  test.each(['BatchWriteItem', 'Scan', 'DeleteTable', 'UpdateTable', 'PartiQLUpdate', 'ExportTableToPointInTime'])(
    'nobody may %s',
    async (action) => {
      expect(await whoMay(onItem(action, 'Books', PAYMENT))).toEqual([]);
      expect(await whoMay(onItem(action, 'Registry', 'MGR#acme-0123456789'))).toEqual([]);
    },
  );
});

describe('events', () => {
  const stream = app.deployment.streamMappings[0]!.streamArn;
  const bus = `arn:aws:events:${region}:${account}:event-bus/${app.deployment.output('EventBusName')}`;

  test('only publish-events puts them on the bus, and on no other', async () => {
    const put = (resource: string): Question => ({ action: 'events:PutEvents', resource });
    expect(await whoMay(put(bus))).toEqual(['publish-events']);
    expect(await whoMay(put(bus.replace(/[^/]+$/, 'default')))).toEqual([]);
    for (const action of ['DeleteEventBus', 'UpdateEventBus']) {
      expect(await whoMay({ action: `events:${action}`, resource: bus })).toEqual([]);
    }
  });

  test('only publish-events reads the changes of the books, and the paying function where it signs approvals', async () => {
    const plain = createAccessPolicies((await synthesize()).deployment.roles, ENVIRONMENT);
    for (const action of ['DescribeStream', 'GetRecords', 'GetShardIterator']) {
      const question = { action: `dynamodb:${action}`, resource: stream };
      expect(await whoMay(question)).toEqual(['process-payment', 'publish-events']);
      expect(await whoMay(question, plain)).toEqual(['publish-events']);
      expect(await whoMay({ action: `dynamodb:${action}`, resource: `${table('Registry')}/stream/local` })).toEqual([]);
    }
  });

  test('publish-events reads the stream, decrypts it, puts events, leaves word of what failed, and nothing else', () => {
    const role = app.deployment.roles.find(({ name }) => name === roles['publish-events']);
    const actions = role!.policies
      .flatMap(({ document }) => statementsOf(document))
      .flatMap(({ Action: allowed }) => allowed)
      .filter((action) => !/^(logs|xray):/.test(action));
    expect(actions.sort()).toEqual([
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'events:PutEvents',
      'kms:Decrypt',
      'kms:DescribeKey',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SendMessage',
    ]);
  });
});

describe('the registry', () => {
  const [manager, instrument] = ['MGR#acme-0123456789', 'INS#acme-0123456789#alice'];
  const [provider, workload, issuer, token] = ['CRP#cdp', 'WLI#agent', 'ISS#0123abcd', 'WAT#0123abcd'];
  const connectors = 'manage-connectors';
  const identities = 'manage-identities';
  const instruments = 'manage-instruments';
  const readers = ['manage-sessions', 'process-payment', 'read-payments'];

  test.each([
    // The page of wallets reads where users of a manager sign in.
    ['GetItem', manager, [connectors, identities, instruments, ...readers, 'serve-wallet-page']],
    ['UpdateItem', manager, [connectors, identities, instruments]],
    ['PutItem', manager, [connectors]],
    ['Query', manager, [connectors]],
    ['GetItem', instrument, [instruments, ...readers]],
    ['UpdateItem', instrument, [instruments]],
    ['Query', instrument, ['read-payments']],
    ['BatchGetItem', 'POL#deployment', ['process-payment', 'read-payments']],
    ['BatchGetItem', 'POL#session#acme-0123456789#s', ['process-payment', 'read-payments']],
    ['BatchGetItem', manager, ['process-payment']],
    ['BatchGetItem', instrument, ['process-payment']],
    ['BatchGetItem', provider, []],
    ['BatchGetItem', issuer, []],
    ['BatchGetItem', token, []],
    ['GetItem', 'POL#deployment', [connectors]],
    ['Query', 'POL#user#acme-0123456789#alice', ['manage-sessions']],
    ['PutItem', 'POL#deployment', [connectors]],
    ['PutItem', 'POL#deployment2', []],
    ['PutItem', 'POL#manager#acme-0123456789', [connectors]],
    ['PutItem', 'POL#agent#acme-0123456789#buyer', [connectors, 'manage-sessions']],
    ['PutItem', 'POL#user#acme-0123456789#alice', ['manage-sessions']],
    ['PutItem', 'POL#session#acme-0123456789#s', ['manage-sessions']],
    ['UpdateItem', 'POL#user#acme-0123456789#alice', []],
    ['DeleteItem', 'POL#user#acme-0123456789#alice', []],
    ['PutItem', 'MGR#~0123', [connectors, 'manage-sessions']],
    ['GetItem', provider, ['issue-tokens', connectors, identities, instruments, 'process-payment']],
    ['UpdateItem', provider, [connectors, identities]],
    ['PutItem', provider, [identities]],
    ['DeleteItem', provider, [identities]],
    ['GetItem', workload, ['issue-tokens', identities]],
    ['UpdateItem', workload, [identities]],
    ['PutItem', workload, [connectors, identities]],
    ['DeleteItem', workload, [connectors, identities]],
    ['Query', issuer, ['authorize-jwt', 'issue-tokens']],
    ['GetItem', issuer, ['issue-tokens']],
    ['PutItem', issuer, [connectors]],
    ['DeleteItem', issuer, [connectors]],
    ['UpdateItem', issuer, []],
    ['PutItem', token, ['issue-tokens']],
    ['DeleteItem', token, ['issue-tokens']],
    ['GetItem', token, []],
  ])('%s of %s is for %j', async (action, key, functions) => {
    expect(await whoMay(onItem(action, 'Registry', key))).toEqual([...functions].sort());
  });

  test('a check within a transaction is for who may update', async () => {
    for (const key of [manager, instrument, provider]) {
      const updaters = await whoMay(onItem('UpdateItem', 'Registry', key));
      expect(await whoMay(onItem('ConditionCheckItem', 'Registry', key))).toEqual(updaters);
    }
  });

  test.each([
    ['MANAGERS', connectors],
    ['PROVIDERS', identities],
    ['WORKLOADS', identities],
  ])('the list %s is for %s', async (list, name) => {
    const resource = `${table('Registry')}/index/by-list`;
    const query = { action: 'dynamodb:Query', resource, context: { 'dynamodb:LeadingKeys': [list] } };
    expect(await whoMay(query)).toEqual([name]);
  });

  test('who judges tokens may find issuers and the sessions of wallet pages, and nothing else', () => {
    const role = app.deployment.roles.find(({ name }) => name === roles['authorize-jwt']);
    const actions = role!.policies
      .flatMap(({ document }) => statementsOf(document))
      .flatMap(({ Action: allowed }) => allowed)
      .filter((action) => !/^(kms|logs|xray):/.test(action));
    expect(actions).toEqual(['dynamodb:Query', 'dynamodb:GetItem']);
  });
});

test('what was paid by name, and terms that were paid lately, are the paying function’s alone', async () => {
  const terms = onItem('PutItem', 'Registry', `REP#${'0'.repeat(64)}`);
  expect(await whoMay(terms)).toEqual(['process-payment']);
  const plain = createAccessPolicies((await synthesize()).deployment.roles, ENVIRONMENT);
  expect(await whoMay(terms, plain)).toEqual(['process-payment']);
  expect(await whoMay(onItem('PutItem', 'Books', PAYMENT), plain)).toEqual(['process-payment']);
});

describe('the data key', () => {
  function decrypt(context: Record<string, string>): Question {
    const role = app.deployment.roles.find(({ name }) => name === roles['process-payment']);
    const statements = role!.policies.flatMap(({ document }) => statementsOf(document));
    const [key] = statements.find(({ Sid: sid }) => sid === 'UseDataKeyThroughDynamoDb')!.Resource;
    const [properties] = propertiesOf(app.data, 'AWS::KMS::Key');
    // The one reference in it that is not a text.
    const policy = JSON.parse(
      JSON.stringify(properties!['KeyPolicy']).replaceAll(
        '{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::000000000000:root"]]}',
        '"arn:aws:iam::000000000000:root"',
      ),
    ) as object;
    return { action: 'kms:Decrypt', resource: key!, context, resourcePolicy: policy };
  }

  test('is used by every function through DynamoDB, and by nobody otherwise', async () => {
    const through = { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` };
    expect(await whoMay(decrypt(through))).toEqual([...DEPLOYED_FUNCTION_NAMES].sort());
    expect(await whoMay(decrypt({}))).toEqual([]);
    expect(await whoMay(decrypt({}), generously())).toEqual([]);
    expect(await whoMay({ ...decrypt({}), resourcePolicy: LAX_KEY_POLICY })).toEqual([]);
    expect(await whoMay(decrypt({ 'kms:ViaService': `s3.${region}.amazonaws.com` }))).toEqual([]);
  });
});
