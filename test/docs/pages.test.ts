import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { pages, readPage, ROOT } from './snippets.ts';

/** Where the links of a page lead to, below the root. */
const targetsOf = (page: string): string[] =>
  [
    ...readPage(page)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\((?!https?:|#)([^)#\s]+)/g),
  ].map(([, target = '']) => join(dirname(page), target));

const handWritten = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
const generated = readdirSync(join(ROOT, 'docs', 'reference')).filter((name) => name.endsWith('.md'));

test.each(['docs/README.md', 'llms.txt'])('%s names every page', (index) => {
  const wanted = [
    ...handWritten.map((name) => join('docs', name)),
    ...generated.map((name) => join('docs/reference', name)),
  ];
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((page) => !targetsOf(index).includes(page))).toEqual([]);
});

test('the README names every page that is written by hand', () => {
  const named = targetsOf('README.md');
  expect(handWritten.map((name) => join('docs', name)).filter((page) => !named.includes(page))).toEqual([]);
});

test.each([...pages(), 'llms.txt'])('%s leads to what there is', (page) => {
  expect(targetsOf(page).filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
});

test('every skill says in its front matter what it is called, as its folder is, and when to use it', () => {
  const skills = readdirSync(join(ROOT, 'skills'));
  expect(skills).toContain('bursar');
  for (const skill of skills) {
    const [, name, description] = /^---\nname: (.+)\ndescription: (.+)\n---\n/.exec(
      readPage(`skills/${skill}/SKILL.md`),
    )!;
    expect(name).toBe(skill);
    // What coding agents read of a description.
    expect(description!.length).toBeLessThanOrEqual(1024);
    expect(description).toContain('Use it when');
  }
});
