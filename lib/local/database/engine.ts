import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

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
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 3_000;
/** Another process may take the free port between our asking for it and the database's listening on it. */
const START_ATTEMPTS_MAX = 5;
const OUTPUT_MAX_CHARS = 2_000;

// Ends the database with us, however we end: a line on its standard input asks, the end of that input kills. Without it
// a stack ended by `kill -9` would leave a database behind that holds the file.
const WATCHDOG = `
exec 3<&0
"$0" "$@" </dev/null & database=$!
{ while read -r _; do kill -TERM "$database"; done; kill -KILL "$database"; } <&3 2>/dev/null & watcher=$!
wait "$database"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

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
  const storage = dataDir === null ? [] : ['--db-path', join(dataDir, DATABASE_FILE)];
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await findFreePort());
    try {
      return await launch(binary, chosen, storage);
    } catch (error) {
      if (port !== undefined || attempt === START_ATTEMPTS_MAX || !(error instanceof PortTaken)) throw error;
    }
  }
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

class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

async function launch(binary: string, port: number, storage: readonly string[]): Promise<Database> {
  const child = spawn('/bin/sh', ['-c', WATCHDOG, binary, 'serve', '--port', String(port), ...storage], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  // Writing to a database that has just ended is no failure of ours.
  child.stdin.on('error', () => {});

  let output = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.stdin.destroy();
      reject(new Error(`the database did not start within ${START_TIMEOUT_MS} ms: ${output}`));
    }, START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_MAX_CHARS);
      if (!output.includes('listening on')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      const Failure = output.includes('already in use') ? PortTaken : Error;
      reject(new Failure(`the database ended at start: ${output.trim()}`));
    });
  });

  const kill = async (): Promise<void> => {
    child.stdin.destroy();
    await exited;
  };
  const close = async (): Promise<void> => {
    child.stdin.write('stop\n');
    const timer = setTimeout(() => child.stdin.destroy(), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  return { endpoint: `http://127.0.0.1:${port}`, close, kill };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
