import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';
import type { LocalInfo } from '../../lib/local/info.ts';
import type { Order } from '../../test/package/buyer.ts';
import { launchChromium } from '../../test/support/chromium.ts';
import { untilChildEnds } from '../child-end.ts';
import { runCommand } from '../rehearsal/child.ts';
import { openSignedOrder, openTokenOrder } from './orders.ts';
import { provideTool } from './nodes.ts';

/** Of a program that buys. */
const BUYING_MAX_MS = 60_000;
const EXPECTED = JSON.stringify({ paid: ['0.50'], refusal: 'bursar:budget_exceeded' });

/** A runtime that is no Node, and how what was installed buys in it. */
interface Runtime {
  readonly name: string;
  /** What it said; throws where the runtime is not to be had. */
  readonly buy: (directory: string, info: LocalInfo) => Promise<string>;
}

const BUN = { package: '@oven/bun-linux-x64', version: '1.4.4', path: 'bin/bun' };
const DENO = { package: '@deno/linux-x64-glibc', version: '2.9.6', path: 'deno' };
const WORKERD = { package: '@cloudflare/workerd-linux-64', version: '1.20261117.1', path: 'bin/workerd' };

export const RUNTIMES: readonly Runtime[] = [
  {
    name: `Bun ${BUN.version}`,
    buy: async (directory, info) => {
      const command = await provideTool(BUN);
      return runProgram(command, ['process.js'], { directory, order: await openSignedOrder(info, 'user-of-bun') });
    },
  },
  {
    name: `Deno ${DENO.version}`,
    buy: async (directory, info) => {
      const command = await provideTool(DENO);
      // Nothing but the network, and the one variable that it is told by.
      const args = ['run', '--no-remote', '--allow-net=127.0.0.1', '--allow-env=ORDER', 'process.js'];
      return runProgram(command, args, { directory, order: await openSignedOrder(info, 'user-of-deno') });
    },
  },
  {
    name: `Workers (workerd ${WORKERD.version})`,
    buy: async (directory, info) =>
      runWorker(await provideTool(WORKERD), directory, await openSignedOrder(info, 'user-of-workers')),
  },
  { name: 'a page in Chromium', buy: async (directory, info) => runInPage(directory, await openTokenOrder(info)) },
];

/** Has what is installed in a folder buy in a runtime. Throws unless it bought what its budget allows, and no more. */
export async function checkRuntime({ name, buy }: Runtime, directory: string, info: LocalInfo): Promise<void> {
  const said = await buy(directory, info);
  if (said.trim() !== EXPECTED) throw new Error(`expected ${EXPECTED} of ${name}:\n${said}`);
}

interface Program {
  readonly directory: string;
  readonly order: Order;
}

async function runProgram(command: string, args: readonly string[], { directory, order }: Program): Promise<string> {
  const env = { HOME: directory, ORDER: JSON.stringify(order) };
  const { output } = await runCommand({ command, args, env, cwd: directory, timeoutMs: BUYING_MAX_MS });
  return output;
}

/** One file of a program and all that it imports, as bundlers make it for what is no Node. */
async function bundleProgram(directory: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(directory, `${name}.js`)],
    absWorkingDir: directory,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

const WORKER_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "agent", worker = .agent),
    (name = "network", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "agent")],
);
const agent :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "bundled-worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "network",
);
`;

async function runWorker(command: string, directory: string, order: Order): Promise<string> {
  writeFileSync(join(directory, 'bundled-worker.js'), await bundleProgram(directory, 'worker'));
  writeFileSync(join(directory, 'worker.capnp'), WORKER_CONFIG);
  // It tells its port on a descriptor of its own.
  const args = ['serve', '--control-fd=3', 'worker.capnp'];
  const child = spawn(command, args, { cwd: directory, env: {}, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const ended = untilChildEnds(child);
  try {
    const port = await portFrom(child.stdio[3] as Readable);
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(BUYING_MAX_MS),
    });
    return await answer.text();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function portFrom(control: Readable): Promise<number> {
  for await (const line of createInterface({ input: control })) {
    const told = JSON.parse(line) as { readonly event: string; readonly port?: number };
    if (told.event === 'listen' && told.port !== undefined) return told.port;
  }
  throw new Error('workerd ended before it listened');
}

/** A page at the seller's own origin. The API is of another, and its answers come by way of this process. */
async function runInPage(directory: string, order: Order): Promise<string> {
  const script = await bundleProgram(directory, 'in-page');
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ permissions: ['local-network-access'] });
    const { origin } = new URL(order.seller);
    await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.route(`${order.endpoint}/**`, async (route) => route.fulfill({ response: await route.fetch() }));
    await page.goto(`${origin}/page`);
    await page.addScriptTag({ type: 'module', content: script });
    const said = await page.evaluate(
      (given) => (Reflect.get(globalThis, 'buy') as (order: Order) => Promise<object>)(given),
      order,
    );
    return JSON.stringify(said);
  } finally {
    await browser.close();
  }
}
