import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

type Version = readonly [number, number, number];

function parse(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map((part) => Number(part) || 0);
  return [major, minor, patch];
}

function isAtLeast(version: Version, low: Version): boolean {
  const at = version.findIndex((part, index) => part !== low[index]);
  return at === -1 || version[at]! > low[at]!;
}

/** As much of npm's ranges as manifests use here. Throws on what it does not know. */
function satisfies(version: Version, range: string): boolean {
  return range.split('||').some((choice) =>
    choice
      .trim()
      .replaceAll(/([<>=^~]+)\s+/g, '$1')
      .split(/\s+/)
      .every((term) => {
        const found = /^(\^|~|>=|>|<|<=)?v?(\d+(?:\.[\dx*]+){0,2}|\*)(?:-\S+)?$/.exec(term);
        if (found === null) throw new Error(`unknown range ${term} of ${range}`);
        const [, operator = '=', text = ''] = found;
        if (text === '*') return true;
        const low = parse(text);
        if (operator === '>=' || operator === '>') return isAtLeast(version, low);
        if (operator === '<') return !isAtLeast(version, low);
        if (operator === '^') return version[0] === low[0] && isAtLeast(version, low);
        return version[0] === low[0];
      }),
  );
}

const packages = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: Record<string, { engines?: { node?: string } }> }).packages,
);
const unhappy = (version: string): string[] =>
  packages.flatMap(([name, { engines }]) =>
    engines?.node === undefined || satisfies(parse(version), engines.node) ? [] : [`${name} wants ${engines.node}`],
  );

test('no package warns of engines on the versions of Node that the README states, which are the lowest', () => {
  const [, newer = '', older = ''] = /Node: (\d+\.\d+) or newer, or (\d+\.\d+)/.exec(read('README.md')) ?? [];
  for (const stated of [newer, older]) {
    expect(unhappy(stated)).toEqual([]);
    const [major, minor] = parse(stated);
    expect(unhappy(`${major}.${minor - 1}.0`)).not.toEqual([]);
  }
});
