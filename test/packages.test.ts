import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;

/** Packages that the files of some folders load when they run: imports of types alone are left out. */
function packagesIn(folders: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of folders) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(root, folder, file), 'utf8');
      const imports = text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm);
      for (const [, fixed, late] of imports) {
        const specifier = fixed ?? late!;
        if (/^(?:\.|node:)/.test(specifier)) continue;
        found.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);
      }
    }
  }
  return found;
}

/** Frameworks that adapters are written for: whoever uses an adapter has its framework. */
const FRAMEWORKS = Object.keys(readManifest('packages/bursar').peerDependencies ?? {});

test('an install without development dependencies has what service, command line and local stack load', () => {
  const { dependencies } = readManifest('.');
  const loaded = packagesIn(['bin', 'lib', 'lambdas', 'examples']);
  expect(loaded.size).toBeGreaterThan(30);
  const others = [...loaded].filter((name) => !FRAMEWORKS.includes(name));
  expect(others.filter((name) => !(name in dependencies))).toEqual([]);
});

test('what only tests and scripts load is a development dependency', () => {
  const { devDependencies } = readManifest('.');
  const loaded = packagesIn(['bin', 'lib', 'lambdas', 'examples']);
  const found = Object.keys(devDependencies).filter((name) => loaded.has(name));
  expect(found.filter((name) => !FRAMEWORKS.includes(name))).toEqual([]);
});

test('no install of the package bursar brings a framework, and each is tested in the oldest version that it takes', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = readManifest('packages/bursar');
  const { devDependencies } = readManifest('.');
  expect(FRAMEWORKS).not.toEqual([]);
  for (const name of FRAMEWORKS) {
    expect(dependencies[name], name).toBeUndefined();
    expect(peerDependenciesMeta?.[name], name).toEqual({ optional: true });
    expect(peerDependencies?.[name], name).toBe(`^${devDependencies[name]}`);
  }
});

test('the package bursar depends on four small packages, and on none of CDK, local stack and AWS clients', () => {
  const { version, dependencies } = readManifest('packages/bursar');
  const tested = readManifest('.');
  expect(version).toBe(tested.version);
  expect(Object.keys(dependencies)).toEqual([
    '@aws-crypto/sha256-js',
    '@noble/hashes',
    '@smithy/signature-v4',
    // For its types, which those of the contract are made of.
    'valibot',
  ]);
  for (const [name, exact] of Object.entries(dependencies)) expect(tested.dependencies[name], name).toBe(exact);
});

test('packages of the workspaces are not among those of the repository', () => {
  const { dependencies, devDependencies } = readManifest('.');
  const peers = Object.keys(readManifest('test/peers').devDependencies);
  expect(peers.length).toBeGreaterThan(0);
  expect(peers.filter((name) => name in dependencies || name in devDependencies)).toEqual([]);
});
