import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';

const ROOT = join(import.meta.dirname, '../..');

/** Lines and columns from 0. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** One small change of one file. */
export interface Mutant {
  readonly id: string;
  readonly file: string;
  readonly location: { readonly start: Position; readonly end: Position };
  readonly replacement: string;
}

/** Files with every mutant in them, each behind a switch, and the mutants. */
export interface Instrumented {
  readonly sources: Readonly<Record<string, string>>;
  readonly mutants: readonly Mutant[];
}

interface NodePath {
  readonly node: { readonly type: string };
  readonly key: string | number | null;
  readonly listKey?: string;
  readonly parent: {
    readonly type: string;
    readonly callee?: { readonly type: string; readonly name?: string };
  } | null;
}

const PROSE = /(?:Error|^InvariantViolated|^OutcomeUnknown|^NotNow|^NothingMade|^IndexesSpent)$/;

/**
 * The first argument of `new …Error(…)`, `new InvariantViolated(…)` and the errors of the ports is prose for a person: callers act on the class
 * and on its fields. No other text is left out, not even the messages of refusals, which are answered to callers.
 */
function shouldIgnore({ node, key, listKey, parent }: NodePath): string | undefined {
  const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
  if (!isText || listKey !== 'arguments' || key !== 0 || parent?.type !== 'NewExpression') return undefined;
  const { callee } = parent;
  const isError = callee?.type === 'Identifier' && PROSE.test(callee.name ?? '');
  return isError ? 'the prose of an error' : undefined;
}

const quiet = (): void => {};
const LOGGER = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
};

/** Puts all mutants that Stryker knows of into the files; a file's path is relative to the project. */
export async function instrument(files: readonly string[]): Promise<Instrumented> {
  const injector = createInjector().provideValue('logger', LOGGER);
  const instrumenter = injector.injectFunction(createInstrumenter);
  const read = files.map(async (name) => ({ name, mutate: true, content: await readFile(join(ROOT, name), 'utf8') }));
  const { files: out, mutants } = await instrumenter.instrument(await Promise.all(read), {
    plugins: null,
    excludedMutations: [],
    ignorers: [{ shouldIgnore: (path) => shouldIgnore(path as NodePath) }],
  });
  return {
    sources: Object.fromEntries(out.map(({ name, content }) => [name, content])),
    mutants: mutants
      .filter(({ status }) => status !== 'Ignored')
      .map(({ id, fileName, location, replacement }) => ({ id, file: fileName, location, replacement })),
  };
}
