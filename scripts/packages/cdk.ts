import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundle } from '../../lib/infra/build/bundle.ts';
import { compile } from './compiled.ts';
import { checkManifest } from './manifest.ts';
import { builtPackage, manifestsOf, ROOT } from './paths.ts';
import { describeMaterials, SBOM_FILE } from './sbom.ts';

const NAME = 'cdk';

/**
 * Makes the package `bursar-cdk`: the stacks, file by file with their types, and the functions that they deploy, bundled. CDK
 * itself is a peer that the user installs. Returns where the package is.
 */
export async function buildCdkPackage(): Promise<string> {
  const target = builtPackage(NAME);
  rmSync(target, { recursive: true, force: true });
  await compile(NAME, ['infra/index']);
  const { functions } = await bundle({ log: () => {} });
  for (const [name, { path }] of Object.entries(functions)) {
    cpSync(path, join(target, 'functions', name), { recursive: true });
  }
  for (const file of ['package.json', 'README.md']) copyFileSync(join(manifestsOf(NAME), file), join(target, file));
  for (const file of ['LICENSE', 'cdk.json']) copyFileSync(join(ROOT, file), join(target, file));
  const metafile = JSON.parse(readFileSync(join(ROOT, 'dist', 'meta.json'), 'utf8')) as Metafile;
  writeFileSync(join(target, SBOM_FILE), describeMaterials(metafile, 'bursar-cdk'));
  checkManifest(NAME);
  return target;
}
