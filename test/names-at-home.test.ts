import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor, parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { WALLET_TYPES } from '../lib/wallets/catalogue.ts';

const root = join(import.meta.dirname, '..');

/** Something that comes in kinds, of which each has a folder of its own and is listed in few places. */
interface Kind {
  readonly what: string;
  /** Whether a whole text names one of the kind. */
  readonly isText: (text: string) => boolean;
  /** Whether an identifier does. */
  readonly isIdentifier: (name: string) => boolean;
  /** Where names may stand: in the own folder, in the lists, and in what strangers define. */
  readonly homes: readonly RegExp[];
}

/** The names of schemes and transfer methods, payable or only known by name, as they stand on the wire and in the books. */
const SCHEME_NAMES = new Set(['exact', 'upto', 'charge', 'eip3009', 'permit2', 'withdrawal']);

const SCHEMES: Kind = {
  what: 'scheme',
  isText: (text) => SCHEME_NAMES.has(text),
  // "exact" is also a word of English: it counts where it is the whole name, or stands beside a transfer method.
  isIdentifier: (name) =>
    name === 'exact' || wordsOf(name).some((word) => word === 'upto' || word === 'eip3009' || word === 'permit2'),
  homes: [
    /^lib\/protocols\/x402\/schemes\//,
    /^lib\/protocols\/mpp\/methods\//,
    /^lib\/protocols\/treasury\//,
    /^lib\/protocols\/catalogue\.ts$/,
    // A transfer method belongs to its chain.
    /^lib\/chains\/[a-z]+\//,
    // The wire of AWS, and the sellers that strangers run.
    /^lib\/contract\//,
    /^lib\/local\//,
    // The words of AWS's Python SDK.
    /^lib\/client\/agent\/manager\//,
    // What a signer is asked to sign where it is tried.
    /^lib\/cli\/signer\//,
  ],
};

/** `awskms seedvault`, from the catalogue, so that a new wallet is looked for as well. */
const WALLET_NAMES = new Set(WALLET_TYPES.map((type) => type.toLowerCase()));

const WALLETS: Kind = {
  what: 'wallet',
  isText: (text) => WALLET_NAMES.has(text.toLowerCase()),
  isIdentifier: (name) => [...WALLET_NAMES].some((wallet) => name.toLowerCase().replaceAll('_', '').includes(wallet)),
  homes: [
    /^lib\/wallets\/[a-z-]+\//,
    /^lib\/wallets\/(?:catalogue|signers|provisioners)\.ts$/,
    // Opens the signers that somebody else is asked by, each at its first use.
    /^lib\/functions\/providers\/provider-signers\.ts$/,
    // Examples of requests and answers.
    /^lib\/contract\/operations\/connectors\.ts$/,
    // What an operator is shown of these two: the wallets of a try-out, backups of seeds, and the doctor's look at keys.
    /^lib\/cli\//,
    /^lib\/local\//,
  ],
};

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

/** Names of a kind in the syntax of a file: as a whole text, or in an identifier. Comments and sentences do not count. */
function namesIn(kind: Kind, file: string, source: string): readonly Found[] {
  const found: Found[] = [];
  const add = (name: string): void => {
    found.push({ file, name });
  };
  new Visitor({
    Literal: ({ value }) => {
      if (typeof value === 'string' && kind.isText(value)) add(`'${value}'`);
    },
    Identifier: ({ name }) => {
      if (kind.isIdentifier(name)) add(name);
    },
  }).visit(parseSync(file, source).program);
  return found;
}

test.each([SCHEMES, WALLETS])('nothing outside its folder and the lists names a $what', (kind) => {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('lib', name));
  const homes = files.filter((file) => kind.homes.some((home) => home.test(file)));
  const others = files.filter((file) => !kind.homes.some((home) => home.test(file)));
  const named = (some: readonly string[]) =>
    some.flatMap((file) => namesIn(kind, file, readFileSync(join(root, file), 'utf8')));
  expect(named(homes).length).toBeGreaterThan(10);
  expect(others.length).toBeGreaterThan(200);
  expect(named(others)).toEqual([]);
});

test('a list names each wallet once, so that a new wallet is one line in each', () => {
  for (const list of ['catalogue', 'provisioners', 'signers']) {
    const file = `lib/wallets/${list}.ts`;
    const { program } = parseSync(file, readFileSync(join(root, file), 'utf8'));
    const keys: string[] = [];
    new Visitor({
      Property: ({ key }) => {
        if (key.type === 'Identifier' && WALLETS.isText(key.name)) keys.push(key.name);
      },
    }).visit(program);
    expect(keys.toSorted(), file).toEqual(WALLET_TYPES.toSorted());
  }
});

test('a name is found in a text, a member and an identifier, and not in a comment or a sentence', () => {
  const planted = `
    // exact eip3009 AwsKms
    const a = { scheme: 'exact', type: 'AwsKms' };
    const eip3009Digest = 1;
    const seedVaultKey = SEED_VAULT;
    const sentence = 'Supported scheme: exact. Wallets of type SeedVault are kept.';
  `;
  const names = (kind: Kind) => namesIn(kind, 'planted.ts', planted).map(({ name }) => name);
  expect(names(SCHEMES)).toEqual(["'exact'", 'eip3009Digest']);
  expect(names(WALLETS)).toEqual(["'AwsKms'", 'seedVaultKey', 'SEED_VAULT']);
});
