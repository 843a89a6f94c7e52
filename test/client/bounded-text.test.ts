import { expect, test } from 'vitest';
import { readBoundedText } from '../../lib/client/fetch/bounded-text.ts';

test('a text is read up to the bound, and not one byte beyond it', async () => {
  expect(await readBoundedText(new Response('abcd'), 4)).toBe('abcd');
  expect(await readBoundedText(new Response('abcde'), 4)).toBeNull();
});

test('a response without a body has an empty text', async () => {
  expect(await readBoundedText(new Response(null), 4)).toBe('');
});

test('a character that comes in two pieces is one', async () => {
  const bytes = new TextEncoder().encode('é');
  const body = new ReadableStream({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  expect(await readBoundedText(new Response(body), 4)).toBe('é');
});

test('half a character at the end is shown as one that is broken', async () => {
  expect(await readBoundedText(new Response(Uint8Array.of(0x61, 0xc3)), 4)).toBe('a\uFFFD');
});
