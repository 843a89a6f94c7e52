import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatTraceresponse,
  formatXRayId,
  parseTraceHeader,
  parseTraceparent,
} from '../../lib/telemetry/trace-context.ts';

const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const TRACE = '5759e988bd862e3fe1be46a994272793';
const PARENT = '53995c3f42cd8ad8';

describe("X-Ray's header", () => {
  test.each([
    [`Root=${ROOT};Parent=${PARENT};Sampled=1`, { parentId: PARENT, sampled: true }],
    [`Root=${ROOT};Parent=${PARENT};Sampled=0`, { parentId: PARENT, sampled: false }],
    [`Root=${ROOT};Parent=${PARENT};Sampled=1;Lineage=1:a87bd80c:0`, { parentId: PARENT, sampled: true }],
    [`Self=1-67891234-12456789abcdef012345678; Root=${ROOT}`, { parentId: null, sampled: false }],
    [`Root=${ROOT};Sampled=?`, { parentId: null, sampled: false }],
    [`Root=${ROOT};Parent=${PARENT.toUpperCase()};Sampled=1`, { parentId: null, sampled: true }],
    [`Root=${ROOT};Parent=0000000000000000;Sampled=1`, { parentId: null, sampled: true }],
  ])('names a trace: %s', (header, expected) => {
    expect(parseTraceHeader(header)).toEqual({ traceId: TRACE, ...expected });
  });

  test.each([
    ['nothing', ''],
    ['no root', `Parent=${PARENT};Sampled=1`],
    ['capitals', `Root=${ROOT.toUpperCase()};Sampled=1`],
    ['a short id', `Root=${ROOT.slice(0, -1)};Sampled=1`],
    ['a long id', `Root=${ROOT}0;Sampled=1`],
    ['only zeros', 'Root=1-00000000-000000000000000000000000;Sampled=1'],
    ['a version of its own', `Root=2${ROOT.slice(1)};Sampled=1`],
    ['a quote', `Root=${ROOT}","x":";Sampled=1`],
    ['too much', `Root=${ROOT};Sampled=1;${'a'.repeat(512)}`],
  ])('names none: %s', (_what, header) => {
    expect(parseTraceHeader(header)).toBeNull();
  });

  test('is printed in the form of the console', () => {
    expect(formatXRayId(TRACE)).toBe(ROOT);
  });
});

describe("W3C's traceparent", () => {
  const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
  const parent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

  test('is read with its flags', () => {
    expect(parseTraceparent([parent])).toEqual({ ...CALLER, flags: 1, state: null });
    expect(parseTraceparent([`${parent.slice(0, -2)}00`])).toMatchObject({ flags: 0 });
  });

  test('of a later version is read as far as it is known', () => {
    expect(parseTraceparent([`01${parent.slice(2)}`])).toMatchObject(CALLER);
    expect(parseTraceparent([`cc${parent.slice(2)}-what-the-future-will-be-like`])).toMatchObject(CALLER);
  });

  test.each([
    ['none', []],
    ['two', [parent, parent]],
    ['an empty one', ['']],
    ['version ff', [`ff${parent.slice(2)}`]],
    ['capitals', [parent.toUpperCase()]],
    ['a capital in an id', [parent.replace('af', 'Af')]],
    ['a trace of zeros', [`00-${'0'.repeat(32)}-${CALLER.spanId}-01`]],
    ['a span of zeros', [`00-${CALLER.traceId}-${'0'.repeat(16)}-01`]],
    ['one that is too short', [parent.slice(0, -1)]],
    ['version 00 with more', [`${parent}-more`]],
    ['a later version that is too long', [`01${parent.slice(2)}-${'a'.repeat(201)}`]],
    ['a line break', [`${parent}\n`]],
    ['two in one', [`${parent},${parent}`]],
  ])('is ignored: %s', (_what, parents) => {
    expect(parseTraceparent(parents)).toBeNull();
  });

  test('comes with the state of 512 characters, and without that of 513', () => {
    const state = (length: number) => ['a=1', `b=${'x'.repeat(length - 6)}`];
    expect(parseTraceparent([parent], state(512))?.state).toHaveLength(512);
    expect(parseTraceparent([parent], state(513))).toMatchObject({ ...CALLER, state: null });
  });

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 3 }), (headers) => {
        parseTraceparent(headers, headers);
        for (const header of headers) parseTraceHeader(header);
      }),
    );
  });

  test('of an answer names trace, span and whether they are recorded', () => {
    expect(formatTraceresponse(TRACE, PARENT, true)).toBe(`00-${TRACE}-${PARENT}-01`);
    expect(formatTraceresponse(TRACE, PARENT, false)).toBe(`00-${TRACE}-${PARENT}-00`);
  });
});
