import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAwsEndpoint, type AwsEndpoint } from '../../../lib/local/aws-endpoint/endpoint.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { ACCOUNT, clientConfig, NOW, REGION } from '../../wallets/aws.ts';
import { failureOf } from '../../wallets/signer-contract.ts';

const TOKEN = '11111111-1111-4111-8111-111111111111';
const OTHER_TOKEN = '22222222-2222-4222-8222-222222222222';

let endpoint: AwsEndpoint;
let now = NOW;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  endpoint = await createAwsEndpoint({ dataDir: null, region: REGION, account: ACCOUNT, now: () => now });
  secrets = new SecretsManagerClient(clientConfig(endpoint.url));
});
afterAll(async () => {
  secrets.destroy();
  await endpoint.close();
});

async function nameOfFailure(promise: Promise<unknown>): Promise<string> {
  return ((await failureOf(promise)) as Error).name;
}

test('reads a secret by name, by ARN and by ARN without its ending, with and without its version', async () => {
  const { ARN, VersionId } = await secrets.send(new CreateSecretCommand({ Name: 'a/b-secret', SecretString: 's1' }));
  expect(ARN).toMatch(new RegExp(`^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:a/b-secret-[A-Za-z0-9]{6}$`));
  for (const SecretId of [ARN!, 'a/b-secret']) {
    for (const version of [{}, { VersionId: VersionId! }, { VersionStage: 'AWSCURRENT' }]) {
      const read = await secrets.send(new GetSecretValueCommand({ SecretId, ...version }));
      expect(read).toMatchObject({
        ARN,
        VersionId,
        SecretString: 's1',
        Name: 'a/b-secret',
        VersionStages: ['AWSCURRENT'],
      });
      expect(read.CreatedDate).toEqual(new Date(NOW));
    }
  }
});

test('answers ResourceNotFoundException for other names, ARNs, versions and stages', async () => {
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'known', SecretString: 's' }));
  for (const input of [
    { SecretId: 'unknown' },
    { SecretId: '__proto__' },
    { SecretId: `${ARN!.slice(0, -6)}AAAAAA` },
    { SecretId: ARN!.replace(ACCOUNT, '999999999999') },
    { SecretId: ARN!, VersionId: OTHER_TOKEN },
    { SecretId: ARN!, VersionStage: 'AWSPREVIOUS' },
  ]) {
    expect(await nameOfFailure(secrets.send(new GetSecretValueCommand(input)))).toBe('ResourceNotFoundException');
  }
});

test('describes a secret without its value', async () => {
  const Tags = [{ Key: 'bursar:deployment', Value: 'x' }];
  const input = { Name: 'described', Description: 'd', SecretString: 'value', ClientRequestToken: TOKEN, Tags };
  const { ARN } = await secrets.send(new CreateSecretCommand(input));
  const described = await secrets.send(new DescribeSecretCommand({ SecretId: 'described' }));
  expect(described).toMatchObject({ ARN, Name: 'described', Description: 'd', Tags });
  expect(described.VersionIdsToStages).toEqual({ [TOKEN]: ['AWSCURRENT'] });
  expect(JSON.stringify(described)).not.toContain('"value"');
});

test('answers the same to the same creation under one token, and refuses another one', async () => {
  const input = { Name: 'once', SecretString: 's', ClientRequestToken: TOKEN };
  const first = await secrets.send(new CreateSecretCommand(input));
  const again = await secrets.send(new CreateSecretCommand(input));
  expect({ ...again, $metadata: null }).toEqual({ ...first, $metadata: null });
  for (const wrong of [{ SecretString: 't' }, { ClientRequestToken: OTHER_TOKEN }]) {
    const failure = secrets.send(new CreateSecretCommand({ ...input, ...wrong }));
    expect(await nameOfFailure(failure)).toBe('ResourceExistsException');
  }
  const kept = await secrets.send(new GetSecretValueCommand({ SecretId: 'once' }));
  expect(kept.SecretString).toBe('s');
});

test.each([
  ['ValidationException', { Name: 'a b', SecretString: 's' }],
  ['ValidationException', { Name: '', SecretString: 's' }],
  ['ValidationException', { Name: 'x'.repeat(513), SecretString: 's' }],
  ['ValidationException', { Name: 'long', SecretString: 's'.repeat(65_537) }],
  ['ValidationException', { Name: 'token', SecretString: 's', ClientRequestToken: 'short' }],
  ['InvalidParameterException', { Name: 'binary', SecretBinary: new Uint8Array(3) }],
])('answers %s to %.80j', async (name, input) => {
  expect(await nameOfFailure(secrets.send(new CreateSecretCommand(input)))).toBe(name);
});

test('answers UnknownOperationException to what it does not do', async () => {
  expect(await nameOfFailure(secrets.send(new ListSecretsCommand({})))).toBe('UnknownOperationException');
});

test('reads the newest value after it was replaced, and the one before by its stage', async () => {
  await secrets.send(new CreateSecretCommand({ Name: 'put', SecretString: 'a', ClientRequestToken: TOKEN }));
  const put = { SecretId: 'put', SecretString: 'b', ClientRequestToken: OTHER_TOKEN };
  const first = await secrets.send(new PutSecretValueCommand(put));
  expect(first).toMatchObject({ VersionId: OTHER_TOKEN, VersionStages: ['AWSCURRENT'] });
  await secrets.send(new PutSecretValueCommand(put));
  const read = (more: object) => secrets.send(new GetSecretValueCommand({ SecretId: 'put', ...more }));
  expect((await read({})).SecretString).toBe('b');
  expect((await read({ VersionId: OTHER_TOKEN })).SecretString).toBe('b');
  expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('a');
  expect((await read({ VersionId: TOKEN })).SecretString).toBe('a');
  const wrong = read({ VersionId: TOKEN, VersionStage: 'AWSCURRENT' });
  expect(await nameOfFailure(wrong)).toBe('ResourceNotFoundException');
});

test('keeps values without a stage readable by version, and their tokens taken', async () => {
  const THIRD_TOKEN = '33333333-3333-4333-8333-333333333333';
  const creation = { Name: 'many', SecretString: 'a', ClientRequestToken: TOKEN };
  const { ARN } = await secrets.send(new CreateSecretCommand(creation));
  const put = (SecretString: string, ClientRequestToken: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: 'many', SecretString, ClientRequestToken }));
  await put('b', OTHER_TOKEN);
  await put('c', THIRD_TOKEN);
  const read = (more: object) => secrets.send(new GetSecretValueCommand({ SecretId: 'many', ...more }));

  const oldest = await read({ VersionId: TOKEN });
  expect(oldest).toMatchObject({ SecretString: 'a', VersionId: TOKEN });
  expect(oldest.VersionStages).toBeUndefined();
  const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId: 'many' }));
  expect(VersionIdsToStages).toEqual({ [THIRD_TOKEN]: ['AWSCURRENT'], [OTHER_TOKEN]: ['AWSPREVIOUS'] });

  // A late repetition must not bring an old value back.
  expect(await put('b', OTHER_TOKEN)).toMatchObject({ VersionId: OTHER_TOKEN, VersionStages: ['AWSPREVIOUS'] });
  expect((await put('a', TOKEN)).VersionStages).toBeUndefined();
  expect(await secrets.send(new CreateSecretCommand(creation))).toMatchObject({ ARN, VersionId: TOKEN });
  expect((await read({})).SecretString).toBe('c');
  expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('b');
  for (const token of [TOKEN, OTHER_TOKEN, THIRD_TOKEN]) {
    expect(await nameOfFailure(put('x', token))).toBe('ResourceExistsException');
  }
  expect((await read({})).SecretString).toBe('c');
});

test('keeps a version that has a label, whatever comes after it, and finds it by the label', async () => {
  const SecretId = 'labelled';
  const put = (SecretString: string) => secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  const { VersionId: first } = await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'first' }));
  const label = { SecretId, VersionStage: 'KEEP', MoveToVersionId: first! };
  await secrets.send(new UpdateSecretVersionStageCommand(label));
  await secrets.send(new UpdateSecretVersionStageCommand(label));
  const described = () => secrets.send(new DescribeSecretCommand({ SecretId }));
  expect((await described()).VersionIdsToStages).toEqual({ [first!]: ['AWSCURRENT', 'KEEP'] });
  const { VersionId: second } = await put('second');
  for (let at = 0; at < 102; at += 1) await put(`value-${at}`);
  expect((await described()).VersionIdsToStages).toMatchObject({ [first!]: ['KEEP'] });
  const read = (input: object) => secrets.send(new GetSecretValueCommand({ SecretId, ...input }));
  expect(await read({ VersionStage: 'KEEP' })).toMatchObject({ SecretString: 'first', VersionStages: ['KEEP'] });
  expect(await read({ VersionId: first! })).toMatchObject({ SecretString: 'first' });
  expect(await nameOfFailure(read({ VersionId: second! }))).toBe('ResourceNotFoundException');
});

test('moves a label only from the version that is named to have it, and to one that there is', async () => {
  const SecretId = 'moved-label';
  const { VersionId: first } = await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'first' }));
  const { VersionId: second } = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'second' }));
  const move = (input: object) =>
    secrets.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'KEEP', ...input }));
  await move({ MoveToVersionId: first! });
  expect(await nameOfFailure(move({ MoveToVersionId: second! }))).toBe('InvalidParameterException');
  expect(await nameOfFailure(move({ MoveToVersionId: TOKEN }))).toBe('ResourceNotFoundException');
  await move({ MoveToVersionId: second!, RemoveFromVersionId: first! });
  const { VersionIdsToStages: stages } = await secrets.send(new DescribeSecretCommand({ SecretId }));
  expect(stages).toEqual({ [first!]: ['AWSPREVIOUS'], [second!]: ['AWSCURRENT', 'KEEP'] });
  expect(await nameOfFailure(move({ VersionStage: 'AWSCURRENT', MoveToVersionId: first! }))).toBe(
    'InvalidParameterException',
  );
});

test('describes, replaces and deletes no secret that there is not', async () => {
  for (const failure of [
    secrets.send(new DescribeSecretCommand({ SecretId: 'nowhere' })),
    secrets.send(new PutSecretValueCommand({ SecretId: 'nowhere', SecretString: 'a' })),
    secrets.send(new DeleteSecretCommand({ SecretId: 'nowhere' })),
  ]) {
    expect(await nameOfFailure(failure)).toBe('ResourceNotFoundException');
  }
});

test('refuses another value under a token that was used', async () => {
  await secrets.send(new CreateSecretCommand({ Name: 'token', SecretString: 'a', ClientRequestToken: TOKEN }));
  const put = { SecretId: 'token', SecretString: 'b', ClientRequestToken: TOKEN };
  expect(await nameOfFailure(secrets.send(new PutSecretValueCommand(put)))).toBe('ResourceExistsException');
});

test('deletes a secret so that it can neither be read, replaced nor made again, only described', async () => {
  await secrets.send(new CreateSecretCommand({ Name: 'gone', SecretString: 'a' }));
  const deleted = await secrets.send(new DeleteSecretCommand({ SecretId: 'gone', RecoveryWindowInDays: 7 }));
  expect(deleted.DeletionDate?.getTime()).toBe(NOW + 7 * 86_400_000);
  for (const failure of [
    secrets.send(new GetSecretValueCommand({ SecretId: 'gone' })),
    secrets.send(new PutSecretValueCommand({ SecretId: 'gone', SecretString: 'b' })),
    secrets.send(new CreateSecretCommand({ Name: 'gone', SecretString: 'a' })),
    secrets.send(new DeleteSecretCommand({ SecretId: 'gone' })),
  ]) {
    expect(await nameOfFailure(failure)).toBe('InvalidRequestException');
  }
  expect((await secrets.send(new DescribeSecretCommand({ SecretId: 'gone' }))).DeletedDate).toBeDefined();
});

test('takes a deletion back within its days, and the secret is as it was', async () => {
  const creation = { Name: 'rescued', SecretString: 'a', ClientRequestToken: TOKEN, KmsKeyId: 'alias/seeds' };
  const { ARN } = await secrets.send(new CreateSecretCommand(creation));
  await secrets.send(new DeleteSecretCommand({ SecretId: 'rescued', RecoveryWindowInDays: 7 }));
  expect(await secrets.send(new RestoreSecretCommand({ SecretId: 'rescued' }))).toMatchObject({ ARN, Name: 'rescued' });
  const read = await secrets.send(new GetSecretValueCommand({ SecretId: ARN!, VersionId: TOKEN }));
  expect(read.SecretString).toBe('a');
  const described = await secrets.send(new DescribeSecretCommand({ SecretId: 'rescued' }));
  expect(described).toMatchObject({ KmsKeyId: 'alias/seeds' });
  expect(described.DeletedDate).toBeUndefined();
});

test('has no secret any more once the days of its recovery have passed', async () => {
  await secrets.send(new CreateSecretCommand({ Name: 'late', SecretString: 'a' }));
  await secrets.send(new DeleteSecretCommand({ SecretId: 'late', RecoveryWindowInDays: 7 }));
  now = addMs(NOW, 7 * 86_400_000);
  for (const command of [
    new RestoreSecretCommand({ SecretId: 'late' }),
    new DescribeSecretCommand({ SecretId: 'late' }),
  ] as const) {
    expect(await nameOfFailure(secrets.send(command as DescribeSecretCommand))).toBe('ResourceNotFoundException');
  }
  now = NOW;
});

test('gives a secret that is made anew under a name the token’s version and another ARN', async () => {
  const creation = { Name: 'anew', SecretString: 'a', ClientRequestToken: TOKEN };
  const { ARN } = await secrets.send(new CreateSecretCommand(creation));
  await secrets.send(new DeleteSecretCommand({ SecretId: 'anew', ForceDeleteWithoutRecovery: true }));
  const gone = [new GetSecretValueCommand({ SecretId: 'anew' }), new GetSecretValueCommand({ SecretId: ARN! })];
  for (const command of gone) expect(await nameOfFailure(secrets.send(command))).toBe('ResourceNotFoundException');
  const again = await secrets.send(new CreateSecretCommand(creation));
  expect(again.ARN).not.toBe(ARN);
  const read = new GetSecretValueCommand({ SecretId: 'anew', VersionId: TOKEN });
  expect((await secrets.send(read)).SecretString).toBe('a');
  const byOldArn = new GetSecretValueCommand({ SecretId: ARN!, VersionId: TOKEN });
  expect(await nameOfFailure(secrets.send(byOldArn))).toBe('ResourceNotFoundException');
});

test.each([
  { RecoveryWindowInDays: 6 },
  { RecoveryWindowInDays: 31 },
  { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true },
])('refuses to delete with %j', async (window) => {
  const Name = `kept-${JSON.stringify(window).length}${window.RecoveryWindowInDays ?? ''}`;
  await secrets.send(new CreateSecretCommand({ Name, SecretString: 'a' }));
  const failure = secrets.send(new DeleteSecretCommand({ SecretId: Name, ...window }));
  expect(await nameOfFailure(failure)).toBe('InvalidParameterException');
  expect((await secrets.send(new GetSecretValueCommand({ SecretId: Name }))).SecretString).toBe('a');
});
