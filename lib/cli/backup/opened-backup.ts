import type { Invocation } from '../program/command.ts';
import type { OptionSpec } from '../terminal/options.ts';
import { LOCAL_FILE } from '../target/context.ts';
import { managerIdOf } from '../target/ids.ts';
import { CliError, EXIT, usageError } from '../terminal/outcome.ts';
import { damaged, openText } from './sealed-file.ts';
import { askPassphrase } from './passphrase.ts';
import { parseSeedBackup, type SeedBackup } from './seed-backup.ts';
import { openSeedStore, type SeedStore } from './seed-store.ts';

export const PASSPHRASE_OPTION: Readonly<Record<string, OptionSpec>> = {
  'passphrase-file': { value: 'FILE', help: 'its one line is the passphrase; else it is asked for, unseen' },
};
export const ADDRESS_OPTION: Readonly<Record<string, OptionSpec>> = {
  address: {
    value: 'ADDRESS',
    many: true,
    help: 'of a wallet that the seed must give; else those of --user are read from the deployment',
  },
};

/** The deployment that is meant where `--stack-prefix` names none. */
export const STACK_PREFIX_DEFAULT = 'Bursar';
const STACK_PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,23}$/;
/** A seed with all around it has some two thousand bytes. */
const FILE_MAX_BYTES = 64 * 1024;

/** Where the secret of a connector is, unless an interrupted creation had taken the name. */
export function secretNameOf(invocation: Invocation, managerArn: string, connectorId: string): string {
  const prefix = invocation.options.text('stack-prefix') ?? STACK_PREFIX_DEFAULT;
  if (!STACK_PREFIX.test(prefix)) {
    throw usageError(`--stack-prefix must be at most 24 letters, digits and hyphens. Received: ${prefix}`);
  }
  return invocation.options.text('secret') ?? `bursar/${prefix}/${managerIdOf(managerArn)}/${connectorId}`;
}

/** Secrets Manager, with the credentials that the command was given. Throws `CliError` where these are a token. */
export async function storeOf({ deps, target }: Invocation): Promise<{
  readonly store: SeedStore;
  readonly account: string;
}> {
  const { access, region } = target;
  switch (access.kind) {
    case 'token':
      throw usageError('a token opens the API only; seeds are read with AWS credentials', 'unset BURSAR_TOKEN');
    case 'local': {
      const { credentials, aws, paymentManagerArn } = access.local;
      const key = credentials.backup;
      if (aws === undefined || key === undefined) {
        throw usageError(`${LOCAL_FILE} names no Secrets Manager`, 'start the local stack again');
      }
      const store = await openSeedStore({ region, endpoint: aws.endpoint, credentials: async () => key });
      return { store, account: paymentManagerArn.split(':')[4] ?? '' };
    }
    case 'aws': {
      const { account } = await deps.callerIdentity(region, await access.source());
      return { store: await openSeedStore({ region, endpoint: null, credentials: access.source }), account };
    }
  }
}

/** Opens a backup file. Throws `CliError` where it is missing, damaged, of another connector, or the passphrase is wrong. */
export async function openBackup(invocation: Invocation): Promise<SeedBackup> {
  const { deps, options, positionals, target } = invocation;
  const name = positionals[0]!;
  const sealed = await deps.files.read(name, FILE_MAX_BYTES);
  if (sealed === null) throw usageError(`there is no file ${name}`);
  const backup = await parseSeedBackup(await openText(name, sealed, await askPassphrase(invocation, 'known')));
  if (backup === null) throw damaged(name, 'it opens, and what is in it is no seed of a connector');
  const asked = {
    connector: [options.text('connector'), backup.paymentConnectorId],
    manager: [target.managerArn ?? undefined, backup.paymentManagerArn],
  } as const;
  for (const [what, [wanted, found]] of Object.entries(asked)) {
    if (wanted === undefined || wanted === found) continue;
    throw new CliError(EXIT.failed, `${name} is of the ${what} ${found}, not of ${wanted}`, {
      hint: 'nothing was changed; name the file of that connector',
      details: { code: 'bursar:backup_other_connector' },
    });
  }
  return backup;
}

/** A failure of Secrets Manager in words; its messages name secrets and callers, and hold nothing of a value. */
export async function explain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
    throw new CliError(EXIT.failed, `Secrets Manager: ${error.message}`, {
      hint: 'seeds are read by an administrator of the account, or as BackupRole (docs/operating.md, Backup of seeds)',
      details: { code: 'bursar:backup_access_denied' },
      cause: error,
    });
  }
}
