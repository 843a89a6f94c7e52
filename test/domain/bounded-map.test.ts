import { expect, test } from 'vitest';
import { createBoundedMap } from '../../lib/domain/bounded-map.ts';

test('keeps as many entries as it may, and forgets the oldest for one more', () => {
  const map = createBoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect([map.get('a'), map.get('b')]).toEqual([1, 2]);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 2, 3]);
});

test('an entry that is set again is the newest', () => {
  const map = createBoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
});

test('an entry that is deleted is gone, and leaves its place', () => {
  const map = createBoundedMap<string, number>(1);
  map.set('a', 1);
  map.delete('a');
  expect(map.get('a')).toBeUndefined();
});
