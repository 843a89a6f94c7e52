import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout that this file is part of. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..', '..');

/** Files that end an entry of the hash with a character that can't be part of a path or a digest. */
const SEPARATOR = '\0';

/** Every file under the paths, relative to the root, in one fixed order. A path that does not exist has no files. */
export function listFiles(root: string, paths: readonly string[]): string[] {
  return paths
    .flatMap((path) => {
      try {
        return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'ENOTDIR') return [path];
        if (code === 'ENOENT') return [];
        throw error;
      }
    })
    .sort();
}

/**
 * One digest over names and contents of files and directories: any edit, addition, removal or renaming changes it.
 * It reads every byte and looks at no time stamp, so that a checkout, a copy and a clone agree.
 *
 * @param paths relative to the root; a missing one counts as empty
 * @param extra further facts that the result depends on
 * @returns SHA-256 in hex
 */
export function hashSources(root: string, paths: readonly string[], extra: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(text).update(SEPARATOR);
  for (const file of listFiles(root, paths)) {
    const digest = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    hash.update(file).update(SEPARATOR).update(digest).update(SEPARATOR);
  }
  return hash.digest('hex');
}
