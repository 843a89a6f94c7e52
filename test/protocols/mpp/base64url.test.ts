import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeBase64Url, isBase64Url } from '../../../lib/protocols/mpp/decoded.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('base64url', () => {
  test('is read as Node writes it, whatever the bytes', () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = randomBytes(length);
      expect(Buffer.from(decodeBase64Url(bytes.toString('base64url'))!)).toEqual(bytes);
    }
  });

  test('is read in the one way to write its bytes, and in no other', () => {
    for (const first of ALPHABET)
      for (const second of ALPHABET)
        for (const text of [`${first}${second}`, `A${first}${second}`, `AAAA${first}${second}`]) {
          const isOnly = Buffer.from(text, 'base64url').toString('base64url') === text;
          expect([text, isBase64Url(text)]).toEqual([text, isOnly]);
        }
  });

  test.each(['A', 'AAAAA', 'AA==', 'AAA=', 'AA+A', 'AA/A', 'AA A', 'AAAA\n', 'ÄAAA', ' AAAA'])('is not %j', (text) => {
    expect(decodeBase64Url(text)).toBeNull();
  });
});
