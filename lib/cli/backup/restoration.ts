import { CliError, EXIT } from '../terminal/outcome.ts';
import type { SeedBackup } from './seed-backup.ts';
import type { SeedStore } from './seed-store.ts';

/** What it took. */
export type Restoration = 'present' | 'undeleted' | 'created' | 'added';

/**
 * Brings a secret back under its name, key and version, labels the version so that it is kept, and reads it again. Safe to repeat: a version id stands for one
 * value for ever. Throws `CliError` where the secret holds another value, which is left as it is.
 */
export async function restoreSecret(store: SeedStore, backup: SeedBackup): Promise<Restoration> {
  const outcome = await bringBack(store, backup);
  const held = (await store.describe(backup.secretName))?.heldVersionId ?? null;
  if (held !== backup.secretVersionId) await store.hold(backup.secretName, backup.secretVersionId, held);
  if ((await store.read(backup.secretName, backup.secretVersionId)) === backup.secretString) return outcome;
  throw new Error(`${backup.secretName} does not read as it was restored: try again`);
}

async function bringBack(store: SeedStore, backup: SeedBackup): Promise<Restoration> {
  const { secretName: name, description, kmsKeyId, secretVersionId: versionId, secretString: value } = backup;
  const found = await store.describe(name);
  if (found === null) {
    await store.create({ name, description, kmsKeyId, versionId, value });
    return 'created';
  }
  // Deleted or not, what is there is looked at before anything is written to it.
  if (found.scheduledForDeletion) await store.undelete(name);
  const known = await store.read(name, versionId);
  if (known === value) return found.scheduledForDeletion ? 'undeleted' : 'present';
  const current = found.versionIds[0] === undefined ? null : await store.read(name, found.versionIds[0]);
  if (known !== null || (current !== null && current !== value)) {
    throw new CliError(EXIT.failed, `the secret ${name} holds another value, which is left as it is`, {
      hint: 'find out whose it is before anything else: it may be the seed of wallets with money',
      details: { code: 'bursar:backup_conflict', undeleted: found.scheduledForDeletion },
    });
  }
  await store.put(name, versionId, value);
  return 'added';
}
