import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Records by id, in memory and, where there is a directory, in one file each. */
export interface RecordStore<T> {
  get(id: string): T | undefined;
  /** Returns when the record would survive the end of the process. */
  put(id: string, record: T): void;
  delete(id: string): void;
  values(): Iterable<T>;
}

const RECORD_SUFFIX = '.json';
const PARTIAL_SUFFIX = '.partial';
const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/**
 * Opens the records in a directory, made if need be, for this process alone. A file is written whole beside its place and
 * renamed into it, so that a killed process leaves either the record or nothing. Files are readable by their owner only.
 * Throws on a file that is not a record: somebody else wrote it.
 * @param directory `null` keeps everything in memory
 * @param parse throws on anything but a record
 */
export function openRecordStore<T>(directory: string | null, parse: (value: unknown) => T): RecordStore<T> {
  const records = new Map<string, T>();
  if (directory !== null) {
    mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
    for (const file of readdirSync(directory)) {
      if (file.endsWith(PARTIAL_SUFFIX)) rmSync(join(directory, file), { force: true });
      if (!file.endsWith(RECORD_SUFFIX)) continue;
      records.set(file.slice(0, -RECORD_SUFFIX.length), readRecord(join(directory, file), parse));
    }
  }
  return {
    get: (id) => records.get(id),
    delete: (id) => {
      if (directory !== null) rmSync(join(directory, `${id}${RECORD_SUFFIX}`), { force: true });
      records.delete(id);
    },
    values: () => records.values(),
    put: (id, record) => {
      if (directory !== null) writeRecord(directory, id, record);
      records.set(id, record);
    },
  };
}

function readRecord<T>(path: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Without the cause: it would quote the file, and the file holds a key.
    throw new Error(`${path} is not a record of this endpoint`);
  }
}

function writeRecord(directory: string, id: string, record: unknown): void {
  const partial = join(directory, `${id}${PARTIAL_SUFFIX}`);
  writeFileSync(partial, JSON.stringify(record), { mode: PRIVATE_FILE, flush: true });
  renameSync(partial, join(directory, `${id}${RECORD_SUFFIX}`));
}
