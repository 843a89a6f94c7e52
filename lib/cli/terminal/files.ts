import { lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file that appears under its name only when it is whole. */
export interface PendingFile {
  write(data: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Files that the tool reads and writes; relative names are of the directory that the store was made for. */
export interface FileStore {
  /** `null`: there is no such file. Throws where it cannot be read, or is larger than `maxBytes`. */
  read(name: string, maxBytes: number): Promise<Uint8Array | null>;
  /** Readable by its owner only; replaces what was there, whole or not at all. */
  write(name: string, text: string): Promise<void>;
  create(name: string): Promise<PendingFile>;
  /** Names of the files in a directory, in order; none where there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Does nothing where there is no such file. */
  remove(name: string): Promise<void>;
  /** Whether something goes by the name, be it a link to nowhere. */
  exists(name: string): Promise<boolean>;
  /** Readable by its owner only and on disk when this returns. `false`, and nothing is written, where the name is taken. */
  writeNew(name: string, text: string): Promise<boolean>;
}

const OWNER_ONLY = 0o600;

export function createFileStore(directory: string): FileStore {
  const place = (name: string): string => (name.startsWith('/') ? name : join(directory, name));
  const partOf = (name: string): string => `${place(name)}.${process.pid}.part`;
  return {
    read: async (name, maxBytes) => {
      const bytes = await orAbsent(readFile(place(name)), 'ENOENT');
      if (bytes !== null && bytes.byteLength > maxBytes) {
        throw new Error(`${name} has ${bytes.byteLength} bytes: expected at most ${maxBytes}`);
      }
      return bytes;
    },
    write: async (name, text) => {
      await mkdir(dirname(place(name)), { recursive: true });
      await writeFile(partOf(name), text, { mode: OWNER_ONLY });
      await rename(partOf(name), place(name));
    },
    list: async (name) => ((await orAbsent(readdir(place(name)), 'ENOENT')) ?? []).toSorted(),
    remove: (name) => rm(place(name), { force: true }),
    exists: async (name) => (await orAbsent(lstat(place(name)), 'ENOENT')) !== null,
    writeNew: async (name, text) => {
      const file = await orAbsent(open(place(name), 'wx', OWNER_ONLY), 'EEXIST');
      if (file === null) return false;
      try {
        await file.writeFile(text);
        await file.sync();
      } catch (error) {
        await rm(place(name), { force: true });
        throw error;
      } finally {
        await file.close();
      }
      return true;
    },
    create: async (name) => {
      const file = await open(partOf(name), 'w');
      return {
        write: (data) => file.writeFile(data),
        commit: async () => {
          await file.close();
          await rename(partOf(name), place(name));
        },
        discard: async () => {
          await file.close();
          await rm(partOf(name), { force: true });
        },
      };
    },
  };
}

async function orAbsent<T>(work: Promise<T>, code: 'ENOENT' | 'EEXIST'): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return null;
    throw error;
  }
}
