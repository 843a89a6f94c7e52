import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LOOPBACK } from '../../domain/loopback.ts';
import { startProgram } from '../loopback/embedded-program.ts';
import { prepareStreamRecords } from './stream-records.ts';

/** A running DynamoDB-compatible database. */
export interface Database {
  /** Where the AWS SDK finds it. */
  readonly endpoint: string;
  /** Ends it after what it is doing. Does nothing to a database that was not started here. */
  close(): Promise<void>;
  /** Ends it the way a power cut does, for crash tests. */
  kill(): Promise<void>;
}

export interface DatabaseOptions {
  /** The directory that keeps the tables between starts, or `null` for tables that live in memory. */
  readonly dataDir: string | null;
  /** @default - a free port */
  readonly port?: number;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Names a database that was started by other means; the way out on platforms without the embedded one. */
export const DATABASE_ENDPOINT_VARIABLE = 'DYNAMODB_ENDPOINT';

const DATABASE_FILE = 'tables.sqlite';
/**
 * Starts the embedded database on a loopback port, or takes the one that `DYNAMODB_ENDPOINT` names. Makes no tables.
 * The embedded database checks neither signatures nor permissions and ignores regions: the caller stands in front of it.
 *
 * @throws Error where the platform has no embedded database and `DYNAMODB_ENDPOINT` is not set, or it does not start
 */
export async function startDatabase({ dataDir, port, env = process.env }: DatabaseOptions): Promise<Database> {
  const given = env[DATABASE_ENDPOINT_VARIABLE];
  if (given !== undefined && given !== '') return { endpoint: given, close: async () => {}, kill: async () => {} };

  const binary = findBinary(`${process.platform}-${process.arch}`);
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const file = dataDir === null ? null : join(dataDir, DATABASE_FILE);
  const storage = file === null ? [] : ['--db-path', file];
  const { port: taken, ...running } = await startProgram(
    {
      what: 'the database',
      binary,
      options: (chosen) => ['serve', '--port', `${chosen}`, ...storage],
      isListening: (output) => output.includes('listening on'),
      // What it answered is in its file.
      atOurEnd: 'KILL',
    },
    port,
  );
  if (file !== null) prepareStreamRecords(file);
  return { endpoint: `http://${LOOPBACK}:${taken}`, ...running };
}

/**
 * The path of the embedded database's program.
 * @param platform as in `linux-x64`
 * @throws Error that says what to do instead
 */
export function findBinary(platform: string): string {
  const name = `@dynoxide/${platform}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'dynoxide');
  } catch (cause) {
    throw new Error(
      `no embedded database for ${platform}: npm package ${name} is not installed. ` +
        `Start DynamoDB Local or another DynamoDB-compatible database and set ${DATABASE_ENDPOINT_VARIABLE} ` +
        'to its URL, such as http://127.0.0.1:8000',
      { cause },
    );
  }
}
