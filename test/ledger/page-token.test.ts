import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NEXT_TOKEN_MAX_CHARS } from '../../lib/domain/limits.ts';
import { formatPageToken, parsePageToken } from '../../lib/ledger/dynamodb/store/page-token.ts';
import { forgeTokens } from '../contracts/pages.ts';

const SCOPE = ['sessions', 'tenant-0000000001', 'user#1'];

describe('a page token', () => {
  test('gives back its position to its own list, for any scope and position', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string({ unit: 'grapheme', maxLength: 200 }), (scope, position) => {
        expect(parsePageToken(scope, formatPageToken(scope, position))).toBe(position);
      }),
    );
  });

  test('gives nothing to any other list', () => {
    const token = formatPageToken(SCOPE, '1');
    const others = [
      [],
      ['sessions'],
      [...SCOPE, ''],
      ['payments', ...SCOPE.slice(1)],
      ['sessions', SCOPE.slice(1).join()],
    ];
    for (const other of others) expect(parsePageToken(other, token), JSON.stringify(other)).toBeNull();
    expect(parsePageToken([...SCOPE], token)).toBe('1');
    fc.assert(
      fc.property(fc.array(fc.string()), (scope) => {
        fc.pre(JSON.stringify(scope) !== JSON.stringify(SCOPE));
        expect(parsePageToken(scope, token)).toBeNull();
      }),
    );
  });

  test('never fits arbitrary text, and never throws on it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parsePageToken(SCOPE, text)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parsePageToken(SCOPE, Buffer.from(json).toString('base64url'))).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parsePageToken(SCOPE, Buffer.from(bytes).toString('base64url'))).toBeNull();
      }),
    );
  });

  test('is refused when it was forged', () => {
    const token = formatPageToken(SCOPE, '1760000000000#payment-session-000000000000001');
    for (const forged of forgeTokens(token)) expect(parsePageToken(SCOPE, forged), forged).toBeNull();
  });

  test('is taken at the greatest length and refused above it', () => {
    const lengthOf = (chars: number) => formatPageToken(SCOPE, 'x'.repeat(chars)).length;
    let longest = 1;
    while (lengthOf(longest + 1) <= NEXT_TOKEN_MAX_CHARS) longest += 1;
    expect(parsePageToken(SCOPE, formatPageToken(SCOPE, 'x'.repeat(longest)))).toHaveLength(longest);
    expect(parsePageToken(SCOPE, formatPageToken(SCOPE, 'x'.repeat(longest + 1)))).toBeNull();
  });

  test('says nothing of whose list it is', () => {
    const text = Buffer.from(formatPageToken(SCOPE, '1'), 'base64url').toString();
    for (const part of SCOPE.slice(1)) expect(text).not.toContain(part);
  });
});
