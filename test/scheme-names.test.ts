import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor, parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The names of schemes and transfer methods, payable or only known by name, as they stand on the wire and in the books. */
const NAMES = new Set(['exact', 'upto', 'eip3009', 'permit2', 'withdrawal']);
/** Where they may stand: in a scheme's own folder, in the one registry, and for transfer methods in their chain. */
const HOMES = [
  /^lib\/protocols\/x402\/schemes\//,
  /^lib\/protocols\/treasury\//,
  /^lib\/protocols\/registry\.ts$/,
  /^lib\/chains\/[a-z]+\//,
  // The wire of AWS, and the sellers that strangers run.
  /^lib\/contract\//,
  /^lib\/local\//,
];

interface Found {
  readonly file: string;
  readonly name: string;
}

/** `exactEip3009` holds the words `exact` and `eip3009`. */
function wordsOf(identifier: string): readonly string[] {
  return identifier
    .split(/(?=[A-Z])|_/)
    .map((word) => word.toLowerCase())
    .filter(Boolean);
}

/** Scheme names in the syntax of a file: as a whole text, or as a word of an identifier. Comments and sentences do not count. */
function namesIn(file: string, source: string): readonly Found[] {
  const found: Found[] = [];
  const add = (name: string): void => {
    found.push({ file, name });
  };
  new Visitor({
    Literal: ({ value }) => {
      if (typeof value === 'string' && NAMES.has(value)) add(`'${value}'`);
    },
    Identifier: ({ name }) => {
      // "exact" is also a word of English: it counts where it is the whole name, or stands beside a transfer method.
      const words = wordsOf(name);
      const isScheme = words.includes('upto') || words.includes('eip3009') || words.includes('permit2');
      if (isScheme || name === 'exact') add(name);
    },
  }).visit(parseSync(file, source).program);
  return found;
}

test('nothing outside its folder and the registry names a scheme', () => {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('lib', name));
  const homes = files.filter((file) => HOMES.some((home) => home.test(file)));
  const others = files.filter((file) => !HOMES.some((home) => home.test(file)));
  expect(homes.flatMap((file) => namesIn(file, readFileSync(join(root, file), 'utf8'))).length).toBeGreaterThan(10);
  expect(others.length).toBeGreaterThan(200);
  expect(others.flatMap((file) => namesIn(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('a name is found in a text, a member and an identifier, and not in a comment or a sentence', () => {
  const planted = `
    // exact eip3009
    const a = { scheme: 'exact' };
    const eip3009Digest = 1;
    const sentence = 'Supported scheme: exact.';
  `;
  expect(namesIn('planted.ts', planted).map(({ name }) => name)).toEqual(["'exact'", 'eip3009Digest']);
});
