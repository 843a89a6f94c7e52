import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { hashSources, PROJECT_ROOT } from './source-hash.ts';
import { takeWalletPage } from './wallet-page.ts';

export interface FunctionBundle {
  /** Absolute directory to ship: `index.mjs` and what it reads beside itself. The handler is `index.handler`. */
  readonly path: string;
  /** Everything in the directory, unpacked. */
  readonly bytes: number;
  /** The directory of the same function with the AWS SDK for its transport; absent where it has the SDK anyway. */
  readonly sdkPath?: string;
}

export interface BundleResult {
  readonly functions: Readonly<Record<string, FunctionBundle>>;
  /** Changes with any byte of any bundle. */
  readonly digest: string;
  /** False where the last bundles were still right. */
  readonly built: boolean;
}

export interface BundleOptions {
  readonly log: (line: string) => void;
  /** @default - the checkout that this file is part of */
  readonly root?: string;
}

/** What the last build wrote; kept beside the bundles and believed only if every file is still what it says. */
interface Stamp {
  readonly source: string;
  /** SHA-256 and size by path below `dist`. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

const STAMP_FILE = '.stamp.json';
const META_FILE = 'meta.json';
const SOURCES = ['lib', 'lambdas', 'package-lock.json', 'tsconfig.json'];
const PARTIAL_DIRECTORY = '.partial';
/** Of `npm run build`, which has its own rules. */
const PACKAGES_DIRECTORY = 'packages';
/** Loaded for a sampled request only, so it must not be part of what every start loads. */
const SPANS_SOURCE = 'lib/telemetry/spans/index.ts';
const SPANS_FILE = 'spans.mjs';
/** How functions on the paying path reach AWS, and what stands in for it in their other bundle. */
const TRANSPORT_SOURCE = 'lib/functions/runtime/transport.ts';
const SDK_TRANSPORT_SOURCE = 'lib/functions/runtime/transport-sdk.ts';
const SDK_SUFFIX = '-sdk';
const WASM_LOADER = 'tiny-secp256k1/lib/wasm_loader.js';
const WASM_FILE = 'secp256k1.wasm';

// CommonJS parts of the SDK call `require` for Node's own modules, which an ES module does not have.
const REQUIRE_BANNER = 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);';

const ESBUILD_OPTIONS = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  conditions: ['module'],
  alias: { '@aws-sdk/credential-provider-node': './lib/infra/build/lambda-credentials.ts' },
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  banner: { js: REQUIRE_BANNER },
  outExtension: { '.js': '.mjs' },
  metafile: true,
  write: false,
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Builds every `lambdas/<name>.ts` into `dist/<name>/index.mjs` with its dependencies in it, and writes esbuild's
 * metafile to `dist/meta.json`. Does nothing where sources and bundles are unchanged. Safe to run more than once at a
 * time: files are replaced whole, and equal sources give equal bytes. Does not check types. Throws esbuild's errors.
 */
export async function bundle({ log, root = PROJECT_ROOT }: BundleOptions): Promise<BundleResult> {
  const dist = join(root, 'dist');
  const source = hashSources(root, SOURCES, [JSON.stringify(ESBUILD_OPTIONS)]);
  const last = readStamp(dist);
  if (last?.source === source && holds(dist, last)) return toResult(dist, last, false);

  const started = performance.now();
  const outputs = await buildAlone(root, dist);
  // A reader that comes while files are being replaced must not take the old stamp for them.
  rmSync(join(dist, STAMP_FILE), { force: true });
  removeOthers(dist, outputs);
  for (const [path, contents] of outputs) replaceFile(dist, path, contents);
  const stamp = toStamp(source, outputs);
  replaceFile(dist, STAMP_FILE, Buffer.from(JSON.stringify(stamp)));

  const result = toResult(dist, stamp, true);
  for (const [name, { bytes }] of Object.entries(result.functions)) log(`${name}: ${Math.ceil(bytes / 1000)} kB`);
  const spans = Object.entries(stamp.files).find(([path]) => basename(path) === SPANS_FILE)?.[1];
  if (spans !== undefined) {
    log(`${Math.ceil(spans.bytes / 1000)} kB of each function behind the API are loaded for a sampled request only`);
  }
  log(`bundled in ${Math.round(performance.now() - started)} ms`);
  return result;
}

let builds = 0;

/** Ends esbuild's process after the last build under way: it would keep some 400 MiB for as long as ours lives, as a local stack's does. */
async function buildAlone(root: string, dist: string): Promise<Map<string, Uint8Array>> {
  builds += 1;
  try {
    return await build(root, dist);
  } finally {
    builds -= 1;
    if (builds === 0) await (await import('esbuild')).stop();
  }
}

/** Runs esbuild; returns contents by path below `dist`, without the stamp. */
async function build(root: string, dist: string): Promise<Map<string, Uint8Array>> {
  const entryPoints = readdirSync(join(root, 'lambdas'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('lambdas', file));
  const outputs = new Map<string, Uint8Array>();
  if (entryPoints.length === 0) return outputs;
  const esbuild = await import('esbuild');
  const options = { ...ESBUILD_OPTIONS, absWorkingDir: root, outdir: dist } as const;
  const metafile: Metafile = { inputs: {}, outputs: {} };
  const add = async (entries: readonly string[], suffix: string, plugins: Plugin[]): Promise<void> => {
    const common = { ...options, plugins: [...plugins, takeWalletPage(root), TAKE_BUILTINS] };
    const whole = await esbuild.build({
      ...common,
      entryPoints: [...entries],
      entryNames: `[name]${suffix}/index`,
    });
    const lazy = lazyEntries(whole.metafile);
    const built = await Promise.all(
      lazy.map((entry) =>
        esbuild.build({
          ...common,
          entryPoints: { index: entry },
          outdir: join(dist, `${basename(entry, '.ts')}${suffix}`),
          chunkNames: 'part-[hash]',
          splitting: true,
        }),
      ),
    );
    for (const each of [whole, ...built]) {
      for (const file of each.outputFiles) outputs.set(file.path.slice(dist.length + 1), file.contents);
      for (const [path, from] of wasmCopies(each.metafile)) outputs.set(path, readFileSync(join(root, from)));
      Object.assign(metafile.inputs, each.metafile.inputs);
      Object.assign(metafile.outputs, each.metafile.outputs);
    }
  };
  await add(entryPoints, '', [LEAVE_SPANS_OUT]);
  const lean = leanEntries(metafile);
  if (lean.length > 0) await add(lean, SDK_SUFFIX, [LEAVE_SPANS_OUT, takeSdkTransport(root)]);
  const tracing = tracingFunctions(metafile);
  if (tracing.length > 0) {
    const spans = await esbuild.build({ ...options, entryPoints: [SPANS_SOURCE], entryNames: 'spans' });
    for (const name of tracing) outputs.set(join(name, SPANS_FILE), spans.outputFiles[0]!.contents);
    Object.assign(metafile.outputs, spans.metafile.outputs);
  }
  outputs.set(META_FILE, Buffer.from(JSON.stringify(metafile)));
  return outputs;
}

/** The entries of the functions that reach AWS without the SDK. */
function leanEntries({ inputs, outputs }: Metafile): string[] {
  const entries = new Set(Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []));
  return [...entries].filter((entry) => sourcesOf(inputs, entry).has(TRANSPORT_SOURCE));
}

/** The entries of the functions that load parts of themselves at first use, each from a file of its own beside the bundle. */
function lazyEntries({ inputs, outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ entryPoint, inputs: own }) =>
    entryPoint !== undefined &&
    Object.keys(own).some((source) =>
      (inputs[source]?.imports ?? []).some(({ kind, external }) => kind === 'dynamic-import' && external !== true),
    )
      ? [entryPoint]
      : [],
  );
}

/** An entry and all that it imports. */
function sourcesOf(inputs: Metafile['inputs'], entry: string): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const source of found) for (const { path } of inputs[source]?.imports ?? []) found.add(path);
  return found;
}

/** Makes every import of the lean transport one of the SDK's. */
function takeSdkTransport(root: string): Plugin {
  return {
    name: 'take-sdk-transport',
    setup: ({ onResolve }) => {
      onResolve({ filter: /\/transport\.ts$/ }, ({ path, resolveDir }) =>
        join(resolveDir, path) === join(root, TRANSPORT_SOURCE) ? { path: join(root, SDK_TRANSPORT_SOURCE) } : null,
      );
    },
  };
}

/**
 * Takes Node's own modules as they are. An import has Node fill in every export by name first, and some of those load more
 * than the rest of a function: WebSocket in `node:http` brings undici, webcrypto in `node:crypto` its own.
 */
const TAKE_BUILTINS: Plugin = {
  name: 'take-builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[a-z:_/0-9]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^node:/, ''), namespace: 'builtin' } : null,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports=process.getBuiltinModule(${JSON.stringify(`node:${path}`)});`,
    }));
  },
};

/** Makes the import of what makes spans one of a file beside the bundle. */
const LEAVE_SPANS_OUT: Plugin = {
  name: 'leave-spans-out',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/spans\/index\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import' || !join(resolveDir, path).endsWith(SPANS_SOURCE)) return null;
      return { path: `./${SPANS_FILE}`, external: true };
    });
  },
};

/** The functions whose bundle loads what makes spans. */
function tracingFunctions({ outputs }: Metafile): string[] {
  return Object.entries(outputs).flatMap(([output, { imports }]) =>
    imports.some(({ path }) => path === `./${SPANS_FILE}`) ? [basename(dirname(output))] : [],
  );
}

/** The loader reads its WebAssembly beside `import.meta.url`, which in a bundle is the bundle: pairs of copy and original. */
function wasmCopies(metafile: Metafile): [to: string, from: string][] {
  return Object.entries(metafile.outputs).flatMap(([output, { inputs }]): [string, string][] => {
    const loader = Object.keys(inputs).find((input) => input.endsWith(WASM_LOADER));
    if (loader === undefined) return [];
    return [[join(basename(dirname(output)), WASM_FILE), join(dirname(loader), WASM_FILE)]];
  });
}

function readStamp(dist: string): Stamp | null {
  try {
    // Written by this file only; a broken one throws here or fails the comparison of digests.
    return JSON.parse(readFileSync(join(dist, STAMP_FILE), 'utf8')) as Stamp;
  } catch {
    return null;
  }
}

function holds(dist: string, stamp: Stamp): boolean {
  try {
    return Object.entries(stamp.files).every(
      ([path, { sha256 }]) => toSha256(readFileSync(join(dist, path))) === sha256,
    );
  } catch {
    return false;
  }
}

function toStamp(source: string, outputs: ReadonlyMap<string, Uint8Array>): Stamp {
  const files = [...outputs]
    .map(([path, contents]) => [path, { sha256: toSha256(contents), bytes: contents.byteLength }] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { source, files: Object.fromEntries(files) };
}

function toResult(dist: string, stamp: Stamp, built: boolean): BundleResult {
  const functions: Record<string, FunctionBundle> = {};
  const directories = new Set(Object.keys(stamp.files).map((path) => dirname(path)));
  for (const [path, { bytes }] of Object.entries(stamp.files)) {
    const name = dirname(path);
    if (path === META_FILE || name.endsWith(SDK_SUFFIX)) continue;
    const sdk = `${name}${SDK_SUFFIX}`;
    functions[name] = {
      path: join(dist, name),
      bytes: (functions[name]?.bytes ?? 0) + bytes,
      ...(directories.has(sdk) ? { sdkPath: join(dist, sdk) } : {}),
    };
  }
  return { functions, digest: toSha256(Buffer.from(JSON.stringify(stamp.files))), built };
}

/** Deletes what an earlier build left and this one does not have, so that a removed function does not deploy. */
function removeOthers(dist: string, outputs: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(dist, { recursive: true });
  const directories = new Set([...outputs.keys()].map((path) => dirname(path)));
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    if ([PARTIAL_DIRECTORY, PACKAGES_DIRECTORY].includes(entry.name) || outputs.has(entry.name)) continue;
    const kept = directories.has(entry.name) ? readdirSync(join(dist, entry.name)) : [];
    const gone = kept.length === 0 ? [''] : kept.filter((file) => !outputs.has(join(entry.name, file)));
    for (const file of gone) rmSync(join(dist, entry.name, file), { recursive: true, force: true });
  }
}

/** Partial files stand apart, since a crash could leave one and everything beside a bundle ships with it. */
function replaceFile(dist: string, path: string, contents: Uint8Array): void {
  const partial = join(dist, PARTIAL_DIRECTORY, `${process.pid}-${path.replaceAll('/', '-')}`);
  for (const file of [partial, join(dist, path)]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(partial, contents);
  renameSync(partial, join(dist, path));
}

function toSha256(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}
