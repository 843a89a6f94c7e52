import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListServiceQuotasCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, expect, test } from 'vitest';
import { ACCOUNT_READER } from '../../lib/cli/target/account.ts';
import { INSTRUMENT_TAG } from '../../lib/wallets/aws-kms/key-policy.ts';

const KEY = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };
const ask = ['us-east-1', KEY] as const;
const lambda = mockClient(LambdaClient);
const quotas = mockClient(ServiceQuotasClient);
const secrets = mockClient(SecretsManagerClient);
const tagging = mockClient(ResourceGroupsTaggingAPIClient);
const kms = mockClient(KMSClient);
afterEach(() => {
  for (const mock of [lambda, quotas, secrets, tagging, kms]) mock.reset();
});

test('Lambda tells how many may run at once, and silence is no number', async () => {
  lambda
    .on(GetAccountSettingsCommand)
    .resolvesOnce({ AccountLimit: { ConcurrentExecutions: 10 } })
    .resolves({});
  expect(await ACCOUNT_READER.lambdaConcurrency(...ask)).toBe(10);
  await expect(ACCOUNT_READER.lambdaConcurrency(...ask)).rejects.toThrow('how many');
});

test('quotas are read page by page, and not for ever', async () => {
  quotas
    .on(ListServiceQuotasCommand, { ServiceCode: 'kms' })
    .resolvesOnce({ Quotas: [{ QuotaCode: 'L-1', QuotaName: 'one', Value: 1 }], NextToken: 'two' })
    .resolves({ Quotas: [{ QuotaCode: 'L-2', QuotaName: 'two', Value: 2 }, { QuotaCode: 'L-3' }] });
  expect(await ACCOUNT_READER.serviceQuotas(...ask, 'kms')).toEqual([
    { code: 'L-1', name: 'one', value: 1 },
    { code: 'L-2', name: 'two', value: 2 },
  ]);
  quotas.reset();
  quotas.on(ListServiceQuotasCommand).resolves({ NextToken: 'again' });
  expect(await ACCOUNT_READER.serviceQuotas(...ask, 'kms')).toEqual([]);
  expect(quotas.calls()).toHaveLength(10);
});

test('a secret is held, rotated, not held, about to be deleted, or missing; a refusal is none of these', async () => {
  const held = { VersionIdsToStages: { one: ['BURSAR_SEED', 'AWSCURRENT'] } };
  secrets
    .on(DescribeSecretCommand)
    .resolvesOnce(held)
    .resolvesOnce({ ...held, RotationEnabled: true })
    .resolvesOnce({ VersionIdsToStages: { one: ['BURSAR_SEED'], two: ['AWSCURRENT'] } })
    .resolvesOnce({ VersionIdsToStages: { one: ['AWSCURRENT'] } })
    .resolvesOnce({ ...held, DeletedDate: new Date(0) })
    .rejectsOnce(new ResourceNotFoundException({ $metadata: {}, message: 'gone' }))
    .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
  const states = [];
  for (let times = 0; times < 6; times += 1) states.push(await ACCOUNT_READER.secretState(...ask, 'seed'));
  expect(states).toEqual(['present', 'rotated', 'rotated', 'not_held', 'deleting', 'missing']);
  await expect(ACCOUNT_READER.secretState(...ask, 'seed')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('keys of a wallet are found by the tag that they are made with', async () => {
  const ResourceTagMappingList = [{ ResourceARN: 'arn:aws:kms:us-east-1:111122223333:key/1' }];
  const TagFilters = [{ Key: INSTRUMENT_TAG, Values: ['payment-instrument-1'] }];
  tagging
    .on(GetResourcesCommand, { ResourceTypeFilters: ['kms:key'], TagFilters })
    .resolves({ ResourceTagMappingList });
  kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: '1', KeyState: 'PendingDeletion' } });
  expect(await ACCOUNT_READER.walletKeyStates(...ask, 'payment-instrument-1')).toEqual(['PendingDeletion']);
});
