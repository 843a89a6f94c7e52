import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import type { LocalInfo } from '../../lib/local/info.ts';
import { runCommand } from '../rehearsal/child.ts';
import { bytesBelow, filesBelow } from './files.ts';
import { environmentOf, type NodeRuntime } from './nodes.ts';
import { ROOT } from './paths.ts';

const PROGRAMS = join(ROOT, 'test', 'package');
const COMMAND_TIMEOUT_MS = 2 * 60_000;
const CLI_NODE_MAJOR_MIN = 22;
/** By major version of Node. */
const NODE_TYPES: Readonly<Record<string, string>> = { 20: '20.19.43', 22: '22.20.7', 24: '24.19.4' };
const SELLER = 'market-data';

/** A folder outside the repository, in which somebody has installed the package. */
export interface Consumer {
  readonly directory: string;
  readonly node: NodeRuntime;
}

async function run({ directory, node }: Consumer, command: string, args: readonly string[], env = {}) {
  return runCommand({
    command,
    args,
    env: { ...environmentOf(node), ...env },
    cwd: directory,
    timeoutMs: COMMAND_TIMEOUT_MS,
  });
}

async function npmInstall(consumer: Consumer, args: readonly string[]): Promise<void> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--save-exact'];
  const { code, output } = await run(consumer, 'npm', ['install', ...flags, ...args]);
  if (code !== 0) throw new Error(`npm install ${args.join(' ')} failed:\n${output}`);
  if (output.includes('EBADENGINE'))
    throw new Error(`npm warns of an engine under ${consumer.node.version}:\n${output}`);
}

/** Packs a built package; returns the tarball's path. */
export async function pack(builtPackage: string, destination: string, node: NodeRuntime): Promise<string> {
  const consumer = { directory: destination, node };
  const { code, output } = await run(consumer, 'npm', ['pack', '--silent', builtPackage]);
  if (code !== 0) throw new Error(`npm pack failed:\n${output}`);
  return join(destination, output.trim().split('\n').at(-1)!);
}

/** Installs the tarball, and nothing else, into an empty folder. */
export async function install(tarball: string, node: NodeRuntime): Promise<Consumer> {
  const consumer = { directory: mkdtempSync(join(tmpdir(), 'bursar-package-')), node };
  writeFileSync(join(consumer.directory, 'package.json'), '{ "private": true, "type": "module" }\n');
  await npmInstall(consumer, [tarball]);
  return consumer;
}

/** What an install of the client alone brings. */
export function measure({ directory }: Consumer) {
  const modules = join(directory, 'node_modules');
  const files = filesBelow(join(modules, 'bursar'));
  return {
    bytes: bytesBelow(modules),
    /** Sources and tests, which no package should have. */
    strays: files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file)),
  };
}

/**
 * What a bundler makes of some exports: their size, and the packages that came along. What is loaded later, when a seller speaks MPP
 * or the fate of a proof is asked for, is apart: bundlers make files of their own of it.
 * @param contents a module that exports them
 */
export async function bundleExports(consumer: Consumer, contents: string) {
  const [first, whole] = await Promise.all([bundle(consumer, contents, 'first'), bundle(consumer, contents, 'whole')]);
  const used = Object.values(whole.metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const packages = used.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return {
    gzippedBytes: gzippedBytesOf(first.outputFiles),
    wholeGzippedBytes: gzippedBytesOf(whole.outputFiles),
    packages: [...new Set(packages)],
  };
}

function gzippedBytesOf(outputFiles: readonly { readonly contents: Uint8Array }[]): number {
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).byteLength;
}

/** @param part what is loaded at first, or with all that may come later */
function bundle({ directory }: Consumer, contents: string, part: 'first' | 'whole') {
  return build({
    plugins: part === 'whole' ? [] : [leaveOutWhatComesLater],
    stdin: { contents, resolveDir: directory },
    absWorkingDir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
}

const leaveOutWhatComesLater: Plugin = {
  name: 'what-comes-later',
  setup: (part) => {
    part.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

const STRICT = { strict: true, skipLibCheck: false, target: 'es2022', exactOptionalPropertyTypes: true };

function nodeTypesFor({ version }: NodeRuntime): string {
  return NODE_TYPES[version.split('.')[0]!] ?? NODE_TYPES['24']!;
}

/** Installs what programs that run elsewhere than in Node are compiled with, and compiles them. */
export async function compileForRuntimes(consumer: Consumer, typescript: string): Promise<void> {
  await npmInstall(consumer, [`typescript@${typescript}`, `@types/node@${nodeTypesFor(consumer.node)}`]);
  const compilerOptions = { ...STRICT, module: 'nodenext', lib: ['es2022', 'dom'], types: ['node'] };
  copyFileSync(join(PROGRAMS, 'buyer.ts'), join(consumer.directory, 'buyer.ts'));
  for (const program of ['process', 'worker', 'in-page']) await compileProgram(consumer, program, compilerOptions);
}

/** Type-checks the programs of `test/package` as somebody would who checks libraries too. Throws for the first error. */
export async function checkTypes(consumer: Consumer, typescript: string): Promise<void> {
  await npmInstall(consumer, [`typescript@${typescript}`, `@types/node@${nodeTypesFor(consumer.node)}`]);
  const ofBrowser = { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [], noEmit: true };
  await compileProgram(consumer, 'agent', { ...STRICT, module: 'nodenext', lib: ['es2022'], types: ['node'] });
  await compileProgram(consumer, 'browser', { ...STRICT, ...ofBrowser });
}

async function compileProgram(consumer: Consumer, name: string, compilerOptions: object): Promise<void> {
  const { directory, node } = consumer;
  copyFileSync(join(PROGRAMS, `${name}.ts`), join(directory, `${name}.ts`));
  const project = join(directory, `tsconfig.${name}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  const tsc = join(directory, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await run(consumer, node.path, [tsc, '-p', project]);
  if (code !== 0) throw new Error(`${name}.ts does not compile:\n${output}`);
}

/** Runs the compiled agent against a stack. Throws unless it bought what its budget allows, and no more. */
export async function runAgent(consumer: Consumer, info: LocalInfo): Promise<void> {
  const seller = info.sellers.find(({ name }) => name === SELLER);
  if (seller === undefined) throw new Error(`the local stack has no seller ${SELLER}`);
  const env = { STACK: JSON.stringify(info), SELLER: seller.url };
  const { code, output } = await run(consumer, consumer.node.path, ['agent.js'], env);
  const expected = JSON.stringify({ paid: ['0.50', '0.50'], refusal: 'bursar:budget_exceeded' });
  if (code !== 0 || output.trim() !== expected) throw new Error(`expected ${expected} of the agent:\n${output}`);
}

/** Runs the package's command line. Throws unless it works, or says which Node it needs. */
export async function runCommandLine(consumer: Consumer, info: LocalInfo): Promise<void> {
  const { directory, node } = consumer;
  const bursar = join(directory, 'node_modules', '.bin', 'bursar');
  mkdirSync(join(directory, '.bursar'), { recursive: true });
  writeFileSync(join(directory, '.bursar', 'local.json'), JSON.stringify(info), { mode: 0o600 });
  const { code, output } = await run(consumer, bursar, ['init', '--json']);
  const isOld = Number(node.version.split('.')[0]) < CLI_NODE_MAJOR_MIN;
  const isRight = isOld ? code === 1 && output.includes(`needs Node ${CLI_NODE_MAJOR_MIN}`) : code === 0;
  if (!isRight) throw new Error(`bursar init ended with ${code} under Node ${node.version}:\n${output}`);
}

/** Installs `bursar-cdk` beside CDK, compiles an app with it and synthesizes it. Throws unless that gives both templates. */
export async function checkCdk(tarball: string, node: NodeRuntime, typescript: string): Promise<void> {
  const consumer = await install(tarball, node);
  try {
    const { directory } = consumer;
    await npmInstall(consumer, [`typescript@${typescript}`, `@types/node@${nodeTypesFor(node)}`]);
    // CDK's own types are not ours to check.
    const compilerOptions = { ...STRICT, skipLibCheck: true, module: 'nodenext', lib: ['es2022'], types: ['node'] };
    await compileProgram(consumer, 'app', compilerOptions);
    const { code, output } = await run(consumer, node.path, ['app.js']);
    if (code !== 0 || output.trim() !== 'PackagedService') throw new Error(`app.js ended with ${code}:\n${output}`);
    const templates = readdirSync(join(directory, 'cdk.out')).filter((file) => file.endsWith('.template.json'));
    const expected = ['PackagedData.template.json', 'PackagedService.template.json'];
    if (templates.toSorted().join() !== expected.join()) throw new Error(`app.js made ${templates.join(', ')}`);
  } finally {
    rmSync(consumer.directory, { recursive: true, force: true });
  }
}

/** The version of TypeScript that the repository is checked with. */
export function ownTypeScript(): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', 'typescript', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
