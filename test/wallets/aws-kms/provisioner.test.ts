import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { publicKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NEW_KEY_READS_MAX } from '../../../lib/domain/limits.ts';
import { NothingMade, NotNow } from '../../../lib/domain/ports/services.ts';
import { walletKeyPolicy } from '../../../lib/wallets/aws-kms/key-policy.ts';
import { createKmsProvisioner } from '../../../lib/wallets/aws-kms/provisioner.ts';
import { ACCOUNT, KEY_ADMIN_ROLE, makeConnector, PAYING_ROLE, startAws, type TestAws } from '../aws.ts';
import { failureOf } from '../signer-contract.ts';

const roles = { partition: 'aws', account: ACCOUNT, payingRoleArn: PAYING_ROLE, keyAdminRoleArn: KEY_ADMIN_ROLE };
const request = {
  connector: makeConnector({ type: 'AwsKms' }),
  instrumentId: 'payment-instrument-000000000000001',
  takeIndex: () => Promise.reject(new Error('KMS keys have no index')),
};

let aws: TestAws;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.close());

function makeProvisioner(client: KMSClient, sleeps: number[] = []) {
  const sleep = (ms: number): Promise<void> => {
    sleeps.push(ms);
    return Promise.resolve();
  };
  return createKmsProvisioner({ client, deploymentTag: 'test', clock: { sleep }, ...roles });
}

function serviceError(name: string): Error {
  return Object.assign(new Error('no'), { name, $fault: 'client', $metadata: {} });
}

function serverError(name: string): Error {
  return Object.assign(serviceError(name), { $fault: 'server' });
}

test('makes a connector out of nothing', async () => {
  const before = aws.calls.length;
  const connector = { managerId: 'm', connectorId: 'c' };
  expect(await createKmsProvisioner(null).createConnector(connector)).toEqual({ type: 'AwsKms' });
  expect(aws.calls.length).toBe(before);
});

test('makes a signing key with its tags and policy, and gives the address of its public half', async () => {
  const { address, key } = await makeProvisioner(aws.kms).createKey(request);
  const KeyId = key.type === 'AwsKms' ? key.keyArn : '';
  const [described, policy, tags, published] = [
    await aws.kms.send(new DescribeKeyCommand({ KeyId })),
    await aws.kms.send(new GetKeyPolicyCommand({ KeyId })),
    await aws.kms.send(new ListResourceTagsCommand({ KeyId })),
    await aws.kms.send(new GetPublicKeyCommand({ KeyId })),
  ];
  expect(described.KeyMetadata).toMatchObject({ Arn: KeyId, KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' });
  expect(JSON.parse(policy.Policy ?? '')).toEqual(walletKeyPolicy(roles));
  expect(tags.Tags).toEqual([
    { TagKey: 'bursar:deployment', TagValue: 'test' },
    { TagKey: 'bursar:instrument', TagValue: request.instrumentId },
  ]);
  const point = Buffer.from(published.PublicKey!).subarray(-65).toString('hex');
  expect(address).toBe(publicKeyToAddress(`0x${point}`));
});

test('makes another key every time', async () => {
  const provisioner = makeProvisioner(aws.kms);
  const [one, two] = [await provisioner.createKey(request), await provisioner.createKey(request)];
  expect(one.address).not.toBe(two.address);
});

test('refuses a connector of another wallet type, and a function that has no such privilege', async () => {
  const connector = makeConnector({
    type: 'SeedVault',
    secretArn: 'arn',
    secretVersionId: 'v',
    extendedPublicKey: 'xpub',
  });
  await expect(makeProvisioner(aws.kms).createKey({ ...request, connector })).rejects.toThrow(/SeedVault connector/);
  await expect(createKmsProvisioner(null).createKey(request)).rejects.toThrow(/makes no wallet keys/);
});

test('says "not now" while KMS throttles', async () => {
  aws.throttling = true;
  const error = await failureOf(makeProvisioner(aws.kms).createKey(request));
  aws.throttling = false;
  expect(error).toBeInstanceOf(NotNow);
});

test.each([
  ['refuses', serviceError('AccessDeniedException'), true],
  ['fails in a way that may have made a key', serverError('KMSInternalException'), false],
  ['does not answer', new Error('timeout'), false],
])('says that nothing was made where KMS %s, or does not say so', async (_, failure, nothing) => {
  const mock = mockClient(KMSClient);
  mock.on(CreateKeyCommand).rejects(failure);
  const error = await failureOf(makeProvisioner(new KMSClient({ region: 'eu-west-1' })).createKey(request));
  mock.restore();
  expect(error).not.toBeInstanceOf(NotNow);
  expect(error instanceof NothingMade).toBe(nothing);
});

test('never says that nothing was made once there is a key', async () => {
  const mock = mockClient(KMSClient);
  mock.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'id', Arn: 'arn:key' } });
  mock.on(GetPublicKeyCommand).rejects(serviceError('AccessDeniedException'));
  const error = await failureOf(makeProvisioner(new KMSClient({ region: 'eu-west-1' })).createKey(request));
  mock.restore();
  expect(error).not.toBeInstanceOf(NothingMade);
});

test('waits for a new key that KMS does not know everywhere yet', async () => {
  const spki = (await aws.kms.send(new GetPublicKeyCommand({ KeyId: await newKeyArn() }))).PublicKey!;
  const mock = mockClient(KMSClient);
  mock.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'id', Arn: 'arn:key' } });
  mock
    .on(GetPublicKeyCommand)
    .rejectsOnce(serviceError('NotFoundException'))
    .rejectsOnce(serviceError('AccessDeniedException'))
    .rejectsOnce(serviceError('KMSInvalidStateException'))
    .resolves({ PublicKey: spki });
  const sleeps: number[] = [];
  const made = await makeProvisioner(new KMSClient({ region: 'eu-west-1' }), sleeps).createKey(request);
  mock.restore();
  expect(made.key).toEqual({ type: 'AwsKms', keyArn: 'arn:key' });
  expect(sleeps).toEqual([200, 400, 800]);
});

test('gives up on a new key that stays unknown, after a bounded number of reads', async () => {
  const mock = mockClient(KMSClient);
  mock.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'id', Arn: 'arn:key' } });
  mock.on(GetPublicKeyCommand).rejects(serviceError('NotFoundException'));
  const failure = makeProvisioner(new KMSClient({ region: 'eu-west-1' })).createKey(request);
  await expect(failure).rejects.toThrow(/NotFoundException/);
  expect(mock.commandCalls(GetPublicKeyCommand).length).toBe(NEW_KEY_READS_MAX);
  expect(mock.commandCalls(CreateKeyCommand).length).toBe(1);
  mock.restore();
});

test('refuses what is no public key of the curve, and a key without an ARN', async () => {
  const mock = mockClient(KMSClient);
  const provisioner = makeProvisioner(new KMSClient({ region: 'eu-west-1' }));
  mock.on(CreateKeyCommand).resolves({ KeyMetadata: { KeyId: 'id', Arn: 'arn:key' } });
  mock.on(GetPublicKeyCommand).resolves({ PublicKey: new Uint8Array(88) });
  await expect(provisioner.createKey(request)).rejects.toThrow(/no public key/);
  mock.on(CreateKeyCommand).resolves({});
  await expect(provisioner.createKey(request)).rejects.toThrow(/without the ARN/);
  mock.restore();
});

async function newKeyArn(): Promise<string> {
  const { key } = await makeProvisioner(aws.kms).createKey(request);
  if (key.type !== 'AwsKms') throw new Error('not a KMS key');
  return key.keyArn;
}
