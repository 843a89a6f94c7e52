import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtPackage, ROOT } from './paths.ts';
import { specifiersIn } from './compiled.ts';
import { filesBelow } from './files.ts';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Compares a built package with what the repository was tested with: the version is the repository's, every dependency has the
 * repository's version, every import has a dependency, and every dependency an import. Throws for the first that differs.
 */
export function checkManifest(name: string): void {
  const { version, ...own } = readManifest(ROOT);
  // Frameworks that adapters are written for, and nothing else here, are development dependencies.
  const tested: Readonly<Record<string, string>> = { ...own.devDependencies, ...own.dependencies };
  const built = readManifest(builtPackage(name));
  const dependencies = { ...built.dependencies, ...built.peerDependencies };
  if (built.version !== version) throw new Error(`packages/${name} is ${built.version}, the repository ${version}`);
  for (const [dependency, wanted] of Object.entries(dependencies)) {
    if (tested[dependency] === wanted.replace('^', '')) continue;
    throw new Error(
      `packages/${name} wants ${dependency} ${wanted}, the repository is tested with ${tested[dependency]}`,
    );
  }
  const imported = importedPackages(join(builtPackage(name), 'lib'));
  const missing = [...imported].filter((each) => dependencies[each] === undefined);
  if (missing.length > 0) throw new Error(`packages/${name} imports without depending on it: ${missing.join(', ')}`);
  const unused = Object.keys(dependencies).filter((each) => !imported.has(each));
  if (unused.length > 0) throw new Error(`packages/${name} depends on what it does not import: ${unused.join(', ')}`);
}

/** Packages that compiled files import, Node's own left out. */
function importedPackages(directory: string): ReadonlySet<string> {
  const specifiers = filesBelow(directory).flatMap((file) => specifiersIn(join(directory, file)));
  return new Set(specifiers.filter((each) => !/^(?:\.|node:)/.test(each)).map(packageOf));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
