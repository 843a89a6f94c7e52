import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type LocalStack } from '../lib/local/stack.ts';
import { buildBursarPackage } from './packages/bursar.ts';
import { buildCdkPackage } from './packages/cdk.ts';
import {
  bundleExports,
  checkCdk,
  checkTypes,
  compileForRuntimes,
  install,
  measure,
  ownTypeScript,
  pack,
  runAgent,
  runCommandLine,
  type Consumer,
} from './packages/consumer.ts';
import { OWN_NODE, provideNode, UnavailableTool, type NodeRuntime } from './packages/nodes.ts';
import { checkRuntime, RUNTIMES } from './packages/runtimes.ts';

const USAGE = `usage: npm run test:package -- [--matrix]

Builds and packs the package bursar, installs it into an empty folder outside the repository, checks its size and its types, and
runs an agent of it against the local stack: under this Node and TypeScript, or with --matrix under Node 20, 22 and 24 with
TypeScript 5.9 and 7, in Bun, Deno, Workers and a page of Chromium, and then synthesizes an app with the package bursar-cdk.`;

const INSTALLED_MAX_BYTES = 60e6;
/** What a program that imports it alone loads at first, minified and gzipped. */
const BUNDLES = [
  { what: 'createPayingFetch', from: 'bursar', maxBytes: 15_000 },
  { what: 'createToolPayments', from: 'bursar/agent', maxBytes: 18_000 },
  { what: 'createFetchTool', from: 'bursar/agent', maxBytes: 18_500 },
  { what: 'payInPlaywright', from: 'bursar/browser', maxBytes: 8_000 },
  { what: 'payOverCdp', from: 'bursar/browser', maxBytes: 8_000 },
  { what: 'createPayingTransport', from: 'bursar/mcp', maxBytes: 18_500 },
] as const;
/** What comes along with them: none of AWS's packages. */
const BUNDLED_PACKAGES = new Set(['@noble/hashes', 'bursar']);
/** The oldest that the client takes, the oldest that the rest takes, and the repository's own. */
const NODES = ['20.19.0', '22.18.0', '24.21.0'];
const OLDEST_TYPESCRIPT = '5.9.3';

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

async function checkSizes(consumer: Consumer): Promise<void> {
  const { bytes, strays } = measure(consumer);
  say(`the client alone is ${(bytes / 1e6).toFixed(1)} MB installed`);
  if (bytes > INSTALLED_MAX_BYTES) throw new Error(`the client alone may be ${INSTALLED_MAX_BYTES / 1e6} MB installed`);
  if (strays.length > 0) throw new Error(`the package has in it: ${strays.join(', ')}`);
  for (const { what, from, maxBytes } of BUNDLES) {
    const contents = `export { ${what} } from '${from}';`;
    const { gzippedBytes, wholeGzippedBytes, packages } = await bundleExports(consumer, contents);
    const whole = `${(wholeGzippedBytes / 1000).toFixed(1)} kB with all that it may load later`;
    say(`${what} is ${(gzippedBytes / 1000).toFixed(2)} kB, minified and gzipped, and ${whole}`);
    if (gzippedBytes > maxBytes) throw new Error(`${what} may be ${maxBytes / 1000} kB`);
    const others = packages.filter((name) => !BUNDLED_PACKAGES.has(name));
    if (others.length > 0) throw new Error(`${what} brings ${others.join(', ')} along`);
  }
}

interface World {
  readonly tarball: string;
  readonly stack: LocalStack;
}

async function checkUnder(node: NodeRuntime, world: World) {
  const versions = node === OWN_NODE ? [ownTypeScript()] : [OLDEST_TYPESCRIPT, ownTypeScript()];
  const consumer = await install(world.tarball, node);
  try {
    if (node === OWN_NODE || node.version === NODES[0]) await checkSizes(consumer);
    for (const typescript of versions) {
      await checkTypes(consumer, typescript);
      await runAgent(consumer, world.stack.info);
      say(`Node ${node.version}, TypeScript ${typescript}: compiles, pays and is refused above its budget`);
    }
    await runCommandLine(consumer, world.stack.info);
    say(`Node ${node.version}: the command line ${node.version < '22' ? 'says which Node it needs' : 'works'}`);
  } finally {
    rmSync(consumer.directory, { recursive: true, force: true });
  }
}

/** The same purchase where there is no Node. */
async function checkRuntimes({ tarball, stack }: World): Promise<void> {
  const consumer = await install(tarball, OWN_NODE);
  try {
    await compileForRuntimes(consumer, ownTypeScript());
    for (const runtime of RUNTIMES) {
      try {
        await checkRuntime(runtime, consumer.directory, stack.info);
        say(`${runtime.name}: pays, and is refused above its budget`);
      } catch (error) {
        if (!(error instanceof UnavailableTool)) throw error;
        say(`${runtime.name}: NOT TRIED, since its package is not to be had: ${error.message.split('\n')[0]}`);
      }
    }
  } finally {
    rmSync(consumer.directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { matrix: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'bursar-pack-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const tarball = await pack(await buildBursarPackage(), directory, OWN_NODE);
  // Both are built, since a release needs both.
  const cdk = await pack(await buildCdkPackage(), directory, OWN_NODE);
  say('packed');
  const stack = await startStack({ port: 0, dataDir: join(directory, 'data'), fresh: 'keep', progress: () => {} });
  try {
    const nodes = values.matrix ? await Promise.all(NODES.map(provideNode)) : [OWN_NODE];
    for (const node of nodes) await checkUnder(node, { tarball, stack });
    if (values.matrix) {
      await checkRuntimes({ tarball, stack });
      await checkCdk(cdk, nodes[1]!, ownTypeScript());
      say(`Node ${NODES[1]}: an app of CDK synthesizes the stacks of bursar-cdk`);
    }
  } finally {
    await stack.close();
  }
  process.stdout.write('package: installs, compiles and pays outside the repository\n');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`test:package failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
