import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../lib/json/strict-json.ts';

const bounds = { maxDepth: 16, maxMembers: 2_000 };
const parse = (text: string) => parseStrictJson(text, bounds);

describe('strict JSON', () => {
  test('reads every JSON value that keeps to the bounds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const result = parse(text);
        if (!/"(__proto__|constructor|prototype)"/.test(text))
          expect(result).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test('answers for any text, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => typeof parse(text).ok === 'boolean'),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]":,\\tu0'), maxLength: 60 }),
        (text) => typeof parse(text).ok === 'boolean',
      ),
    );
  });

  test.each([
    ['a name that stands twice', '{"a":1,"a":2}'],
    ['a name that stands twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a name that stands twice deep inside', '[{"b":{"a":1,"x":{},"a":1}}]'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}'],
    ['constructor', '{"a":{"constructor":1}}'],
    ['no JSON', '{a:1}'],
    ['nothing', ''],
    ['two documents', '{} {}'],
    ['nesting one level too deep', `${'['.repeat(17)}${']'.repeat(17)}`],
    ['one member too many', `{${Array.from({ length: 2_001 }, (_, i) => `"${i}":0`).join()}}`],
  ])('refuses %s', (_what, text) => {
    expect(parse(text)).toMatchObject({ ok: false, error: { reason: 'cannot_parse' } });
  });

  test('accepts nesting and members right at their bounds', () => {
    expect(parse(`${'['.repeat(16)}${']'.repeat(16)}`).ok).toBe(true);
    expect(parse(`{${Array.from({ length: 2_000 }, (_, i) => `"${i}":0`).join()}}`).ok).toBe(true);
  });

  test.each([
    ['of one byte each', 'x', 10],
    ['of two bytes each', 'é', 5],
    ['of three bytes each', '€', 3],
    ['of four bytes each', '😀', 2],
  ])('counts a bound in bytes over characters %s', (_what, char, fitting) => {
    const bytes = (text: string) => parseStrictJson(text, { ...bounds, maxBytes: 12 });
    expect(bytes(`"${char.repeat(fitting)}"`).ok).toBe(true);
    expect(bytes(`"${char.repeat(fitting + 1)}"`)).toMatchObject({
      error: { message: 'the JSON is larger than 12 bytes' },
    });
  });

  test('refuses a megabyte of brackets before it builds anything of it', () => {
    expect(parse('['.repeat(1_000_000))).toMatchObject({
      error: { message: 'the JSON is nested deeper than 16 levels' },
    });
    expect(parse('{"a":'.repeat(200_000)).ok).toBe(false);
  });

  test('is not fooled by structure inside strings', () => {
    expect(parse('{"a:b":"{[:\\"}","c":"\\\\"}')).toEqual({ ok: true, value: { 'a:b': '{[:"}', c: '\\' } });
  });

  test('changes no prototype', () => {
    parse('{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
