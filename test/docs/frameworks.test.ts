import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readPage, snippetsOf } from './snippets.ts';

const PAGE = 'docs/frameworks.md';
const SUITE = join(ROOT, 'test', 'python');

const tested = readdirSync(SUITE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.py'))
  .map((file) => readFileSync(join(SUITE, file), 'utf8'))
  .join('\n');
const shown = snippetsOf(PAGE, readPage(PAGE)).filter(({ language }) => language === 'python');

/** Names of arguments, of modules and of what is imported of them, and members that are no part of the published interface. */
const namesIn = (text: string): string[] => [
  ...[...text.matchAll(/\b([a-z_]+)=(?!=)/g)].map(([, name]) => `${name}=`),
  ...[...text.matchAll(/^from (\S+) import (.+)$/gm)].flatMap(([, from, names]) => [from!, ...names!.split(', ')]),
  ...[...text.matchAll(/\._[a-z_]+/g)].map(([name]) => name),
];

test('the Python lines use what the Python suite runs against Bursar', () => {
  const names = shown.flatMap(({ text }) => namesIn(text));
  expect(shown).toHaveLength(2);
  expect(names.length).toBeGreaterThan(15);
  expect([...new Set(names)].filter((name) => !tested.includes(name))).toEqual([]);
});

test('a name that the suite does not run would be found', () => {
  expect(
    namesIn('AgentCorePaymentsConfig(payment_manager_urn=MANAGER)').filter((name) => !tested.includes(name)),
  ).toEqual(['payment_manager_urn=']);
});
