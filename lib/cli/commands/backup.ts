import { askPassphrase } from '../backup/passphrase.ts';
import {
  ADDRESS_OPTION,
  explain,
  openBackup,
  PASSPHRASE_OPTION,
  secretNameOf,
  storeOf,
} from '../backup/opened-backup.ts';
import { restoreSecret, type Restoration } from '../backup/restoration.ts';
import { damaged, openText, sealText } from '../backup/sealed-file.ts';
import { formatSeedBackup, parseSeedBackup, readSeed, type SeedBackup } from '../backup/seed-backup.ts';
import type { SecretDescription, SeedStore } from '../backup/seed-store.ts';
import { countOwn, findWallets, type KnownWallets } from '../backup/wallets.ts';
import type { Command, Invocation } from '../program/command.ts';
import { requireManager } from '../target/ids.ts';
import { CliError, done, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { formatFacts, tell } from '../terminal/layout.ts';

const ROLE = 'an administrator of the account, or BackupRole, which is there where backupPrincipals names somebody';

type Seed = NonNullable<Awaited<ReturnType<typeof readSeed>>> & { readonly secretVersionId: string };

async function runCreate(invocation: Invocation): Promise<Outcome> {
  const { deps, options, target } = invocation;
  const out = options.text('out');
  if (out === undefined) throw usageError('backup create needs --out FILE', 'a file that is not there yet');
  await assertAbsent(invocation, out);
  const paymentManagerArn = requireManager(target);
  const paymentConnectorId =
    options.text('connector') ?? target.context?.paymentConnectorId ?? target.local?.paymentConnectorIds.SeedVault;
  if (paymentConnectorId === undefined) throw usageError('no connector is known', 'name one with --connector');
  const secretName = secretNameOf(invocation, paymentManagerArn, paymentConnectorId);
  const { store } = await storeOf(invocation);
  try {
    const passphrase = await askPassphrase(invocation, 'new');
    const wallets = await findWallets(invocation, paymentManagerArn, paymentConnectorId);
    const secret = await explain(findSecret(store, secretName));
    const seed = await explain(chooseSeed(store, secret, wallets));
    const [, , , region = '', account = ''] = secret.arn.split(':');
    const backup: SeedBackup = {
      paymentManagerArn,
      paymentConnectorId,
      region,
      account,
      secretName,
      description: secret.description,
      kmsKeyId: secret.kmsKeyId,
      createdAt: new Date(deps.now()).toISOString(),
      ...seed,
    };
    await writeSealed(invocation, out, backup, passphrase);
    const compared = countOwn(backup.extendedPublicKey, wallets.addresses);
    if (compared === 0) tell(deps.terminal, `warning: compared with no wallet: ${wallets.whyNone}`);
    return done({ file: out, ...publicOf(backup), compared }, describe({ file: out, ...publicOf(backup), compared }));
  } finally {
    store.close();
  }
}

/** Asked before a seed is read, and held to when the file is made. */
async function assertAbsent({ deps }: Invocation, name: string): Promise<void> {
  if (!(await deps.files.exists(name))) return;
  throw fileExists(name);
}

function fileExists(name: string): CliError {
  return new CliError(EXIT.failed, `${name} is there already, and a backup is never overwritten`, {
    hint: 'choose another name',
    details: { code: 'bursar:backup_file_exists' },
  });
}

async function findSecret(store: SeedStore, name: string): Promise<SecretDescription> {
  const secret = await store.describe(name);
  if (secret !== null && !secret.scheduledForDeletion) return secret;
  if (secret === null) {
    throw new CliError(EXIT.failed, `there is no secret ${name}`, {
      hint: 'name the deployment with --stack-prefix, or the secret with --secret; a wallet in KMS has no seed to back up',
      details: { code: 'bursar:backup_secret_missing' },
    });
  }
  throw new CliError(EXIT.failed, `the secret ${name} is about to be deleted`, {
    hint: `take that back at once: aws secretsmanager restore-secret --secret-id ${name}`,
    details: { code: 'bursar:backup_secret_deleted' },
  });
}

/** The value that the wallets' addresses come from; where no address is known, the current one. */
async function chooseSeed(
  store: SeedStore,
  { name, versionIds }: SecretDescription,
  wallets: KnownWallets,
): Promise<Seed> {
  for (const secretVersionId of versionIds) {
    const value = await store.read(name, secretVersionId);
    const seed = value === null ? null : await readSeed(value);
    if (seed === null) continue;
    const fits = wallets.addresses.length === 0 || countOwn(seed.extendedPublicKey, wallets.addresses) > 0;
    if (fits) return { ...seed, secretVersionId };
  }
  throw new CliError(
    EXIT.failed,
    `the secret ${name} holds no seed that gives ${wallets.addresses.join(', ') || 'wallets'}`,
    {
      hint: `a creation that was interrupted may have taken the name: look for ${name}/ with eight more characters, and name it with --secret`,
      details: { code: 'bursar:backup_other_seed' },
    },
  );
}

/** Writes the file, and reads it again: a backup that nobody has opened is none. */
async function writeSealed({ deps }: Invocation, name: string, backup: SeedBackup, passphrase: string): Promise<void> {
  const text = formatSeedBackup(backup);
  const sealed = await sealText(text, passphrase);
  const opened = await openText(name, new TextEncoder().encode(sealed), passphrase);
  if (opened !== text || (await parseSeedBackup(opened)) === null)
    throw damaged(name, 'it did not open as it was made');
  if (!(await deps.files.writeNew(name, sealed))) throw fileExists(name);
}

async function runVerify(invocation: Invocation): Promise<Outcome> {
  const backup = await openBackup(invocation);
  const wallets = await findWallets(invocation, backup.paymentManagerArn, backup.paymentConnectorId);
  const compared = assertOwn(backup, wallets);
  const facts = { file: invocation.positionals[0]!, ...publicOf(backup), compared };
  return done(facts, describe(facts));
}

/** How many addresses the seed gives. Throws `CliError` where it gives none, or there is none to compare with. */
function assertOwn({ extendedPublicKey }: SeedBackup, { addresses, whyNone }: KnownWallets): number {
  if (addresses.length === 0) {
    throw new CliError(
      EXIT.failed,
      `the file opens and its words are whole, but there is no wallet to compare: ${whyNone}`,
      {
        hint: 'name a user who has one with --user, or its address with --address',
        details: { code: 'bursar:backup_not_compared' },
      },
    );
  }
  const own = countOwn(extendedPublicKey, addresses);
  if (own > 0) return own;
  throw new CliError(EXIT.failed, `the seed gives none of the addresses ${addresses.join(', ')}`, {
    hint: 'it is the backup of another seed: keep it, and look for the right one',
    details: { code: 'bursar:backup_other_seed' },
  });
}

async function runRestore(invocation: Invocation): Promise<Outcome> {
  const { target } = invocation;
  const backup = await openBackup(invocation);
  const { store, account } = await storeOf(invocation);
  try {
    if (backup.region !== target.region || backup.account !== account) {
      throw new CliError(
        EXIT.failed,
        `the backup is of account ${backup.account} in ${backup.region}, and these credentials of ${account} in ${target.region}`,
        { hint: 'nothing was changed', details: { code: 'bursar:backup_other_place' } },
      );
    }
    const outcome = await explain(restoreSecret(store, backup));
    return done({ outcome, ...publicOf(backup) }, `${SAID[outcome]}\n${describe(publicOf(backup))}`);
  } finally {
    store.close();
  }
}

const SAID: Readonly<Record<Restoration, string>> = {
  present: 'the secret is there, with this very value: nothing was changed',
  undeleted: 'the deletion of the secret was taken back',
  created: 'the secret was made anew under its name and version',
  added: 'the value was added to the secret under its version',
};

/** What may be shown of a backup. */
function publicOf({ paymentManagerArn, paymentConnectorId, secretName, secretVersionId, createdAt }: SeedBackup) {
  return { paymentManagerArn, paymentConnectorId, secretName, secretVersionId, createdAt };
}

function describe({
  file,
  compared,
  ...backup
}: ReturnType<typeof publicOf> & { readonly file?: string; readonly compared?: number }): string {
  return formatFacts({
    file,
    manager: backup.paymentManagerArn,
    connector: backup.paymentConnectorId,
    secret: backup.secretName,
    version: backup.secretVersionId,
    made: backup.createdAt,
    wallets: compared === undefined ? undefined : `${compared} compared, as derived from the words`,
  });
}

export const backupCreate: Command = {
  name: 'backup create',
  summary: 'writes the seed of a connector to an encrypted file',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    connector: { value: 'ID', help: 'a SeedVault connector (default: that of init)' },
    out: { value: 'FILE', help: 'where to; never one that is there' },
    'stack-prefix': { value: 'NAME', help: 'of the deployment (default Bursar)' },
    secret: { value: 'NAME', help: 'the secret itself, where it is under another name' },
    ...PASSPHRASE_OPTION,
    ...ADDRESS_OPTION,
  },
  role: ROLE,
  examples: [
    ['bursar backup create --out wallets.age --profile break-glass', 'asks for a passphrase, twice'],
    ['bursar backup create --connector vault-0123456789 --out vault.age --passphrase-file pass.txt', 'in a script'],
  ],
  notes: [
    'Anybody who has the file and its passphrase has the money of all wallets of the connector: keep them apart. The format is age (age-encryption.org): `age --decrypt FILE` shows the 24 words without Bursar.',
    'A SeedVault connector has one seed for ever, so one backup holds for all wallets that it has and will have. Wallets of an AwsKms connector cannot be backed up.',
  ],
  run: runCreate,
};

export const backupVerify: Command = {
  name: 'backup verify',
  summary: 'opens a backup, and compares its seed with the addresses of wallets',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    connector: { value: 'ID', help: 'of which the file must be' },
    ...PASSPHRASE_OPTION,
    ...ADDRESS_OPTION,
  },
  role: 'ManagementRole or ObserverRole, to read the wallets of --user; with --address, none',
  examples: [
    ['bursar backup verify wallets.age', 'with the wallets of the user'],
    ['bursar backup verify wallets.age --user alice', 'with those of alice'],
  ],
  notes: ['It reads no secret, changes nothing and shows nothing of the seed.'],
  run: runVerify,
};

export const backupRestore: Command = {
  name: 'backup restore',
  summary: 'brings the secret of a connector back from a backup',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    connector: { value: 'ID', help: 'of which the file must be' },
    ...PASSPHRASE_OPTION,
  },
  role: ROLE,
  examples: [['bursar backup restore wallets.age --profile break-glass', 'into the account and region that it is of']],
  notes: [
    'The secret comes back under the same name, key and version, so that payments go on without a change in the books. A secret that holds another value is left alone.',
  ],
  run: runRestore,
};
