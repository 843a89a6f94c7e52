import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { compile } from './compiled.ts';
import { checkManifest } from './manifest.ts';
import { builtPackage, manifestsOf, ROOT } from './paths.ts';
import { describeMaterials, SBOM_FILE } from './sbom.ts';
import { describeThirdParties } from './third-party.ts';

const NAME = 'bursar';
/** What its `exports` name, and its `browser`. */
const ENTRIES = [
  'client/index',
  'client/agent/index',
  'client/agent/guard/no-guard',
  'client/browser/index',
  'client/mcp/index',
  'client/ai-sdk/index',
  'client/langchain/index',
  'client/openai-agents/index',
  'client/strands/index',
];
const WASM_LOADER = 'tiny-secp256k1/lib/wasm_loader.js';
const WASM_FILE = 'secp256k1.wasm';
// CommonJS parts of the SDK call `require` for Node's own modules, which an ES module does not have.
const CLI_BANNER = `#!/usr/bin/env node
import{createRequire as bursarCreateRequire}from"node:module";const require=bursarCreateRequire(import.meta.url);`;

/**
 * Makes the package `bursar`: the client file by file, with types and its three dependencies, and the command line as one file
 * with all that it needs in it, so that an agent that pays does not install AWS's clients. Returns where the package is.
 */
export async function buildBursarPackage(): Promise<string> {
  const target = builtPackage(NAME);
  rmSync(target, { recursive: true, force: true });
  await compile(NAME, ENTRIES);
  await bundleCommandLine(target);
  for (const file of ['package.json', 'README.md']) copyFileSync(join(manifestsOf(NAME), file), join(target, file));
  copyFileSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
  cpSync(join(ROOT, 'skills'), join(target, 'skills'), { recursive: true });
  checkManifest(NAME);
  return target;
}

async function bundleCommandLine(target: string): Promise<void> {
  const directory = join(target, 'cli');
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['bin/cli.ts'],
    outfile: join(directory, 'bursar.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    banner: { js: CLI_BANNER },
    metafile: true,
    logLevel: 'error',
  });
  chmodSync(join(directory, 'bursar.js'), 0o755);
  // It reads its WebAssembly beside `import.meta.url`, which here is the bundle.
  const loader = Object.keys(metafile.inputs).find((input) => input.endsWith(WASM_LOADER));
  if (loader === undefined) throw new Error(`the command line has no ${WASM_LOADER} in it`);
  copyFileSync(join(ROOT, dirname(loader), WASM_FILE), join(directory, WASM_FILE));
  writeFileSync(join(target, 'THIRD_PARTY_LICENSES'), describeThirdParties(metafile));
  writeFileSync(join(target, SBOM_FILE), describeMaterials(metafile, NAME));
}
