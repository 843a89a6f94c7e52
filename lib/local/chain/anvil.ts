import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';

/** Names a chain that was started by other means; the way out on platforms without the embedded one. */
export const CHAIN_RPC_VARIABLE = 'EVM_RPC_URL';
export const LOCAL_CHAIN_ID = 84_532;

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 3_000;
const SAVE_INTERVAL_SECONDS = 2;

export interface AnvilProcess {
  readonly rpcUrl: string;
  /** Ends it and keeps its state. */
  close(): Promise<void>;
}

/**
 * Starts anvil as a twin of Base Sepolia on loopback, or takes the node that `EVM_RPC_URL` names.
 * @param options.dataDir where its state is kept, every two seconds and at the end; `null` for a chain in memory
 * @throws Error that says what to do where the platform has no anvil
 */
export async function startAnvil(options: {
  readonly dataDir: string | null;
  readonly port?: number;
}): Promise<AnvilProcess> {
  const given = process.env[CHAIN_RPC_VARIABLE];
  if (given !== undefined && given !== '') return { rpcUrl: given, close: async () => {} };

  const port = options.port ?? (await findFreePort());
  const state: string[] = [];
  if (options.dataDir !== null) {
    mkdirSync(options.dataDir, { recursive: true });
    state.push('--state', join(options.dataDir, 'chain.json'), '--state-interval', `${SAVE_INTERVAL_SECONDS}`);
  }
  // Ends with us, however we end: the shell waits for the end of its standard input.
  const script = '"$0" "$@" </dev/null & child=$!; { cat >/dev/null; kill -TERM $child 2>/dev/null; } & wait $child';
  const args = ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${LOCAL_CHAIN_ID}`, '--silent', ...state];
  const child = spawn('/bin/sh', ['-c', `exec 3<&0; ${script.replace('{ cat', '{ cat <&3')}`, findBinary(), ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  const rpcUrl = `http://127.0.0.1:${port}`;
  await waitUntilReady(rpcUrl, () => child.exitCode);
  return {
    rpcUrl,
    close: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function findBinary(): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const name = `@foundry-rs/anvil-${platform}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'anvil');
  } catch (cause) {
    throw new Error(
      `no embedded chain for ${platform}: npm package ${name} is not installed. Start anvil with --chain-id ` +
        `${LOCAL_CHAIN_ID} and set ${CHAIN_RPC_VARIABLE} to its URL, such as http://127.0.0.1:8545`,
      { cause },
    );
  }
}

async function waitUntilReady(rpcUrl: string, exitCode: () => number | null): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < giveUpAt) {
    if (exitCode() !== null) throw new Error(`the chain ended at its start with exit code ${exitCode()}`);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
    const answer = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (response) => response.ok,
      () => false,
    );
    if (answer) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 15);
    });
  }
  throw new Error(`the chain did not answer within ${START_TIMEOUT_MS} ms`);
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
