import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundle } from '../../lib/infra/build/bundle.ts';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';

const BUILD_DIRECTORY = join(PROJECT_ROOT, '.bursar', 'bench');
const WASM_FILE = 'secp256k1.wasm';
const REQUIRE_BANNER = 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);';

/**
 * Bundles a program of `scripts/bench/programs` with the settings of the deployable functions; returns its path.
 * @param readable whether to leave names as they are and put a map of the sources beside it
 */
export async function buildProgram(
  name: string,
  { readable = false }: { readonly readable?: boolean } = {},
): Promise<string> {
  const outfile = join(BUILD_DIRECTORY, name, 'index.mjs');
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'programs', `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    minify: !readable,
    sourcemap: readable,
    legalComments: 'none',
    charset: 'utf8',
    banner: { js: REQUIRE_BANNER },
    metafile: true,
    logLevel: 'silent',
  });
  const takesWasm = Object.keys(metafile.inputs).some((input) => input.includes('/tiny-secp256k1/'));
  if (takesWasm) {
    const from = dirname(fileURLToPath(import.meta.resolve('tiny-secp256k1')));
    mkdirSync(dirname(outfile), { recursive: true });
    copyFileSync(join(from, WASM_FILE), join(dirname(outfile), WASM_FILE));
  }
  return outfile;
}

/** The paying function as it would be deployed from these sources, built if the last build is not of them. */
export async function buildPayingFunction(): Promise<string> {
  const { functions } = await bundle({ log: (line) => console.error(line) });
  const found = functions['process-payment'];
  if (found === undefined) throw new Error('there is no function process-payment to bundle');
  const file = join(found.path, 'index.mjs');
  if (!existsSync(file)) throw new Error('the bundle of process-payment has no index.mjs');
  return file;
}

export function sizeOf(path: string): number {
  return statSync(path).size;
}
