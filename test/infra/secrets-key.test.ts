import { describe, expect, test } from 'vitest';
import { createAccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { app, generously, whoMay, type Question } from './access.ts';
import { ENVIRONMENT } from './synthesis.ts';

const { account, region } = ENVIRONMENT;
const WALLET_KEY = `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-000000000000`;
const secretOf = (name: string) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
const SEED = secretOf('bursar/Bursar/acme-0123456789/vault-0123456789');
const CREDENTIAL = secretOf('bursar/Bursar/credentials/cdp-0123456789/api-0123456789');
const FOREIGN_SECRET = secretOf('other/password');

describe('the key of secrets', () => {
  const key = Object.values(app.data.Resources).find(({ Properties: { Description: text } }) =>
    String(text).startsWith('Encrypts wallet seeds'),
  )!;
  // The simulator knows no keys of an encryption context, so another name stands for this one, everywhere.
  const renamed = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll('kms:EncryptionContext:SecretARN', 'aws:SourceArn')) as T;
  const policy = renamed(key.Properties['KeyPolicy']) as object;
  const granted = createAccessPolicies(renamed(app.deployment.roles), ENVIRONMENT);
  const using = (action: string, secret: string, context: Record<string, string> = {}): Question => ({
    action: `kms:${action}`,
    resource: WALLET_KEY,
    context: {
      'kms:ViaService': `secretsmanager.${ENVIRONMENT.region}.amazonaws.com`,
      'aws:SourceArn': secret,
      ...context,
    },
    resourcePolicy: policy,
  });

  test('decrypts seeds for those who sign and back up, and credentials for who mints tokens, makes wallets and signs', async () => {
    expect(await whoMay(using('Decrypt', SEED), granted)).toEqual(['BackupRole', 'process-payment']);
    expect(await whoMay(using('Decrypt', CREDENTIAL), granted)).toEqual([
      'issue-tokens',
      'manage-instruments',
      'process-payment',
    ]);
  });

  test('decrypts for nobody else, whatever else they are allowed', async () => {
    expect(await whoMay(using('Decrypt', SEED), generously())).toEqual(['BackupRole', 'process-payment']);
    expect(await whoMay(using('Decrypt', CREDENTIAL), generously())).toEqual([
      'issue-tokens',
      'manage-instruments',
      'process-payment',
    ]);
    expect(await whoMay(using('Decrypt', FOREIGN_SECRET), generously())).toEqual([]);
  });

  test('decrypts through Secrets Manager only', async () => {
    expect(await whoMay(using('Decrypt', SEED, { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' }))).toEqual([]);
  });

  test('encrypts for those who store, each their own', async () => {
    expect(await whoMay(using('GenerateDataKey', SEED), granted)).toEqual(['BackupRole', 'manage-connectors']);
    expect(await whoMay(using('GenerateDataKey', CREDENTIAL), granted)).toContain('manage-identities');
    expect(await whoMay(using('GenerateDataKey', FOREIGN_SECRET), generously())).toEqual([]);
  });
});
