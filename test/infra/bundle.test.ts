import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLoadedAtStart, type LoadedAtStart } from '../../lib/infra/build/loaded-at-start.ts';
import { bundle } from '../../lib/infra/build/bundle.ts';
import { FUNCTION_NAMES } from '../../lib/contract/operations.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';
import { listTree } from '../../scripts/process-tree.ts';

const log = (): void => {};
const SIGNER = `import { sign } from 'tiny-secp256k1';
export const handler = () => sign(new Uint8Array(32).fill(7), new Uint8Array(32).fill(1)).length;`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bursar-bundle-'));
  mkdirSync(join(root, 'lib', 'domain'), { recursive: true });
  mkdirSync(join(root, 'lambdas'));
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
  write('package-lock.json', '{}');
  write('lib/domain/word.ts', `export const word: string = 'first';`);
  write('lib/domain/unused.ts', 'export {};');
  write('lambdas/say-word.ts', `import { word } from '../lib/domain/word.ts';\nexport const handler = () => word;`);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

function run(directory: string): string {
  const script = `console.log(await (await import('${directory}/index.mjs')).handler())`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: '/', encoding: 'utf8' }).trim();
}

test('ships a function that runs alone, away from the checkout', async () => {
  await bundle({ log, root });
  const elsewhere = join(root, 'elsewhere');
  cpSync(join(root, 'dist', 'say-word'), elsewhere, { recursive: true });
  expect(run(elsewhere)).toBe('first');
});

test.runIf(process.platform === 'linux')('leaves no process behind, also where two build at once', async () => {
  await Promise.all([bundle({ log, root }), bundle({ log, root })]);
  expect(listTree(process.pid).filter(({ command }) => command.includes('esbuild'))).toEqual([]);
  expect(run(join(root, 'dist', 'say-word'))).toBe('first');
});

test('ships the WebAssembly beside the functions that sign, and beside no other', async () => {
  write('lambdas/sign-word.ts', SIGNER);
  const { functions } = await bundle({ log, root });
  expect(existsSync(join(functions['sign-word']!.path, 'secp256k1.wasm'))).toBe(true);
  expect(existsSync(join(functions['say-word']!.path, 'secp256k1.wasm'))).toBe(false);
  const elsewhere = join(root, 'elsewhere');
  cpSync(functions['sign-word']!.path, elsewhere, { recursive: true });
  expect(run(elsewhere)).toBe('64');
});

test('does nothing where nothing changed', async () => {
  expect((await bundle({ log, root })).built).toBe(true);
  expect((await bundle({ log, root })).built).toBe(false);
});

test.each([
  ['a byte of a source changes', () => write('lib/domain/word.ts', `export const word: string = 'other';`)],
  ['a source is added', () => write('lib/domain/more.ts', 'export {};')],
  ['a source is renamed', () => renameSync(join(root, 'lib/domain/unused.ts'), join(root, 'lib/domain/renamed.ts'))],
  ['the lockfile changes', () => write('package-lock.json', '{"lockfileVersion":3}')],
  ['a bundle is edited', () => write('dist/say-word/index.mjs', 'export const handler = () => 1;')],
  ['a bundle is lost', () => rmSync(join(root, 'dist/say-word/index.mjs'))],
  ['the stamp is broken', () => write('dist/.stamp.json', '{"source":')],
])('builds again when %s', async (_, change) => {
  await bundle({ log, root });
  change();
  expect((await bundle({ log, root })).built).toBe(true);
});

test('builds what the sources say after a change, with another digest', async () => {
  const { digest } = await bundle({ log, root });
  write('lib/domain/word.ts', `export const word: string = 'second';`);
  const next = await bundle({ log, root });
  expect(next.digest).not.toBe(digest);
  expect(run(next.functions['say-word']!.path)).toBe('second');
});

test('leaves nothing of a function that is gone', async () => {
  write('lambdas/sign-word.ts', SIGNER);
  await bundle({ log, root });
  rmSync(join(root, 'lambdas/sign-word.ts'));
  const { functions } = await bundle({ log, root });
  expect(Object.keys(functions)).toEqual(['say-word']);
  expect(existsSync(join(root, 'dist/sign-word'))).toBe(false);
});

test('leaves the publishable packages beside the bundles alone', async () => {
  mkdirSync(join(root, 'dist/packages/bursar'), { recursive: true });
  write('dist/packages/bursar/package.json', '{}');
  expect((await bundle({ log, root })).built).toBe(true);
  expect(existsSync(join(root, 'dist/packages/bursar/package.json'))).toBe(true);
});

test('gives equal bundles to two that build at the same time', async () => {
  const [one, other] = await Promise.all([bundle({ log, root }), bundle({ log, root })]);
  expect(one.digest).toBe(other.digest);
  expect((await bundle({ log, root })).built).toBe(false);
});

test('fails where a source does not parse, and does not call the old bundles right afterwards', async () => {
  await bundle({ log, root });
  write('lambdas/say-word.ts', 'export const = 1;');
  await expect(bundle({ log, root })).rejects.toThrow(/Build failed/);
  await expect(bundle({ log, root })).rejects.toThrow(/Build failed/);
});

test('bundles every function of the service; the code of each stays under 450 kB', async () => {
  const { functions } = await bundle({ log });
  expect(Object.keys(functions).sort()).toEqual([...DEPLOYED_FUNCTION_NAMES].sort());
  const sizes = Object.entries(functions).map(([name, { path }]) => [
    name,
    readFileSync(join(path, 'index.mjs')).length,
  ]);
  expect(sizes.filter(([, bytes]) => Number(bytes) > 450_000)).toEqual([]);
});

test('carries no schema of an answer and no example, and only functions behind the API carry those of requests', async () => {
  const { functions } = await bundle({ log });
  const { outputs } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'dist', 'meta.json'), 'utf8')) as Metafile;
  /** Whether anything of a source came to be part of a bundle. */
  const holders = (source: string) =>
    Object.entries(outputs).flatMap(([output, { inputs }]) =>
      (inputs[source]?.bytesInOutput ?? 0) > 0 ? [dirname(output).replace('dist/', '')] : [],
    );
  // Every schema of an answer is made of these, and every example too.
  for (const source of ['answers', 'receipt', 'examples'])
    expect(holders(`lib/contract/fields/${source}.ts`)).toEqual([]);
  for (const source of ['answers', 'documents', 'answer-check', 'error-codes', 'reference']) {
    expect(holders(`lib/contract/${source}.ts`)).toEqual([]);
  }
  const behindApi = holders('lib/contract/fields/text.ts').filter((name) => !name.endsWith('-sdk'));
  expect(behindApi.sort()).toEqual([...FUNCTION_NAMES].sort());
  // The texts of two descriptions, should the sources be called otherwise one day.
  for (const { path } of Object.values(functions)) {
    expect(readFileSync(join(path, 'index.mjs'), 'utf8')).not.toMatch(
      /the body of POST \/settle|held by payments in flight\. Not/,
    );
  }
});

describe('the functions on the paying path', () => {
  const PAYING_PATH = ['process-payment', 'read-payments', 'sweep-reservations'];
  const PAYING_BUNDLE_MAX_BYTES = 180_000;
  /** What a first EIP-3009 payment has a use for, by package. */
  const PAYING_PACKAGES = ['@middy/core', '@noble/hashes', 'canonicalize', 'tiny-secp256k1', 'valibot'];

  async function readOutputs(): Promise<Metafile['outputs']> {
    await bundle({ log });
    return (JSON.parse(readFileSync(join(PROJECT_ROOT, 'dist', 'meta.json'), 'utf8')) as Metafile).outputs;
  }
  const readLoaded = async (name: string): Promise<LoadedAtStart> =>
    findLoadedAtStart({ outputs: await readOutputs() }, `dist/${name}/index.mjs`);
  const packagesOf = (sources: Iterable<string>): string[] => [
    ...new Set([...sources].flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [])),
  ];

  test('hold nothing of the AWS SDK', async () => {
    const outputs = Object.entries(await readOutputs());
    for (const name of PAYING_PATH) {
      const sources = outputs
        .filter(([file]) => dirname(file) === `dist/${name}`)
        .flatMap(([, { inputs }]) => Object.keys(inputs));
      expect(sources.length).toBeGreaterThan(0);
      expect([name, packagesOf(sources).filter((each) => /^@(aws|smithy)/.test(each))]).toEqual([name, []]);
    }
  });

  test('load no http by name, which would load undici with it', async () => {
    for (const name of PAYING_PATH) {
      const imported = (await readLoaded(name)).imported.map((path) => path.replace('node:', ''));
      expect(imported.filter((path) => ['http', 'http2', 'dns', 'undici'].includes(path))).toEqual([]);
    }
  });

  test('come to 180 kB where they pay, of known packages and without the WebAssembly', async () => {
    const { bytes, sources } = await readLoaded('process-payment');
    expect(bytes).toBeLessThanOrEqual(PAYING_BUNDLE_MAX_BYTES);
    const used = [...sources].flatMap(([source, size]) => (size > 0 ? [source] : []));
    expect(packagesOf(used).toSorted()).toEqual(PAYING_PACKAGES);
  });

  test('load what a first payment has no use for when it is used first', async () => {
    const { sources } = await readLoaded('process-payment');
    const carried = [
      'lib/chains/evm/approval.ts',
      'lib/service/allowances/asking.ts',
      'lib/service/allowances/signing.ts',
      'lib/service/asking/pay-challenge.ts',
      'lib/service/paying/withdrawals.ts',
    ].filter((source) => (sources.get(source) ?? 0) > 0);
    expect(carried).toEqual([]);
    expect(sources.get('lib/service/paying/process-payment.ts')).toBeGreaterThan(0);
  });

  test('have another bundle each, with the SDK and without our client', async () => {
    const outputs = await readOutputs();
    const { functions } = await bundle({ log });
    const withOther = Object.entries(functions).filter(([, { sdkPath }]) => sdkPath !== undefined);
    expect(withOther.map(([name]) => name).toSorted()).toEqual(PAYING_PATH);
    for (const [name, { sdkPath }] of withOther) {
      expect(existsSync(join(sdkPath!, 'index.mjs'))).toBe(true);
      const inputs = [...findLoadedAtStart({ outputs }, `dist/${name}-sdk/index.mjs`).sources.keys()];
      expect(inputs.some((input) => input.includes('@aws-sdk/client-dynamodb'))).toBe(true);
      expect(inputs.filter((input) => input.startsWith('lib/aws/json'))).toEqual([]);
    }
  });
});

describe('what makes spans', () => {
  const SPANS = 'lib/telemetry/spans/index.ts';
  beforeEach(() => {
    mkdirSync(join(root, 'lib', 'telemetry', 'spans'), { recursive: true });
    write(SPANS, `export const made: string = 'spans';`);
    write('lambdas/trace-word.ts', `export const handler = async () => (await import('../${SPANS}')).made;`);
  });

  test('is a file beside the functions that load it, and beside no other', async () => {
    const { functions } = await bundle({ log, root });
    const { path } = functions['trace-word']!;
    expect(readFileSync(join(path, 'index.mjs'), 'utf8')).not.toContain('"spans"');
    expect(existsSync(join(functions['say-word']!.path, 'spans.mjs'))).toBe(false);
    const elsewhere = join(root, 'elsewhere');
    cpSync(path, elsewhere, { recursive: true });
    expect(run(elsewhere)).toBe('spans');
  });

  test('is built anew when it changes', async () => {
    await bundle({ log, root });
    write(SPANS, `export const made: string = 'other spans';`);
    const { functions, built } = await bundle({ log, root });
    expect(built).toBe(true);
    expect(run(functions['trace-word']!.path)).toBe('other spans');
  });

  test('has all of OpenTelemetry in it, and the functions themselves nothing', async () => {
    await bundle({ log });
    const { outputs } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'dist', 'meta.json'), 'utf8')) as Metafile;
    const holders = Object.entries(outputs).flatMap(([output, { inputs }]) =>
      Object.keys(inputs).some((input) => input.includes('@opentelemetry')) ? [output] : [],
    );
    expect(holders).toEqual(['dist/spans.mjs']);
    const loading = Object.entries(outputs).filter(([, { imports }]) =>
      imports.some(({ path, kind }) => path === './spans.mjs' && kind === 'dynamic-import'),
    );
    expect(loading.length).toBeGreaterThan(5);
    for (const [output] of loading) expect(existsSync(join(PROJECT_ROOT, dirname(output), 'spans.mjs'))).toBe(true);
  });
});
