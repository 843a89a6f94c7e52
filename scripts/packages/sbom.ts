import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from './paths.ts';

/** The name of the bill of materials in a package. */
export const SBOM_FILE = 'sbom.cdx.json';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

interface Bom {
  readonly metadata: { readonly component: Component; readonly tools: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const BOM_MAX_BYTES = 64 * 1024 * 1024;
const PACKAGE_PATH = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * A bill of materials in CycloneDX of what is in bundles: of all that npm's own bill lists, with its hashes and licences, the packages
 * whose code esbuild took. The same bundles give the same text.
 *
 * @throws Error where a bundle has a package that the lockfile does not
 * @see https://cyclonedx.org/docs/1.5/json
 */
export function describeMaterials({ inputs }: Pick<Metafile, 'inputs'>, name: string): string {
  const { metadata, components, dependencies, ...rest } = readNpmBom();
  const taken = new Set(
    Object.keys(inputs)
      .flatMap((path) => PACKAGE_PATH.exec(path)?.[0] ?? [])
      .map(refOf),
  );
  const found = components.filter((each) => taken.has(each['bom-ref']));
  const missing = [...taken].filter((ref) => !found.some((each) => each['bom-ref'] === ref));
  if (missing.length > 0) throw new Error(`bundled, and not in package-lock.json: ${missing.join(', ')}`);
  const { version } = metadata.component;
  const root = { ...metadata.component, 'bom-ref': `${name}@${version}`, name, purl: `pkg:npm/${name}@${version}` };
  const graph = dependencies
    .filter(({ ref }) => taken.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => taken.has(each)) }));
  const body = {
    ...rest,
    // Of the contents, in place of one drawn at random and of the time of the build.
    serialNumber: `urn:uuid:${uuidOf([name, version, ...taken].join('\n'))}`,
    metadata: { lifecycles: [{ phase: 'build' }], tools: metadata.tools, component: root },
    components: found,
    dependencies: [{ ref: root['bom-ref'], dependsOn: [...taken].toSorted() }, ...graph],
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

function readNpmBom(): Bom {
  // With `--omit dev` npm 11.19 leaves out what production and development both need.
  const choices = ['--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', ['sbom', ...choices], { cwd: ROOT, maxBuffer: BOM_MAX_BYTES, encoding: 'utf8' });
  return JSON.parse(text) as Bom;
}

function refOf(directory: string): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8')) as Component;
  return `${manifest.name}@${manifest.version}`;
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
