import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mnemonicToSeedSync } from '@scure/bip39';
import { BIP32Factory } from 'bip32';
import * as ecc from 'tiny-secp256k1';
import { expect, test, vi } from 'vitest';
import { AwsError } from '../../lib/local/aws-endpoint/aws-error.ts';
import { createKmsSigner } from '../../lib/wallets/aws-kms/signer.ts';
import { createSeedVaultProvisioner } from '../../lib/wallets/seed-vault/provisioner.ts';
import { formatSeedSecret } from '../../lib/wallets/seed-vault/seed-secret.ts';
import { createSeedVaultSigner } from '../../lib/wallets/seed-vault/signer.ts';
import { clientConfig, makeConnector, startAws } from './aws.ts';
import { failureOf } from './signer-contract.ts';
import { messageOf } from '../support/messages.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { createSdkSignDigest } from '../../lib/wallets/aws-kms/sdk-sign.ts';
import { createLeanReadSecret } from '../../lib/wallets/seed-vault/lean-secret.ts';
import { createSdkReadSecret } from '../../lib/wallets/seed-vault/sdk-secret.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

const CLOCK = { now: () => toEpochMs(Date.now()) };

// A published test mnemonic; nothing is behind it. Its words are in no message of ours.
const MNEMONIC = 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above';
const ZERO = `0x${'00'.repeat(20)}` as const;

/** Every form in which the secrets of a seed could show. */
function needlesOf(mnemonic: string, seed: Uint8Array): readonly string[] {
  const account = BIP32Factory(ecc).fromSeed(seed).derivePath("m/44'/60'/0'");
  const chain = account.derive(0);
  const keys = [account, chain, chain.derive(0)].map(({ privateKey }) => Buffer.from(privateKey!));
  const words = mnemonic.split(' ');
  const wordPairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  const bytes = [Buffer.from(seed), ...keys];
  return [
    ...wordPairs,
    ...bytes.flatMap((each) => [each.toString('hex').slice(0, 24), each.toString('base64').slice(0, 16)]),
    account.toBase58().slice(0, 24),
    // How `inspect` prints buffers.
    ...bytes.map((each) => [...each.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')),
    ...bytes.map((each) => [...each.subarray(0, 6)].join(', ')),
  ];
}

/** Everything that an error shows, in each way of printing it. */
function textOf(error: unknown): string {
  const { stack = '', message = '' } = error as Error;
  const shown = inspect(error, {
    showHidden: true,
    depth: 12,
    maxArrayLength: null,
    maxStringLength: null,
    getters: true,
  });
  // Printed arrays are broken into padded columns.
  return [stack, message, shown, JSON.stringify(error)].join('\n').replaceAll(/\s+/g, ' ');
}

function leaks(error: unknown, needles: readonly string[]): readonly string[] {
  const text = textOf(error).toLowerCase();
  return needles.filter((needle) => text.includes(needle.toLowerCase()));
}

const seed = mnemonicToSeedSync(MNEMONIC);
const needles = needlesOf(MNEMONIC, seed);

test('finds a leak where there is one', () => {
  expect(leaks(new Error(`cannot use ${MNEMONIC}`), needles).length).toBeGreaterThan(5);
  expect(leaks(new Error('no', { cause: { seed } }), needles).length).toBeGreaterThan(0);
  expect(leaks(Object.assign(new Error('no'), { text: Buffer.from(seed).toString('hex') }), needles)).not.toEqual([]);
  expect(leaks(new Error('no'), needles)).toEqual([]);
});

test('shows nothing of a seed in the errors of the SeedVault signer, and prints nothing', async () => {
  const printed = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write'), vi.spyOn(console, 'log')];
  const aws = await startAws();
  const secrets = [
    formatSeedSecret(MNEMONIC, seed),
    MNEMONIC,
    formatSeedSecret(MNEMONIC, seed).slice(0, -1),
    JSON.stringify({ mnemonic: MNEMONIC, seed: Buffer.from(seed).toString('hex').toUpperCase() }),
  ];
  const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
  const failures: unknown[] = [];
  for (const SecretString of secrets) {
    const Name = `test/${randomBytes(8).toString('hex')}`;
    const { ARN, VersionId } = await aws.secrets.send(new CreateSecretCommand({ Name, SecretString }));
    const key = { type: 'SeedVault', secretArn: ARN!, secretVersionId: VersionId!, index: 0 } as const;
    const digest = randomBytes(32);
    failures.push(await failureOf(signer.sign(key, messageOf(digest), ZERO)));
    failures.push(await failureOf(signer.sign({ ...key, index: -1 }, messageOf(digest), ZERO)));
    failures.push(await failureOf(signer.sign(key, messageOf(randomBytes(31)), ZERO)));
    aws.throttling = true;
    failures.push(await failureOf(signer.sign({ ...key, index: 1, secretArn: `${ARN}x` }, messageOf(digest), ZERO)));
    aws.throttling = false;
  }
  expect(failures.flatMap((error) => leaks(error, needles))).toEqual([]);
  expect(printed.flatMap((spy) => spy.mock.calls)).toEqual([]);
  vi.restoreAllMocks();
  await aws.close();
});

// V8 quotes about ten characters around what it cannot parse.
const excerpts = MNEMONIC.split(' ').map((word) => `"${word}`);

test.each([
  ['cut off', `{"SecretString":${JSON.stringify(formatSeedSecret(MNEMONIC, seed))},"ARN":`],
  ['not JSON at all', MNEMONIC],
  ['not quoted', `{"SecretString": ${MNEMONIC}}`],
])('shows nothing of an answer that cannot be read: %s', async (_name, body) => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(body);
  });
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const client = new SecretsManagerClient(clientConfig(url));
  const lean = createLeanReadSecret({
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  });
  const key = { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 } as const;
  for (const readSecret of [createSdkReadSecret(client), lean.readSecret]) {
    const error = await failureOf(createSeedVaultSigner({ readSecret }).sign(key, messageOf(randomBytes(32)), ZERO));
    expect(String(error)).toMatch(/no usable answer/);
    expect(leaks(error, [...needles, ...excerpts, MNEMONIC.slice(0, 10)])).toEqual([]);
  }
  lean.close();
  client.destroy();
  await close(server);
});

test('shows nothing of a new seed that could not be stored', async () => {
  const bodies: string[] = [];
  const aws = await startAws({
    verify: ({ body }) => {
      bodies.push(Buffer.from(body).toString('utf8'));
      return new AwsError('EncryptionFailure', 'Secrets Manager could not encrypt the secret');
    },
  });
  const provisioner = createSeedVaultProvisioner({ client: aws.secrets, secretNamePrefix: 'bursar/test' });
  const failure = await failureOf(provisioner.createConnector({ managerId: 'm', connectorId: 'c' }));
  const { SecretString } = JSON.parse(bodies[0]!) as { readonly SecretString: string };
  const drawn = JSON.parse(SecretString) as { readonly mnemonic: string; readonly seed: string };
  expect(String(failure)).toMatch(/EncryptionFailure/);
  expect(leaks(failure, needlesOf(drawn.mnemonic, Buffer.from(drawn.seed, 'hex')))).toEqual([]);
  await aws.close();
});

test('shows no key of the local endpoint in its answers, nor when its files are damaged', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bursar-keys-'));
  const aws = await startAws({ dataDir });
  const { key } = await aws.provisioners.AwsKms.createKey({
    connector: makeConnector({ type: 'AwsKms' }),
    instrumentId: 'i',
    takeIndex: () => Promise.resolve(0),
  });
  const file = join(dataDir, 'kms', readdirSync(join(dataDir, 'kms'))[0]!);
  const record = readFileSync(file, 'utf8');
  const { material } = JSON.parse(record) as { readonly material: string };
  const scalar = Buffer.from(material, 'base64').subarray(33, 65);
  const ownNeedles = [material.slice(44, 60), scalar.toString('hex').slice(0, 24)];
  const refused = await failureOf(
    createKmsSigner({ signDigest: createSdkSignDigest(aws.kms, CLOCK) }).sign(key, messageOf(randomBytes(32)), ZERO),
  );
  expect(leaks(refused, ownNeedles)).toEqual([]);
  await aws.close();

  writeFileSync(file, record.slice(0, -20));
  const damaged = await failureOf(startAws({ dataDir }));
  expect(String(damaged)).toMatch(/is not a record/);
  expect(leaks(damaged, ownNeedles)).toEqual([]);
  rmSync(dataDir, { recursive: true });
});
