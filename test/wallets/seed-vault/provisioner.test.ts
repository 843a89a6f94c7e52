import { pbkdf2Sync } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient, CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { mockClient } from 'aws-sdk-client-mock';
import { HDKey, hdKeyToAccount, mnemonicToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SEED_NAMES_MAX } from '../../../lib/domain/limits.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { ConnectorMaterial } from '../../../lib/domain/tenants/wallet-shapes.ts';
import { createSeedVaultProvisioner } from '../../../lib/wallets/seed-vault/provisioner.ts';
import { makeConnector, startAws, type TestAws } from '../aws.ts';
import { failureOf } from '../signer-contract.ts';

type SeedMaterial = Extract<ConnectorMaterial, { readonly type: 'SeedVault' }>;

const managerId = 'tests-0000000001';
let aws: TestAws;
let connectors = 0;

beforeAll(async () => {
  aws = await startAws();
});
afterAll(() => aws.close());

function nextConnector() {
  connectors += 1;
  return { managerId, connectorId: `wallets-${String(connectors).padStart(10, '0')}` };
}

async function createMaterial(connector = nextConnector()): Promise<SeedMaterial> {
  const provisioner = createSeedVaultProvisioner({ client: aws.secrets, secretNamePrefix: 'bursar/test' });
  const material = await provisioner.createConnector(connector);
  if (material.type !== 'SeedVault') throw new Error('not a SeedVault connector');
  return material;
}

async function readSecret({ secretArn, secretVersionId }: SeedMaterial) {
  const { Name, SecretString } = await aws.secrets.send(
    new GetSecretValueCommand({ SecretId: secretArn, VersionId: secretVersionId }),
  );
  return { name: Name, ...(JSON.parse(SecretString ?? '') as { readonly mnemonic: string; readonly seed: string }) };
}

test('stores 24 words and their seed under the connector’s name, and keeps the public key of the account', async () => {
  const connector = nextConnector();
  const material = await createMaterial(connector);
  const { name, mnemonic, seed } = await readSecret(material);
  expect(name).toBe(`bursar/test/${managerId}/${connector.connectorId}`);
  expect(mnemonic.split(' ').length).toBe(24);
  expect(validateMnemonic(mnemonic, wordlist)).toBe(true);
  // BIP-39 in Node's own words.
  expect(seed).toBe(pbkdf2Sync(mnemonic, 'mnemonic', 2048, 64, 'sha512').toString('hex'));
  const account = HDKey.fromMasterSeed(Buffer.from(seed, 'hex')).derive("m/44'/60'/0'");
  expect(material.extendedPublicKey).toBe(account.publicExtendedKey);
  expect(hdKeyToAccount(HDKey.fromMasterSeed(Buffer.from(seed, 'hex'))).address).toBe(
    mnemonicToAccount(mnemonic).address,
  );
});

test('gives nothing of the secret away in the material', async () => {
  const connector = nextConnector();
  const material = await createMaterial(connector);
  const { seed } = await readSecret(material);
  expect(Object.keys(material).toSorted()).toEqual(['extendedPublicKey', 'secretArn', 'secretVersionId', 'type']);
  expect(material.extendedPublicKey).toMatch(/^xpub[1-9A-HJ-NP-Za-km-z]{107}$/);
  expect(material.secretArn).toMatch(new RegExp(`:secret:bursar/test/${managerId}/${connector.connectorId}-\\w{6}$`));
  expect(material.secretVersionId).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.stringify(material)).not.toContain(seed);
});

test('derives the addresses that a wallet restored from the words would have, without reading the secret', async () => {
  const material = await createMaterial();
  const { mnemonic } = await readSecret(material);
  const before = aws.calls.length;
  const provisioner = createSeedVaultProvisioner({ client: aws.secrets, secretNamePrefix: null });
  for (const index of [0, 1, 41]) {
    const made = await provisioner.createKey({
      connector: makeConnector(material),
      instrumentId: 'payment-instrument-000000000000001',
      takeIndex: () => Promise.resolve(index),
    });
    expect(made.address).toBe(mnemonicToAccount(mnemonic, { addressIndex: index }).address);
    const { secretArn, secretVersionId } = material;
    expect(made.key).toEqual({ type: 'SeedVault', secretArn, secretVersionId, index });
  }
  expect(aws.calls.length).toBe(before);
});

test('draws another seed every time', async () => {
  const [one, two] = [await createMaterial(), await createMaterial()];
  expect(one.extendedPublicKey).not.toBe(two.extendedPublicKey);
});

test('takes another name where a crashed creation has left a seed behind', async () => {
  const connector = nextConnector();
  const orphan = await createMaterial(connector);
  const material = await createMaterial(connector);
  expect(material.secretArn).not.toBe(orphan.secretArn);
  const { name, seed } = await readSecret(material);
  expect(name).toMatch(new RegExp(`^bursar/test/${managerId}/${connector.connectorId}/[0-9a-f]{8}$`));
  expect(seed).not.toBe((await readSecret(orphan)).seed);
});

test('gives up where every name is taken, after a bounded number of tries', async () => {
  const mock = mockClient(SecretsManagerClient);
  const taken = { name: 'ResourceExistsException', $fault: 'client', $metadata: {} };
  mock.on(CreateSecretCommand).rejects(Object.assign(new Error('taken'), taken));
  const client = new SecretsManagerClient({ region: 'eu-west-1' });
  const provisioner = createSeedVaultProvisioner({ client, secretNamePrefix: 'bursar/test' });
  await expect(provisioner.createConnector(nextConnector())).rejects.toThrow(/ResourceExistsException/);
  expect(mock.calls().length).toBe(SEED_NAMES_MAX);
  mock.restore();
});

test('refuses an answer without an ARN or a version', async () => {
  const mock = mockClient(SecretsManagerClient);
  mock.on(CreateSecretCommand).resolves({ ARN: 'arn' });
  const client = new SecretsManagerClient({ region: 'eu-west-1' });
  const provisioner = createSeedVaultProvisioner({ client, secretNamePrefix: 'bursar/test' });
  await expect(provisioner.createConnector(nextConnector())).rejects.toThrow(/without an ARN/);
  mock.restore();
});

test('says "not now" while Secrets Manager throttles', async () => {
  aws.throttling = true;
  const error = await failureOf(createMaterial());
  aws.throttling = false;
  expect(error).toBeInstanceOf(NotNow);
});

test('refuses a connector of another wallet type, and a function that has no such privilege', async () => {
  const provisioner = createSeedVaultProvisioner({ client: aws.secrets, secretNamePrefix: null });
  await expect(provisioner.createConnector(nextConnector())).rejects.toThrow(/stores no seeds/);
  const request = { instrumentId: 'payment-instrument-000000000000001', takeIndex: () => Promise.resolve(0) };
  const connector = makeConnector({ type: 'AwsKms' });
  await expect(provisioner.createKey({ ...request, connector })).rejects.toThrow(/AwsKms connector/);
});
