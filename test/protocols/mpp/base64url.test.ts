import { describe, expect, test } from 'vitest';
import { encodeBase64Url } from '../../../lib/protocols/mpp/base64url.ts';
import { isBase64Url, textOfBase64Url } from '../../../lib/protocols/mpp/decoded.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('base64url', () => {
  // One, two, three and four bytes of UTF-8, one after another, so that groups of three begin and end anywhere; all 64 characters.
  const letters = ['{', '~', '?', 'é', 'ÿ', '—', '\ufffd', '\ufeff', '😀'];

  test('is written and read as Node does, whatever the text', () => {
    for (const first of letters)
      for (const second of letters)
        for (const third of letters)
          for (const text of ['', first, `${first}${second}`, `${second}a${third}${first}`]) {
            const encoded = Buffer.from(text).toString('base64url');
            expect([encodeBase64Url(text), textOfBase64Url(encoded)]).toEqual([encoded, text]);
          }
    expect(encodeBase64Url('~~?ÿ>>')).toMatch(/(?=.*-)(?=.*_)/);
  });

  test.each(['80', 'ff', 'c3', 'c328', 'eda080', 'f4908080', '7bc0ae'])('of the bytes %s is no text', (hex) => {
    expect(textOfBase64Url(Buffer.from(hex, 'hex').toString('base64url'))).toBeNull();
  });

  test('is read in the one way to write its bytes, and in no other', () => {
    for (const first of ALPHABET)
      for (const second of ALPHABET)
        for (const text of [`${first}${second}`, `A${first}${second}`, `AAAA${first}${second}`]) {
          const isOnly = Buffer.from(text, 'base64url').toString('base64url') === text;
          expect([text, isBase64Url(text)]).toEqual([text, isOnly]);
        }
  });

  test.each(['A', 'AA==', 'AAA=', 'AA+A', 'AA/A', 'AA A', 'AAAA\n', 'ÄAAA', ' AAAA', '+_8', 'e31', 'e30!'])(
    'is not %j',
    (text) => {
      expect(isBase64Url(text)).toBe(false);
    },
  );
});
