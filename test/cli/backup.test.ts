import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mnemonicToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openText, sealText } from '../../lib/cli/backup/sealed-file.ts';
import type { CliDeps } from '../../lib/cli/program/command.ts';
import { createAwsEndpoint, type AwsEndpoint } from '../../lib/local/aws-endpoint/endpoint.ts';
import { createSeedVaultProvisioner, deriveAddress } from '../../lib/wallets/seed-vault/provisioner.ts';
import { ACCOUNT, clientConfig, REGION } from '../wallets/aws.ts';
import { awsError, CONNECTOR, createWorld, json, type Routes } from './world.ts';

const MANAGER = `arn:aws:bedrock-agentcore:${REGION}:${ACCOUNT}:payment-manager/bursar-0123456789`;
const NAME = `bursar/Bursar/bursar-0123456789/${CONNECTOR}`;
const PASSPHRASE = 'correct horse battery staple';
const KEY = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

let endpoint: AwsEndpoint;
let secrets: SecretsManagerClient;
let material: { readonly secretVersionId: string; readonly extendedPublicKey: string };
/** Where a backup of it was made, once, since the key of a passphrase takes a second to work out; and what is in it. */
let made: World;
let text = '';
/** The same, sealed so that it opens at once. */
let sealed = '';
const QUICK = 10;

beforeAll(async () => {
  await open();
  const world = createBackupWorld();
  expect(await create(world)).toBe(0);
  made = world;
  text = await openText('f', Buffer.from(world.files.get('wallets.age')!), PASSPHRASE);
  sealed = await sealText(text, PASSPHRASE, QUICK);
});
afterAll(close);

async function open(): Promise<void> {
  endpoint = await createAwsEndpoint({ dataDir: null, region: REGION, account: ACCOUNT });
  secrets = new SecretsManagerClient(clientConfig(endpoint.url));
  const provisioner = createSeedVaultProvisioner({ client: secrets, secretNamePrefix: 'bursar/Bursar' });
  const drawn = await provisioner.createConnector({ managerId: 'bursar-0123456789', connectorId: CONNECTOR });
  if (drawn.type !== 'SeedVault') throw new Error('not a seed');
  material = drawn;
}

async function close(): Promise<void> {
  secrets.destroy();
  await endpoint.close();
}

/** What the deployment says of the wallets of alice. */
function walletsAt(addresses: readonly string[]): Routes {
  const paymentInstruments = addresses.map((_, index) => ({ paymentInstrumentId: `payment-instrument-${index}` }));
  return {
    listPaymentInstruments: () => json({ paymentInstruments }),
    getPaymentInstrument: ({ body }) => {
      const { paymentInstrumentId } = JSON.parse(body) as { paymentInstrumentId: string };
      const walletAddress = addresses[Number(paymentInstrumentId.split('-').at(-1))];
      const paymentInstrumentDetails = { embeddedCryptoWallet: { walletAddress } };
      return json({ paymentInstrument: { paymentInstrumentId, paymentInstrumentDetails } });
    },
  };
}

function createBackupWorld(
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly routes?: Routes;
    readonly answers?: readonly string[];
    readonly overrides?: Partial<CliDeps>;
  } = {},
) {
  const local = {
    endpoint: 'http://127.0.0.1:8400/v1',
    region: REGION,
    credentials: { controlPlane: KEY, management: KEY, processPayment: KEY, backup: KEY },
    aws: { endpoint: endpoint.url },
    paymentManagerArn: MANAGER,
    paymentConnectorIds: { SeedVault: CONNECTOR },
    faucet: 'http://127.0.0.1:8401',
  };
  return createWorld({
    routes: walletsAt([deriveAddress(material.extendedPublicKey, 0), deriveAddress(material.extendedPublicKey, 7)]),
    ...options,
    files: { '.bursar/local.json': JSON.stringify(local), 'pass.txt': `${PASSPHRASE}\n`, ...options.files },
  });
}

type World = ReturnType<typeof createBackupWorld>;
const withPassphrase = ['--passphrase-file', 'pass.txt', '--json'];
const create = (world: World, ...more: readonly string[]) =>
  world.run('backup', 'create', '--out', 'wallets.age', ...withPassphrase, ...more);
const answerOf = (world: World) => JSON.parse(world.out());
const codeOf = (world: World) => answerOf(world).error.code;
const valueOf = async (VersionId?: string) => {
  const input = { SecretId: NAME, ...(VersionId === undefined ? {} : { VersionId }) };
  return (await secrets.send(new GetSecretValueCommand(input))).SecretString!;
};

describe('backup create', () => {
  test('writes words that age opens and any wallet restores, and shows nothing of them', async () => {
    expect(answerOf(made)).toMatchObject({ file: 'wallets.age', secretName: NAME, compared: 2 });
    const backup = JSON.parse(text);
    expect(backup).toMatchObject({ secretName: NAME, secretVersionId: material.secretVersionId, account: ACCOUNT });
    const account = mnemonicToAccount(backup.mnemonic, { addressIndex: 7 });
    expect(account.address).toBe(deriveAddress(material.extendedPublicKey, 7));
    const { seed } = JSON.parse(backup.secretString);
    for (const secret of [seed, backup.mnemonic, PASSPHRASE]) {
      for (const shown of [made.out(), made.err(), made.files.get('wallets.age')]) expect(shown).not.toContain(secret);
    }
  });

  test('asks twice for a passphrase, and writes nothing where the two differ', async () => {
    const world = createBackupWorld({ answers: [PASSPHRASE, `${PASSPHRASE}!`] });
    expect(await world.run('backup', 'create', '--out', 'wallets.age')).toBe(3);
    // Asked once more, and nobody answered.
    expect(world.prompts).toEqual(['passphrase: ', 'the same again: ', 'passphrase: ']);
    expect(world.files.has('wallets.age')).toBe(false);
  });

  test('asks again for a passphrase that is too short or not the same twice, and then writes', async () => {
    const world = createBackupWorld({ answers: ['short', PASSPHRASE, 'other', PASSPHRASE, PASSPHRASE] });
    expect(await world.run('backup', 'create', '--out', 'wallets.age')).toBe(0);
    expect(world.files.has('wallets.age')).toBe(true);
  });

  test('refuses a short passphrase, one of two lines, and where nobody is there to ask', async () => {
    const short = createBackupWorld({ files: { 'pass.txt': '11character\n' } });
    expect(await create(short)).toBe(2);
    const two = createBackupWorld({ files: { 'pass.txt': `${PASSPHRASE}\nsecond line\n` } });
    expect(await create(two)).toBe(2);
    const alone = createBackupWorld();
    expect(await alone.run('backup', 'create', '--out', 'wallets.age')).toBe(3);
    for (const world of [short, two, alone]) expect(world.files.has('wallets.age')).toBe(false);
  });

  test('never overwrites a file, also one that appears meanwhile', async () => {
    const world = createBackupWorld({ files: { 'wallets.age': 'dear' } });
    expect(await create(world)).toBe(1);
    expect(codeOf(world)).toBe('bursar:backup_file_exists');
    const { deps } = createBackupWorld({ files: { 'wallets.age': 'dear' } });
    const racing = createBackupWorld({ overrides: { files: { ...deps.files, exists: async () => false } } });
    expect(await create(racing)).toBe(1);
    expect(codeOf(racing)).toBe('bursar:backup_file_exists');
    expect(world.files.get('wallets.age')).toBe('dear');
  });

  test('refuses a seed that does not give the wallets’ addresses', async () => {
    const world = createBackupWorld({ routes: walletsAt([`0x${'1'.repeat(40)}`]) });
    expect(await create(world)).toBe(1);
    expect(codeOf(world)).toBe('bursar:backup_other_seed');
    expect(world.files.has('wallets.age')).toBe(false);
  });

  test('says so where it could compare with no wallet', async () => {
    const world = createBackupWorld({ routes: { '': () => awsError(403, 'AccessDeniedException', 'not you') } });
    expect(await create(world)).toBe(0);
    expect(answerOf(world).compared).toBe(0);
    expect(world.err()).toContain('compared with no wallet');
  });

  test('refuses a connector without a seed, and a token', async () => {
    const world = createBackupWorld();
    expect(await create(world, '--connector', 'awskms-0123456789', '--address', `0x${'1'.repeat(40)}`)).toBe(1);
    expect(codeOf(world)).toBe('bursar:backup_secret_missing');
    const token = createWorld({
      ...world,
      files: Object.fromEntries(world.files),
      env: { BURSAR_TOKEN: 'e30.e30.AA' },
    });
    expect(await create(token as World)).toBe(2);
  });
});

describe('backup verify', () => {
  const verify = (world: World, ...more: readonly string[]) =>
    world.run('backup', 'verify', 'wallets.age', ...withPassphrase, ...more);

  test('finds the addresses of wallets in the words', async () => {
    const world = createBackupWorld({ files: { 'wallets.age': sealed } });
    expect(await verify(world)).toBe(0);
    expect(answerOf(world)).toMatchObject({ compared: 2, paymentConnectorId: CONNECTOR });
    const { mnemonic } = JSON.parse(await valueOf());
    expect(world.out() + world.err()).not.toContain(mnemonic);
  });

  test.each([
    ['bursar:backup_other_seed', ['--address', `0x${'1'.repeat(40)}`]],
    ['bursar:backup_other_connector', ['--connector', 'seedvault-aaaaaaaaaa']],
    ['bursar:backup_other_connector', ['--manager', MANAGER.replace('bursar-0', 'others-0')]],
  ])('answers %s for %j', async (code, more) => {
    const world = createBackupWorld({ files: { 'wallets.age': sealed } });
    expect(await verify(world, ...more)).toBe(1);
    expect(codeOf(world)).toBe(code);
  });

  test('is not satisfied with no wallet to compare', async () => {
    const world = createBackupWorld({ files: { 'wallets.age': sealed }, routes: walletsAt([]) });
    expect(await verify(world)).toBe(1);
    expect(codeOf(world)).toBe('bursar:backup_not_compared');
  });

  test('tells a wrong passphrase from a damaged file, and from one that holds no seed', async () => {
    const wrong = createBackupWorld({ files: { 'wallets.age': sealed, 'pass.txt': 'another horse battery' } });
    expect(await verify(wrong)).toBe(1);
    expect(codeOf(wrong)).toBe('bursar:backup_passphrase_wrong');
    const words = JSON.parse(text).mnemonic.split(' ');
    const swapped = text.replaceAll(words.join(' '), [...words.slice(1), words[0]].join(' '));
    const flipped = sealed.split('\n');
    flipped[12] = flipped[12]!.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
    const damages = [
      sealed.slice(0, 400),
      // Within the content: the header is whole.
      flipped.join('\n'),
      '{}',
      await sealText('{"format":"bursar-seed-backup"}', PASSPHRASE, QUICK),
      await sealText(swapped, PASSPHRASE, QUICK),
      // Good words of another seed than the one beside them.
      await sealText(text.replaceAll(words.join(' '), `${'abandon '.repeat(23)}art`), PASSPHRASE, QUICK),
    ];
    for (const damaged of damages) {
      const world = createBackupWorld({ files: { 'wallets.age': damaged } });
      expect(await verify(world)).toBe(1);
      expect(codeOf(world)).toBe('bursar:backup_damaged');
    }
  });
});

describe('backup restore', () => {
  const restore = (world: World) => world.run('backup', 'restore', 'wallets.age', ...withPassphrase);
  const destroy = () => secrets.send(new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }));
  let value = '';
  beforeEach(async () => {
    value = JSON.parse(text).secretString;
    await destroy().catch((error: Error) => expect(error.name).toBe('ResourceNotFoundException'));
  });
  const put = (SecretString: string, ClientRequestToken: string) =>
    secrets.send(new CreateSecretCommand({ Name: NAME, SecretString, ClientRequestToken }));
  const restored = async () => {
    const world = createBackupWorld({ files: { 'wallets.age': sealed } });
    return { exitCode: await restore(world), answer: answerOf(world) };
  };
  const heldVersion = async () => {
    const { VersionIdsToStages: stages } = await secrets.send(new DescribeSecretCommand({ SecretId: NAME }));
    return Object.entries(stages ?? {}).find(([, labels]) => labels.includes('BURSAR_SEED'))?.[0];
  };
  const OTHER_VERSION = '22222222-2222-4222-8222-222222222222';

  test('makes a lost secret anew under its name and version, once', async () => {
    expect(await restored()).toMatchObject({ exitCode: 0, answer: { outcome: 'created' } });
    expect(await valueOf(material.secretVersionId)).toBe(value);
    expect(await restored()).toMatchObject({ exitCode: 0, answer: { outcome: 'present' } });
    expect(await heldVersion()).toBe(material.secretVersionId);
  });

  test('holds the version again where its label is gone or at another value', async () => {
    await put(value, material.secretVersionId);
    expect(await restored()).toMatchObject({ answer: { outcome: 'present' } });
    expect(await heldVersion()).toBe(material.secretVersionId);
    const { VersionId } = await secrets.send(new PutSecretValueCommand({ SecretId: NAME, SecretString: 'later' }));
    const move = { MoveToVersionId: VersionId, RemoveFromVersionId: material.secretVersionId };
    await secrets.send(new UpdateSecretVersionStageCommand({ SecretId: NAME, VersionStage: 'BURSAR_SEED', ...move }));
    expect(await restored()).toMatchObject({ answer: { outcome: 'present' } });
    expect(await heldVersion()).toBe(material.secretVersionId);
  });

  test('takes back a deletion', async () => {
    await put(value, material.secretVersionId);
    await secrets.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 7 }));
    expect(await restored()).toMatchObject({ exitCode: 0, answer: { outcome: 'undeleted' } });
    expect(await valueOf(material.secretVersionId)).toBe(value);
  });

  test('adds the version where somebody has stored the same value by hand', async () => {
    await put(value, OTHER_VERSION);
    expect(await restored()).toMatchObject({ exitCode: 0, answer: { outcome: 'added' } });
    expect(await valueOf(material.secretVersionId)).toBe(value);
  });

  test('leaves a secret alone that holds another value, under the same version or another', async () => {
    await put('dear', material.secretVersionId);
    expect(await restored()).toMatchObject({ exitCode: 1, answer: { error: { code: 'bursar:backup_conflict' } } });
    expect(await valueOf()).toBe('dear');
    await destroy();
    await put('dear', OTHER_VERSION);
    expect(await restored()).toMatchObject({ exitCode: 1, answer: { error: { code: 'bursar:backup_conflict' } } });
    expect(await valueOf()).toBe('dear');
  });

  test('finds the version behind a later value, and changes nothing', async () => {
    await put(value, material.secretVersionId);
    await secrets.send(new PutSecretValueCommand({ SecretId: NAME, SecretString: 'later' }));
    expect(await restored()).toMatchObject({ exitCode: 0, answer: { outcome: 'present' } });
    expect(await valueOf()).toBe('later');
  });

  test('refuses another region and another account', async () => {
    for (const [here, there] of [
      [`"region": "${REGION}"`, '"region": "us-east-1"'],
      [`"account": "${ACCOUNT}"`, '"account": "999999999999"'],
    ] as const) {
      const elsewhere = await sealText(text.replace(here, there), PASSPHRASE, QUICK);
      const world = createBackupWorld({ files: { 'wallets.age': elsewhere } });
      expect(await restore(world)).toBe(1);
      expect(codeOf(world)).toBe('bursar:backup_other_place');
    }
  });
});
