import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  bursarLinesIn,
  checkBursarLine,
  npmScriptsIn,
  pages,
  readPage,
  ROOT,
  snippetsOf,
  toModule,
  type Snippet,
} from './snippets.ts';

const CACHE = join(ROOT, '.cache');
mkdirSync(CACHE, { recursive: true });
// Inside the repository, where the packages are that snippets import.
const directory = mkdtempSync(join(CACHE, 'snippets-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SNIPPETS = pages().flatMap((page) => snippetsOf(page, readPage(page)));
const inLanguage = (language: string): Snippet[] => SNIPPETS.filter((snippet) => snippet.language === language);

/** What the compiler says of modules, by the snippet's place. */
function compile(snippets: readonly Snippet[]): string {
  for (const [index, snippet] of snippets.entries()) writeFileSync(join(directory, `${index}.ts`), toModule(snippet));
  const project = join(directory, 'tsconfig.json');
  const compilerOptions = { noUnusedLocals: false };
  writeFileSync(project, JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { encoding: 'utf8' });
  return stdout.replaceAll(/^.*?(\d+)\.ts/gm, (_, index: string) => snippets[Number(index)]!.place);
}

test('every block of every page is in a language that these tests know', () => {
  expect(SNIPPETS.length).toBeGreaterThan(30);
  const languages = new Set(SNIPPETS.map(({ language }) => language));
  expect([...languages].toSorted()).toEqual(['', 'json', 'python', 'sh', 'ts']);
});

test('TypeScript compiles', () => {
  expect(inLanguage('ts').length).toBeGreaterThan(2);
  expect(compile(inLanguage('ts'))).toBe('');
});

test('a member that the SDK does not have would not compile', () => {
  const text = `import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
new BedrockAgentCoreClient({ endpoint, region, signingName: 'execute-api' });`;
  expect(compile([{ place: 'README.md:1', language: 'ts', text }])).toContain('signingName');
});

test('Python parses', () => {
  expect(inLanguage('python').length).toBeGreaterThan(1);
  for (const { place, text } of inLanguage('python')) {
    const { status, stderr } = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      input: text,
      encoding: 'utf8',
    });
    // A machine without Python cannot tell; `npm run test:python` runs what these lines say.
    expect([0, null], `${place}: ${stderr}`).toContain(status);
  }
});

test.each(inLanguage('json').map((snippet) => [snippet.place, snippet] as const))('%s is JSON', (_, { text }) => {
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});

test('the pages show many lines of the command line', () => {
  expect(inLanguage('sh').flatMap(bursarLinesIn).length).toBeGreaterThan(15);
});

describe.each(inLanguage('sh').map((snippet) => [snippet.place, snippet] as const))('%s', (_, snippet) => {
  test('is what a shell takes', () => {
    expect(() => execFileSync('bash', ['-n'], { input: snippet.text, stdio: 'pipe' })).not.toThrow();
  });

  test('says what the command line knows', () => {
    for (const argv of bursarLinesIn(snippet)) expect(() => checkBursarLine(argv), argv.join(' ')).not.toThrow();
  });
});

test('the command line refuses a word, an option and an operand that it does not know', () => {
  for (const line of ['session open', 'payments --latest 5', 'pay one two']) {
    const [argv] = bursarLinesIn({
      place: '',
      language: 'sh',
      text: `npm run bursar -- init && npx bursar ${line} # why`,
    }).slice(1);
    expect(() => checkBursarLine(argv!), line).toThrow();
  }
});

test.each(pages())('%s names scripts that there are', (page) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const unknown = npmScriptsIn(readPage(page)).filter((name) => !(name in scripts));
  expect(unknown, basename(page)).toEqual([]);
});
