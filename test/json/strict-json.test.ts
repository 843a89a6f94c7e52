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

  test('needs no more stack and little more time for a deep text than for a flat one', () => {
    const levels = 100_000;
    const loose = { maxDepth: levels, maxMembers: levels, prototypeNames: 'read' } as const;
    for (const [open, shut] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[{"constructor":', '}]'],
    ] as const) {
      const pairs = levels / (open.length > 5 ? 2 : 1);
      const deep = `${open.repeat(pairs)}1${shut.repeat(pairs)}`;
      const started = performance.now();
      expect(parseStrictJson(deep, loose).ok).toBe(true);
      expect(parse(deep).ok).toBe(false);
      expect(parseStrictJson(deep.slice(0, -1), loose).ok).toBe(false);
      expect(performance.now() - started).toBeLessThan(3_000);
    }
  });

  test('takes time that grows with the text and not with its shape', () => {
    const loose = { maxDepth: 1_000_000, maxMembers: 1_000_000, prototypeNames: 'read' } as const;
    const piece = fc.constantFrom(
      '[',
      '{"a":',
      '{"constructor":',
      '"',
      '\\',
      '1,',
      ']',
      '}',
      '{"a":1,"a":',
      '"\\u0061"',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const text = pieces.join('').repeat(10_000).slice(0, 60_000);
        const started = performance.now();
        expect(typeof parseStrictJson(text, loose).ok).toBe('boolean');
        expect(performance.now() - started).toBeLessThan(1_000);
      }),
      { numRuns: 200 },
    );
  });

  test('reads names of prototypes where they may stand, and never the one that sets one', () => {
    const loose = { ...bounds, prototypeNames: 'read' } as const;
    expect(parseStrictJson('{"constructor":{"prototype":1}}', loose)).toEqual({
      ok: true,
      value: { constructor: { prototype: 1 } },
    });
    expect(parseStrictJson('{"a":{"__proto__":1}}', loose).ok).toBe(false);
  });

  test('counts members and list entries together where they are bounded', () => {
    const few = { ...bounds, maxValues: 4 };
    expect(parseStrictJson('{"a":[1,2,3]}', few).ok).toBe(true);
    expect(parseStrictJson('{"a":[1,2,3,4]}', few)).toMatchObject({
      error: { message: 'the JSON has more than 4 members and list entries' },
    });
  });

  describe('with bounds of its own for a part', () => {
    const part = { path: ['a', 'b'], maxDepth: 20, maxMembers: 30, maxValues: 40, prototypeNames: 'read' } as const;
    const mixed = (text: string) => parseStrictJson(text, { maxDepth: 4, maxMembers: 6, maxValues: 8, part });
    const nest = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"m${at}":0`).join()}}`;

    test.each([
      ['nesting', `{"a":{"b":${nest(20)}}}`],
      ['members', `{"a":{"b":${members(30)}}}`],
      ['list entries', `{"a":{"b":[${Array.from({ length: 40 }, () => 0).join()}]}}`],
      ['names', '{"a":{"b":{"constructor":{"prototype":1}}}}'],
    ])('lets the part have its %s', (_what, text) => {
      expect(mixed(text)).toEqual({ ok: true, value: JSON.parse(text) });
    });

    test.each([
      ['nesting beyond those of the part', `{"a":{"b":${nest(21)}}}`],
      ['members beyond those of the part', `{"a":{"b":${members(31)}}}`],
      ['list entries beyond those of the part', `{"a":{"b":[${Array.from({ length: 41 }, () => 0).join()}]}}`],
      ['nesting beside the part', `{"a":{"b":{},"c":${nest(3)}}}`],
      ['nesting at the path of another root', `[{"a":{"b":${nest(2)}}}]`],
      ['nesting at the path behind a list', `{"a":[{"b":${nest(2)}}]}`],
      ['nesting below another name', `{"b":{"a":${nest(3)}}}`],
      ['members beside the part', `{"x":${members(6)},"a":{"b":{}}}`],
      ['list entries beside the part', `{"x":[0,0,0,0,0,0],"a":{"b":{}}}`],
      ['a name of prototypes beside the part', '{"a":{"b":{},"constructor":1}}'],
      ['the path again inside itself', `{"a":{"a":{"b":${nest(2)}}}}`],
      ['a name twice inside the part', '{"a":{"b":{"c":1,"c":1}}}'],
      ['the part twice', '{"a":{"b":{"c":1},"b":{"c":1}}}'],
    ])('refuses %s', (_what, text) => {
      expect(mixed(text)).toMatchObject({ ok: false, error: { reason: 'cannot_parse' } });
    });
  });

  test('is not fooled by structure inside strings', () => {
    expect(parse('{"a:b":"{[:\\"}","c":"\\\\"}')).toEqual({ ok: true, value: { 'a:b': '{[:"}', c: '\\' } });
  });

  test('changes no prototype', () => {
    parse('{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
