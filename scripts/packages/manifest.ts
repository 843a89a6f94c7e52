import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtPackage, ROOT } from './paths.ts';
import { filesBelow } from './files.ts';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Compares a built package with what the repository was tested with: the version is the repository's, every dependency has the
 * repository's version, every import has a dependency, and every dependency an import. Throws for the first that differs.
 */
export function checkManifest(name: string, compiled: readonly string[]): void {
  const { version, dependencies: tested = {} } = readManifest(ROOT);
  const built = readManifest(builtPackage(name));
  const dependencies = { ...built.dependencies, ...built.peerDependencies };
  if (built.version !== version) throw new Error(`packages/${name} is ${built.version}, the repository ${version}`);
  for (const [dependency, wanted] of Object.entries(built.dependencies ?? {})) {
    if (tested[dependency] === wanted) continue;
    throw new Error(
      `packages/${name} wants ${dependency} ${wanted}, the repository is tested with ${tested[dependency]}`,
    );
  }
  const imported = importedPackages(name, compiled);
  const missing = [...imported].filter((each) => dependencies[each] === undefined);
  if (missing.length > 0) throw new Error(`packages/${name} imports without depending on it: ${missing.join(', ')}`);
  const unused = Object.keys(dependencies).filter((each) => !imported.has(each));
  if (unused.length > 0) throw new Error(`packages/${name} depends on what it does not import: ${unused.join(', ')}`);
}

/** Packages that the compiled files of some folders import, Node's own left out. */
function importedPackages(name: string, folders: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of folders) {
    const directory = join(builtPackage(name), folder);
    for (const file of filesBelow(directory).filter((each) => /\.(?:js|d\.ts)$/.test(each))) {
      const text = readFileSync(join(directory, file), 'utf8');
      for (const [, specifier = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
        if (!/^(?:\.|node:)/.test(specifier)) found.add(packageOf(specifier));
      }
    }
  }
  return found;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
