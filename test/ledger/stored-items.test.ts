import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STORED, fromJson, toJson } from './stored-items.ts';

// Written once by the release that introduced schema version 1, and never changed. A later version adds a file.
const VERSION_1 = JSON.parse(readFileSync(join(import.meta.dirname, 'stored-items-1.json'), 'utf8')) as Record<
  string,
  Record<string, unknown>
>;

describe.each(Object.entries(STORED))('a stored %s', (name, { value, item, parse }) => {
  test('of schema version 1 is read as it was meant', () => {
    expect(parse(fromJson(VERSION_1[name]!))).toEqual(value);
  });

  test('is written as earlier releases read it: a change raises the version and keeps reading the old one', () => {
    expect(toJson(item)).toEqual(VERSION_1[name]);
  });

  test('is read by this release although a later one has added an attribute', () => {
    expect(parse({ ...fromJson(VERSION_1[name]!), addedLater: { S: 'x' } })).toEqual(value);
  });

  test('of a later schema version is refused, rather than read wrongly', () => {
    expect(() => parse({ ...fromJson(VERSION_1[name]!), v: { N: '2' } })).toThrow('schema version 2');
  });
});

test('every kind of item has its sample', () => {
  expect(Object.keys(VERSION_1).toSorted()).toEqual(Object.keys(STORED).toSorted());
});

test('nothing of the books that is kept for good has the attribute after which DynamoDB removes an item', () => {
  for (const name of ['session', 'payment', 'gate']) expect(STORED[name]!.item).not.toHaveProperty('xs');
});
