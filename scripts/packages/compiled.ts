import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { runCommand } from '../rehearsal/child.ts';
import { filesBelow } from './files.ts';
import { builtPackage, manifestsOf, ROOT } from './paths.ts';

const COMPILE_TIMEOUT_MS = 60_000;
const SPECIFIER = /(?<=\b(?:from\s+|import\s+|import\(\s*)['"])[^'"\n]+(?=['"])/g;

/** What a compiled file imports, as it is written there. */
export function specifiersIn(path: string): readonly string[] {
  return readFileSync(path, 'utf8').match(SPECIFIER) ?? [];
}

/**
 * Compiles a package's entries with all that they import into the package's `lib`, and keeps what a reader of an entry's
 * JavaScript or of its types reaches.
 * @param entries below `lib`, without their extension, such as `client/index`
 */
export async function compile(name: string, entries: readonly string[]): Promise<void> {
  const { code, output } = await runCommand({
    command: process.execPath,
    args: [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', manifestsOf(name)],
    env: process.env,
    cwd: ROOT,
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`packages/${name} does not compile:\n${output}`);
  const directory = join(builtPackage(name), 'lib');
  for (const file of filesBelow(directory).filter((each) => each.endsWith('.d.ts')))
    renameImports(join(directory, file));
  const reached = new Set(
    entries.flatMap((entry) => [...reach(directory, `${entry}.js`), ...reach(directory, `${entry}.d.ts`)]),
  );
  for (const file of filesBelow(directory)) if (!reached.has(file)) rmSync(join(directory, file));
}

/** The compiler rewrites the extensions of imports in JavaScript only. */
function renameImports(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replaceAll(SPECIFIER, (specifier) => specifier.replace(/^(\..*)\.ts$/, '$1.js')),
  );
}

/** The files that a compiled file comes to by relative imports, itself among them; of types where it is of types. */
function reach(directory: string, from: string): ReadonlySet<string> {
  const extension = from.endsWith('.d.ts') ? '.d.ts' : '.js';
  const found = new Set<string>();
  const left = [from];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const specifier of specifiersIn(join(directory, file))) {
      if (!specifier.startsWith('.')) continue;
      const target = relative(directory, join(directory, dirname(file), specifier));
      left.push(target.replace(/\.js$/, extension));
    }
  }
  return found;
}
