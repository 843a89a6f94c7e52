import { randomBytes } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { mnemonicToSeedSync } from '@scure/bip39';
import { mnemonicToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KEY_CACHE_ENTRIES_MAX } from '../../../lib/domain/limits.ts';
import type { SigningMessage } from '../../../lib/domain/payment/shapes.ts';
import type { WalletKey } from '../../../lib/domain/tenants/wallet-shapes.ts';
import { formatSeedSecret } from '../../../lib/wallets/seed-vault/seed-secret.ts';
import { createSeedVaultSigner, type ReadSecret } from '../../../lib/wallets/seed-vault/signer.ts';
import { makeConnector, startAws, type TestAws } from '../aws.ts';
import { assertRefusesForeignAddress, describeSigner, failureOf, type Wallet } from '../signer-contract.ts';
import { messageOf } from '../../support/messages.ts';
import { createLeanReadSecret } from '../../../lib/wallets/seed-vault/lean-secret.ts';
import { createSdkReadSecret } from '../../../lib/wallets/seed-vault/sdk-secret.ts';

// Published test mnemonics; nothing is behind them.
const ABANDON = `${'abandon '.repeat(11)}about`;
const LEGAL = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

type SeedKey = Extract<WalletKey, { readonly type: 'SeedVault' }>;

function seedKey(key: WalletKey): SeedKey {
  if (key.type !== 'SeedVault') throw new Error('not a SeedVault key');
  return key;
}

let nextIndex = 0;

async function createWallet({ provisioners }: TestAws): Promise<Wallet> {
  const material = await provisioners.SeedVault.createConnector({
    managerId: 'tests-0000000001',
    connectorId: `wallets-${randomBytes(5).toString('hex')}`,
  });
  nextIndex += 1;
  return provisioners.SeedVault.createKey({
    connector: makeConnector(material),
    instrumentId: 'payment-instrument-000000000000001',
    takeIndex: () => Promise.resolve(nextIndex),
  });
}

describe.each<[string, (aws: TestAws) => ReadSecret]>([
  ['SeedVault by the SDK', ({ secrets }) => createSdkReadSecret(secrets)],
  ['SeedVault by the lean client', ({ environment }) => createLeanReadSecret(environment).readSecret],
])('%s', (name, readSecretWith) => {
  describeSigner({
    name,
    createSigner: (aws) => createSeedVaultSigner({ readSecret: readSecretWith(aws) }),
    createWallet,
    missingKeys: (key) => [
      { ...seedKey(key), secretArn: `${seedKey(key).secretArn.slice(0, -1)}_` },
      { ...seedKey(key), secretVersionId: '00000000-0000-4000-8000-000000000000' },
      { ...seedKey(key), index: seedKey(key).index + 1 },
    ],
  });
});

describe('SeedVault signer', () => {
  let aws: TestAws;

  beforeAll(async () => {
    aws = await startAws();
  });
  afterAll(() => aws.close());

  /** Stores any text as a secret. */
  async function store(secretString: string): Promise<SeedKey> {
    const { ARN, VersionId } = await aws.secrets.send(
      new CreateSecretCommand({ Name: `test/${randomBytes(8).toString('hex')}`, SecretString: secretString }),
    );
    return { type: 'SeedVault', secretArn: ARN!, secretVersionId: VersionId!, index: 0 };
  }

  const countReads = () => aws.calls.filter((action) => action === 'GetSecretValue').length;

  test('makes the very bytes that viem makes', async () => {
    const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    for (const mnemonic of [ABANDON, LEGAL]) {
      const key = await store(formatSeedSecret(mnemonic, mnemonicToSeedSync(mnemonic)));
      for (const index of [0, 7]) {
        const account = mnemonicToAccount(mnemonic, { addressIndex: index });
        for (let i = 0; i < 5; i += 1) {
          const digest = randomBytes(32);
          const expected = await account.sign({ hash: `0x${digest.toString('hex')}` });
          expect(await signer.sign({ ...key, index }, messageOf(digest), account.address)).toBe(expected);
        }
      }
    }
  });

  test('reads a seed once for many parallel calls and many wallets', async () => {
    const key = await store(formatSeedSecret(ABANDON, mnemonicToSeedSync(ABANDON)));
    const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    // Worked out first: it takes this process longer than the signer waits for an answer.
    const addresses = [0, 1, 2, 3].map((index) => mnemonicToAccount(ABANDON, { addressIndex: index }).address);
    const before = countReads();
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const index = i % 4;
        const address = addresses[index]!;
        return signer.sign({ ...key, index }, messageOf(randomBytes(32)), address);
      }),
    );
    expect(countReads() - before).toBe(1);
  });

  test('does not remember a failure', async () => {
    const { key, address } = await createWallet(aws);
    const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    aws.throttling = true;
    const failures = [0, 1].map(() => failureOf(signer.sign(key, messageOf(randomBytes(32)), address)));
    await Promise.all(failures);
    aws.throttling = false;
    const before = countReads();
    await expect(signer.sign(key, messageOf(randomBytes(32)), address)).resolves.toMatch(/^0x/);
    expect(countReads() - before).toBe(1);
  });

  test('forgets the oldest seeds beyond its bound, and the newest it does not', async () => {
    const secretText = formatSeedSecret(ABANDON, mnemonicToSeedSync(ABANDON));
    const read = vi.fn<ReadSecret>(async () => secretText);
    const signer = createSeedVaultSigner({ readSecret: read });
    const { address } = mnemonicToAccount(ABANDON);
    const digest = randomBytes(32);
    const signWith = (secret: number) =>
      signer.sign(
        { type: 'SeedVault', secretArn: `arn:${secret}`, secretVersionId: 'v', index: 0 },
        messageOf(digest),
        address,
      );
    for (let secret = 0; secret <= KEY_CACHE_ENTRIES_MAX; secret += 1) await signWith(secret);
    expect(read.mock.calls.length).toBe(KEY_CACHE_ENTRIES_MAX + 1);
    await signWith(KEY_CACHE_ENTRIES_MAX);
    expect(read.mock.calls.length).toBe(KEY_CACHE_ENTRIES_MAX + 1);
    await signWith(0);
    expect(read.mock.calls.length).toBe(KEY_CACHE_ENTRIES_MAX + 2);
  });

  test('refuses the signature of another seed that was put behind the same ARN', async () => {
    const { address } = mnemonicToAccount(ABANDON);
    const planted = await store(formatSeedSecret(LEGAL, mnemonicToSeedSync(LEGAL)));
    const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    await expect(signer.sign(planted, messageOf(randomBytes(32)), address)).rejects.toThrow(/nothing is released/);
  });

  test.each([-1, 0.5, 2 ** 31, Number.NaN])('refuses the index %d', async (index) => {
    const { key, address } = await createWallet(aws);
    const signer = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    await expect(signer.sign({ ...seedKey(key), index }, messageOf(randomBytes(32)), address)).rejects.toThrow(
      /derivation index/,
    );
  });

  test.each([
    ['no JSON', ABANDON],
    ['a JSON text', JSON.stringify(ABANDON)],
    ['null', 'null'],
    ['no seed', JSON.stringify({ mnemonic: ABANDON })],
    ['a short seed', JSON.stringify({ mnemonic: ABANDON, seed: 'ab'.repeat(63) })],
    ['a seed in upper case', JSON.stringify({ mnemonic: ABANDON, seed: 'AB'.repeat(64) })],
    ['a seed that is a number', JSON.stringify({ mnemonic: ABANDON, seed: 12 })],
  ])('refuses a secret that holds %s without quoting it', async (_name, text) => {
    const key = await store(text);
    const error = await failureOf(
      createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) }).sign(
        key,
        messageOf(randomBytes(32)),
        `0x${'00'.repeat(20)}`,
      ),
    );
    expect(String(error)).toMatch(/holds no seed/);
    expect(String(error)).not.toMatch(/abandon|abab/i);
  });

  test('the contract catches a signer that releases without comparing', async () => {
    const [wallet, other] = [await createWallet(aws), await createWallet(aws)];
    const careful = createSeedVaultSigner({ readSecret: createSdkReadSecret(aws.secrets) });
    const careless = {
      type: 'SeedVault' as const,
      sign: (key: WalletKey, message: SigningMessage) => careful.sign(key, message, wallet.address),
    };
    await expect(assertRefusesForeignAddress(careless, wallet, other)).rejects.toThrow(/resolved/);
  });

  test('refuses an answer without a text', async () => {
    const signer = createSeedVaultSigner({ readSecret: async () => '' });
    const key: WalletKey = { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 };
    await expect(signer.sign(key, messageOf(randomBytes(32)), `0x${'00'.repeat(20)}`)).rejects.toThrow(/holds no seed/);
  });
});
