import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LOOPBACK } from '../../domain/loopback.ts';
import { startProgram } from '../loopback/embedded-program.ts';
import { keepSaving, openStateDir } from './state-dir.ts';

/** Names a chain that was started by other means; the way out on platforms without the embedded one. */
export const CHAIN_RPC_VARIABLE = 'EVM_RPC_URL';
export const LOCAL_CHAIN_ID = 84_532;

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
  // Anvil writes a file of its options once it listens.
  const scratch = mkdtempSync(join(tmpdir(), 'bursar-chain-'));
  const sign = join(scratch, 'listening.json');
  const fixed = ['--host', LOOPBACK, '--chain-id', `${LOCAL_CHAIN_ID}`, '--silent', '--config-out', sign];
  // A block is final once two more are upon it, rather than 64: nobody has to wait for what only time makes.
  fixed.push('--slots-in-an-epoch', '1');
  fixed.push('--prune-history', `${STATES_KEPT}`, ...(state?.options ?? []));
  try {
    const running = await startProgram(
      {
        what: 'the chain',
        binary,
        options: (chosen) => [...fixed, '--port', `${chosen}`],
        isListening: () => existsSync(sign),
        // It has its state to write.
        atOurEnd: 'TERM',
        ...(state === null ? {} : { lock: state.lock }),
      },
      port,
    );
    const rpcUrl = `http://${LOOPBACK}:${running.port}`;
    const saving = state === null ? null : keepSaving(rpcUrl, state.saved);
    const afterSaving = (end: () => Promise<void>) => async () => {
      await saving?.stop();
      await end();
    };
    return { rpcUrl, close: afterSaving(running.close), kill: afterSaving(running.kill) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
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
