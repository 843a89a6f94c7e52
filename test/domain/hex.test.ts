import { expect, test } from 'vitest';
import { formatHex } from '../../lib/domain/hex.ts';

test('every byte is two lower-case digits', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(formatHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
  expect(formatHex(new Uint8Array())).toBe('');
});
