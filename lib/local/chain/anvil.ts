import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { keepSaving, openStateDir } from './state-dir.ts';

/** Names a chain that was started by other means; the way out on platforms without the embedded one. */
export const CHAIN_RPC_VARIABLE = 'EVM_RPC_URL';
export const LOCAL_CHAIN_ID = 84_532;

const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 10;
const STOP_TIMEOUT_MS = 3_000;
/** Another process may take the free port between our asking for it and anvil's listening on it. */
const START_ATTEMPTS_MAX = 5;
const OUTPUT_MAX_CHARS = 2_000;
/**
 * Anvil would keep a state of every block, past 500 in the home directory. With the latest alone, a call fails whenever a block
 * comes while it runs.
 */
const STATES_KEPT = 64;

/** A running anvil. */
export interface AnvilProcess {
  readonly rpcUrl: string;
  /** Ends it and keeps its state. Does nothing to a node that was not started here. */
  close(): Promise<void>;
  /** Ends it the way a power cut does, for crash tests: what the last second wrote is lost. */
  kill(): Promise<void>;
}

export interface AnvilOptions {
  /** The directory that keeps the chain between starts, or `null` for a chain that lives in memory. */
  readonly dataDir: string | null;
  /** @default - a free port */
  readonly port?: number;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

// Ends anvil with us, however we end: it reads names of signals, and the end of its input, which is our end, asks anvil to
// write its state and stop. The lock lasts until that is done.
const WATCHDOG = `
exec 3<&0
lock=$1; shift
[ -z "$lock" ] || echo "$$" >"$lock"
"$0" "$@" </dev/null 3<&- & chain=$!
{ while read -r signal; do kill -"$signal" "$chain"; done; kill -TERM "$chain"; } <&3 2>/dev/null & watcher=$!
wait "$chain"; code=$?
[ -z "$lock" ] || rm -f "$lock"
kill "$watcher" 2>/dev/null
exit "$code"`;

/**
 * Starts anvil as a twin of Base Sepolia on loopback, or takes the node that `EVM_RPC_URL` names.
 *
 * @throws Error where the platform has no anvil and `EVM_RPC_URL` is not set, or it does not start
 */
export async function startAnvil({ dataDir, port, env = process.env }: AnvilOptions): Promise<AnvilProcess> {
  const given = env[CHAIN_RPC_VARIABLE];
  if (given !== undefined && given !== '') return { rpcUrl: given, close: async () => {}, kill: async () => {} };

  const binary = findBinary(process.platform, process.arch);
  const state = dataDir === null ? null : await openStateDir(dataDir);
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await findFreePort());
    const options = ['--host', '127.0.0.1', '--port', `${chosen}`, '--chain-id', `${LOCAL_CHAIN_ID}`, '--silent'];
    options.push('--prune-history', `${STATES_KEPT}`, ...(state?.options ?? []));
    try {
      const { close, kill } = await launch(binary, state?.lock ?? '', options);
      const rpcUrl = `http://127.0.0.1:${chosen}`;
      const saving = state === null ? null : keepSaving(rpcUrl, state.saved);
      const afterSaving = (end: () => Promise<void>) => async () => {
        await saving?.stop();
        await end();
      };
      return { rpcUrl, close: afterSaving(close), kill: afterSaving(kill) };
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
      if (port !== undefined) throw new Error(`port ${port} is already in use`, { cause: error });
      if (attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

/**
 * The path of anvil's program.
 * @param platform as Node names it
 * @throws Error that says what to do instead
 */
export function findBinary(platform: string, arch: string): string {
  const target = `${platform}-${arch === 'x64' ? 'amd64' : arch}`;
  const name = `@foundry-rs/anvil-${target}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'anvil');
  } catch (cause) {
    throw new Error(
      `no embedded chain for ${target}: npm package ${name} is not installed. Start anvil with --chain-id ` +
        `${LOCAL_CHAIN_ID} and set ${CHAIN_RPC_VARIABLE} to its URL, such as http://127.0.0.1:8545`,
      { cause },
    );
  }
}

class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

async function launch(
  binary: string,
  lock: string,
  options: readonly string[],
): Promise<Pick<AnvilProcess, 'close' | 'kill'>> {
  // Anvil writes this file once it listens. An answer on the port would not tell our anvil from somebody else's.
  const scratch = mkdtempSync(join(tmpdir(), 'bursar-chain-'));
  const listening = join(scratch, 'listening.json');
  // In a session of its own, so that Ctrl-C reaches us alone and we decide the order of the ends.
  const child = spawn('/bin/sh', ['-c', WATCHDOG, binary, lock, ...options, '--config-out', listening], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'close');
  // Writing to a chain that has just ended is no failure of ours.
  child.stdin.on('error', () => {});
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_MAX_CHARS);
  });

  const end = async (signal: 'TERM' | 'KILL'): Promise<void> => {
    child.stdin.write(`${signal}\n`);
    const timer = setTimeout(() => child.stdin.write('KILL\n'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    await untilListening(child, listening);
  } catch (cause) {
    await end('KILL');
    const Failure = output.includes('already in use') ? PortTaken : Error;
    throw new Failure(`the chain did not start: ${output.trim() || 'it said nothing'}`, { cause });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { close: () => end('TERM'), kill: () => end('KILL') };
}

async function untilListening(child: ChildProcess, sign: string): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (!existsSync(sign)) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    if (performance.now() > giveUpAt) throw new Error(`it did not listen within ${START_TIMEOUT_MS} ms`);
    await wait(START_POLL_MS);
  }
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
