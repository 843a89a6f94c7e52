import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toPinItem } from '../../lib/ledger/dynamodb/memory/memory-items.ts';
import { sizeOfItem } from '../support/item-size.ts';
import { NOW } from '../support/payments.ts';
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

test('what rules remember goes by itself, and takes less than a write unit', () => {
  for (const name of ['pin', 'last price', 'row of failures', 'tally']) {
    expect(STORED[name]!.item).toHaveProperty('expiresAtSeconds');
    expect(sizeOfItem(STORED[name]!.item)).toBeLessThan(1_024);
  }
  // An origin is the longest text that one of them keeps.
  const ref = { managerId: 'm'.repeat(60), userId: 'u'.repeat(255), origin: `https://${'a'.repeat(253)}:65535` };
  const pin = toPinItem({ ...ref, network: 'eip155:84532' }, { payee: `0x${'1'.repeat(40)}`, until: NOW });
  expect(sizeOfItem(pin)).toBeLessThan(1_024);
});

test('nothing of the books that is kept for good has the attribute after which DynamoDB removes an item', () => {
  for (const name of ['session', 'payment', 'gate']) expect(STORED[name]!.item).not.toHaveProperty('xs');
});
