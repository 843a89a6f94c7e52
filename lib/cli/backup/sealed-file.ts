import { CliError, EXIT } from '../terminal/outcome.ts';

/** A second for each guess on one core, as age itself chooses. */
const WORK_FACTOR = 18;
const NOT_MATCHED = /^no identity matched/;

/**
 * Encrypts with a passphrase in the age format, armored: `age --decrypt FILE` opens it without this tool.
 * @param workFactor the base-2 logarithm of what scrypt repeats for each guess at the passphrase
 * @see https://age-encryption.org/v1
 */
export async function sealText(text: string, passphrase: string, workFactor = WORK_FACTOR): Promise<string> {
  // Loaded when it is needed: no other command does.
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(text));
}

/** Opens what `sealText` or age wrote. Throws `CliError` for another passphrase and for a file that was changed. */
export async function openText(name: string, sealed: Uint8Array, passphrase: string): Promise<string> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    const bytes = armor.decode(new TextDecoder('utf-8', { fatal: true }).decode(sealed));
    return await decrypter.decrypt(bytes, 'text');
  } catch (error) {
    // Without the cause: what a library says of a file may quote it.
    if (error instanceof Error && NOT_MATCHED.test(error.message)) {
      throw new CliError(EXIT.failed, `${name} does not open with this passphrase`, {
        hint: 'nothing was read or changed; each file has the passphrase that it was made with',
        details: { code: 'bursar:backup_passphrase_wrong' },
      });
    }
    throw damaged(name, 'it is not an age file, or was changed since it was written');
  }
}

export function damaged(name: string, why: string): CliError {
  return new CliError(EXIT.failed, `${name} cannot be used as a backup: ${why}`, {
    hint: 'nothing was changed; take another copy of the file',
    details: { code: 'bursar:backup_damaged' },
  });
}
