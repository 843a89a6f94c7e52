import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  type DescribeSecretResponse,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, expect, test } from 'vitest';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { findSeedProblem } from '../../../lib/wallets/seed-vault/seed-state.ts';

const V1 = '11111111-1111-4111-8111-111111111111';
const V2 = '22222222-2222-4222-8222-222222222222';
const material = {
  type: 'SeedVault',
  secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:bursar/test/m/c-AbCdEf',
  secretVersionId: V1,
  extendedPublicKey: 'xpub',
} as const;
const secrets = mockClient(SecretsManagerClient);
const client = new SecretsManagerClient({ region: 'us-east-1' });
afterEach(() => secrets.reset());

function look(answer: DescribeSecretResponse) {
  secrets.on(DescribeSecretCommand, { SecretId: 'bursar/test/m/c' }).resolves(answer as object);
  return findSeedProblem(client, material);
}

const held = { VersionIdsToStages: { [V1]: ['AWSCURRENT', 'BURSAR_SEED'] } };

test('a seed that is current and held has no problem', async () => {
  expect(await look(held)).toBeNull();
});

test.each<[string, DescribeSecretResponse, 'lost' | 'endangered', string]>([
  ['set to be rotated', { ...held, RotationEnabled: true }, 'endangered', 'turn rotation off'],
  [
    'given another value',
    { VersionIdsToStages: { [V1]: ['BURSAR_SEED'], [V2]: ['AWSCURRENT'] } },
    'endangered',
    'must not be rotated',
  ],
  [
    'without its label',
    { VersionIdsToStages: { [V1]: ['AWSPREVIOUS'], [V2]: ['AWSCURRENT'] } },
    'endangered',
    `update-secret-version-stage --secret-id bursar/test/m/c --version-stage BURSAR_SEED --move-to-version-id ${V1}`,
  ],
  ['forgotten', { VersionIdsToStages: { [V2]: ['AWSCURRENT', 'BURSAR_SEED'] } }, 'lost', 'backup restore'],
  ['without any version', {}, 'lost', 'backup restore'],
  ['about to be deleted', { ...held, DeletedDate: new Date(0) }, 'lost', 'restore-secret'],
])('a seed that is %s has a problem that says what to do', async (_, answer, kind, mend) => {
  const problem = await look(answer);
  expect(problem).toMatchObject({ kind });
  expect(problem?.message).toContain(mend);
});

test('a secret that is not there is lost; a throttle and a refusal are no finding', async () => {
  const describing = secrets.on(DescribeSecretCommand);
  describing.rejectsOnce(new ResourceNotFoundException({ $metadata: {}, message: 'gone' }));
  expect(await findSeedProblem(client, material)).toMatchObject({ kind: 'lost' });
  const failure = (name: string) => Object.assign(new Error('no'), { name, $fault: 'client' });
  describing.rejectsOnce(failure('ThrottlingException'));
  await expect(findSeedProblem(client, material)).rejects.toThrow(NotNow);
  describing.rejectsOnce(failure('AccessDeniedException'));
  await expect(findSeedProblem(client, material)).rejects.toThrow(/DescribeSecret of bursar\/test\/m\/c failed/);
});
