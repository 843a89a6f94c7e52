import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the files below a directory, relative to it. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => lstatSync(join(directory, path)).isFile())
    .toSorted();
}

/** What the files below a directory hold, links not followed. */
export function bytesBelow(directory: string): number {
  return filesBelow(directory).reduce((sum, path) => sum + lstatSync(join(directory, path)).size, 0);
}
