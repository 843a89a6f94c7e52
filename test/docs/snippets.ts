import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GLOBAL_OPTIONS, checkOperands, findCommand, parseArguments } from '../../lib/cli/program/arguments.ts';
import { COMMANDS } from '../../lib/cli/commands.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A fenced block of a page. */
export interface Snippet {
  /** File and line, as a reader would name it. */
  readonly place: string;
  /** What stands behind the fence; empty for pictures. */
  readonly language: string;
  readonly text: string;
}

/** Every page that people read. */
export function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => join(folder, path));
  const top = readdirSync(ROOT).filter((path) => path.endsWith('.md'));
  return [...top, ...below('docs'), ...below('packages'), ...below('skills')].toSorted();
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

export function snippetsOf(page: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\S*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { line: index + 1, language: fence[1]!, lines: [] };
    else {
      found.push({ place: `${page}:${open.line}`, language: open.language, text: open.lines.join('\n') });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: the block has no end`);
  return found;
}

/** Names that snippets use as given, and what they are. */
const GIVEN: Readonly<Record<string, string>> = {
  endpoint: 'string',
  region: 'string',
  paymentManagerId: 'string',
  paymentManagerArn: 'string',
  walletAddress: 'string',
  userId: 'string',
  credentials: '{ readonly accessKeyId: string; readonly secretAccessKey: string }',
  session: `import('@aws-sdk/client-bedrock-agentcore').PaymentSession`,
  instrument: `import('@aws-sdk/client-bedrock-agentcore').PaymentInstrument`,
  page: `import('playwright-core').Page`,
};

/** A module of a snippet: it declares what the snippet takes as given, and imports the rest itself. */
export function toModule({ text }: Snippet): string {
  const used = Object.entries(GIVEN).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`\\b(?:const|let)\\s+${name}\\b`).test(text),
  );
  return [...used.map(([name, type]) => `declare const ${name}: ${type};`), text, 'export {};\n'].join('\n');
}

/** Commands of this repository that a text names: `npm run X`, `npm X`. */
export function npmScriptsIn(text: string): string[] {
  return [...text.matchAll(/\bnpm run (?:--silent )?([a-z][a-z:]*)/g)].map(([, name = '']) => name);
}

/** The arguments of every `bursar` command line of a snippet, also behind others. */
export function bursarLinesIn({ text }: Snippet): string[][] {
  const lines = text.replaceAll('\\\n', ' ').split(/\n|&&|\|\|?|;/);
  return lines.flatMap((line) => {
    const found = /(?:npm run (?:--silent )?bursar -- |npx bursar )(.*)$/.exec(line.replace(/\s#.*$/, '').trim());
    return found === null ? [] : [found[1]!.trim().split(/\s+/)];
  });
}

/** Throws where the command line does not know a word of it. */
export function checkBursarLine(argv: readonly string[]): void {
  // The tool itself answers these.
  if (['help', '--help', '--version'].includes(argv[0] ?? '')) return;
  const { command, rest } = findCommand(argv, COMMANDS);
  const { positionals } = parseArguments({ ...command?.options, ...GLOBAL_OPTIONS }, rest);
  if (command !== null) checkOperands(command, positionals);
}
