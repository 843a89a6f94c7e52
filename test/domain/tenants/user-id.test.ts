import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { USER_ID_RULE, formatUserHeader, isUserId, parseUserHeader } from '../../../lib/domain/tenants/user-id.ts';

const MARK = "UTF-8''";
const userIds = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('%', '2', '7', '5', "'", 'U', 'T', 'F', '-', '8', ' ') }),
  )
  .chain((id) => fc.constantFrom(id, MARK + id, formatUserHeader(id), MARK + encodeURIComponent(id)))
  .filter(isUserId);

describe('a user id in a header', () => {
  test.each([
    ['alice', 'alice'],
    ['samlp|corp|John Doe', 'samlp|corp|John Doe'],
    ['100%25', '100%25'],
    ["utf-8''x", "utf-8''x"],
    ['alice ', "UTF-8''alice%20"],
    [' alice', "UTF-8''%20alice"],
    ['a  b', "UTF-8''a%20%20b"],
    ['alice\u00a0', "UTF-8''alice%C2%A0"],
    ['王小明', "UTF-8''%E7%8E%8B%E5%B0%8F%E6%98%8E"],
    ['Ольга', "UTF-8''%D0%9E%D0%BB%D1%8C%D0%B3%D0%B0"],
    ['*Zoë*', "UTF-8''%2AZo%C3%AB%2A"],
    ['👩‍💻', "UTF-8''%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB"],
    ['x'.repeat(120), 'x'.repeat(120)],
    ['x'.repeat(121), MARK + 'x'.repeat(121)],
  ])('%j goes as %j and comes back', (id, header) => {
    expect(formatUserHeader(id)).toBe(header);
    expect(parseUserHeader(header)).toBe(id);
  });

  test.each([
    ['is no canonical encoding', "UTF-8''alice"],
    ['ends within a character', "UTF-8''%E7%8E"],
    ['has small digits', "UTF-8''%e7%8e%8b"],
    ['encodes a control character', "UTF-8''a%0Ab"],
    ['encodes nothing', MARK],
    ['has no mark', `${'x'.repeat(MARK.length)}%E7%8E%8B`],
    ['has a language', "UTF-8'en'%E7%8E%8B"],
  ])('that looks encoded and %s stays itself', (_, id) => {
    expect(parseUserHeader(id)).toBe(id);
    expect(parseUserHeader(formatUserHeader(id))).toBe(id);
  });

  test('that is the encoding of another id is encoded once more', () => {
    const looks = formatUserHeader('王');
    expect(formatUserHeader(looks)).toBe("UTF-8''UTF-8%27%27%25E7%258E%258B");
    expect(parseUserHeader(formatUserHeader(looks))).toBe(looks);
    expect(parseUserHeader(looks)).toBe('王');
  });

  test('comes back as it was, whatever it is, in ASCII that no proxy touches', () => {
    fc.assert(
      fc.property(userIds, (id) => {
        const header = formatUserHeader(id);
        expect(parseUserHeader(header)).toBe(id);
        expect(header).toMatch(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is never shared by two ids', () => {
    fc.assert(
      fc.property(userIds, userIds, (one, other) => {
        fc.pre(one !== other);
        expect(formatUserHeader(one)).not.toBe(formatUserHeader(other));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is read from any text without throwing, and only as an id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, marked) => {
        const id = parseUserHeader((marked ? MARK : '') + text);
        expect(id === null || isUserId(id)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['outside of ASCII', 'Zoë'],
    ['with a tab', 'a\tb'],
    ['too long to go plain', 'x'.repeat(121)],
    ['too long when decoded', `${MARK}${'x'.repeat(256)}`],
    ['empty', ''],
  ])('is none in a header %s', (_, header) => {
    expect(parseUserHeader(header)).toBeNull();
  });
});

test.each([
  ['255 characters', 'x'.repeat(255), true],
  ['256 characters', 'x'.repeat(256), false],
  ['nothing', '', false],
  ['a line break', 'a\nb', false],
  ['half a character', 'a\ud800', false],
  ['a number', 7, false],
  ['a blank', ' ', true],
])('%s: a user id or not', (_, value, expected) => {
  expect(isUserId(value)).toBe(expected);
});

test('what a user id is, is told with its bound', () => {
  expect(USER_ID_RULE).toBe('1 to 255 characters without control characters');
});
