import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isOwned } from './data-dir.ts';
import type { LocalInfo } from './info.ts';

const LOOK_INTERVAL_MS = 1_000;

/** Writes what the stack is to a file, at once or not at all. It holds access keys, so only its owner may read it. */
export function writeInfo(path: string, info: LocalInfo): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}

/**
 * Writes the file now, and later whenever the stack that it tells of has ended, so that it always tells of one that lives.
 * A stack with another data directory that lives keeps it.
 *
 * @returns whether it is ours from the start, and how to stop looking after it
 */
export function keepInfo(path: string, info: LocalInfo): { readonly ours: boolean; stop(): void } {
  const claim = (): boolean => {
    const owner = readOwner(path);
    if (owner !== null && owner !== info.dataDir && isOwned(owner)) return false;
    writeInfo(path, info);
    return true;
  };
  const ours = claim();
  const look = (): void => {
    if (readOwner(path) !== info.dataDir) claim();
  };
  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  return { ours, stop: () => clearInterval(timer) };
}

/** The data directory of the stack that a file tells of, or `null` for a file that tells of none. */
function readOwner(path: string): string | null {
  if (!existsSync(path)) return null;
  try {
    const { dataDir } = JSON.parse(readFileSync(path, 'utf8')) as Partial<LocalInfo>;
    return typeof dataDir === 'string' ? dataDir : null;
  } catch {
    return null;
  }
}
