import { expect, test } from 'vitest';
import { readBounded } from '../../lib/domain/bounded-bytes.ts';

async function* arriving(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(size);
}

test('reads a body that just fits, in the order in which it came', async () => {
  expect(await readBounded(arriving(1, 2), 3)).toEqual(Uint8Array.of(1, 2, 2));
});

test('refuses a body of one byte more', async () => {
  expect(await readBounded(arriving(1, 2), 2)).toBeNull();
});

test('does not wait for the rest of a body that is too long, and closes it', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(10);
    } finally {
      closed = true;
    }
  }
  expect(await readBounded(endless(), 25)).toBeNull();
  expect(closed).toBe(true);
});

test('no body is an empty one', async () => {
  expect(await readBounded(null, 0)).toEqual(new Uint8Array());
});
