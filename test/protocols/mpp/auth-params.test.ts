import { describe, expect, test } from 'vitest';
import { CHALLENGES_MAX, PARAMS_MAX, parseAuthenticate } from '../../../lib/protocols/mpp/auth-params.ts';

/** Each challenge as its scheme and its parameters; `null` for a blob in their place. */
function challengesOf(header: string): unknown {
  const read = parseAuthenticate(header);
  return read.ok
    ? read.value.map(({ scheme, params }) => [scheme, params === null ? null : Object.fromEntries(params)])
    : read.error;
}

const numbered = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => of(n)).join();

describe('a WWW-Authenticate header', () => {
  test.each<[string, readonly unknown[]]>([
    ['', []],
    [' ,\t, ', []],
    ['Negotiate', [['negotiate', {}]]],
    [
      'Negotiate, Basic',
      [
        ['negotiate', {}],
        ['basic', {}],
      ],
    ],
    [
      'Negotiate ,, Basic ,',
      [
        ['negotiate', {}],
        ['basic', {}],
      ],
    ],
    ['Negotiate YII', [['negotiate', null]]],
    ['Negotiate YII=', [['negotiate', null]]],
    ['Negotiate YII= ', [['negotiate', null]]],
    ['Negotiate \t YII==', [['negotiate', null]]],
    [
      'Negotiate YII==, Basic a=b',
      [
        ['negotiate', null],
        ['basic', { a: 'b' }],
      ],
    ],
    [
      'Negotiate YII \t , Basic a=b',
      [
        ['negotiate', null],
        ['basic', { a: 'b' }],
      ],
    ],
    ['Basic realm=x', [['basic', { realm: 'x' }]]],
    ['BASIC \t REALM \t = \t "x" \t ', [['basic', { realm: 'x' }]]],
    ['Basic a=b,c=d', [['basic', { a: 'b', c: 'd' }]]],
    ['Basic a=b \t,\t , c="d"', [['basic', { a: 'b', c: 'd' }]]],
    ['Basic a=b ,, ', [['basic', { a: 'b' }]]],
    [
      'Basic a=b , Digest c=d, Negotiate',
      [
        ['basic', { a: 'b' }],
        ['digest', { c: 'd' }],
        ['negotiate', {}],
      ],
    ],
    ['Basic a=""', [['basic', { a: '' }]]],
    ['Basic a="b, Payment c=\\"d\\""', [['basic', { a: 'b, Payment c="d"' }]]],
    [String.raw`Basic a="\b\\\"\u00e9\u20AC\u12"`, [['basic', { a: 'b\\"é€u12' }]]],
    ['Basic a="\tb"', [['basic', { a: '\tb' }]]],
    ["Basic a-b_c.d!#$%&'*+^`|~9=e", [['basic', { "a-b_c.d!#$%&'*+^`|~9": 'e' }]]],
  ])('of the text %j is read as it is written', (header, challenges) => {
    expect(challengesOf(header)).toEqual(challenges);
  });

  const STRAY = 'it holds text that belongs to no challenge';
  const NO_PARAMETER = 'a challenge holds something that is no parameter';
  const CONTROL_IN_VALUE = 'a parameter holds a control character';
  const NO_COMMA = 'two of its parts are not separated by a comma';
  const NO_VALUE = 'the value of a parameter is neither quoted nor a plain word';

  test.each([
    ['Basic a="\n"', 'it holds a control character'],
    ['Basic\u007f a=b', 'it holds a control character'],
    ['"quoted"', STRAY],
    ['= , Basic a=b', STRAY],
    ['Basic="x"', STRAY],
    ['Basic"x"', STRAY],
    ['Basic/abc', STRAY],
    ['Basic a=b, Digest/abc', STRAY],
    ['Basic "x"', NO_PARAMETER],
    ['Basic abc def', NO_PARAMETER],
    ['Basic abc=== def', NO_VALUE],
    ['Basic a=b, c=', NO_VALUE],
    ['Basic a=b, c=, d=e', NO_VALUE],
    ['Basic a="b', NO_VALUE],
    ['Basic a="b\\"', NO_VALUE],
    [String.raw`Basic a="\u0000"`, CONTROL_IN_VALUE],
    [String.raw`Basic a="\ud800"`, CONTROL_IN_VALUE],
    ['Basic a=b, A=c', 'a challenge holds a parameter twice'],
    ['Basic a=b c=d', NO_COMMA],
    ['Basic a="b"c=d', NO_COMMA],
    ['Basic a=b; c=d', NO_COMMA],
  ])('of the text %j is refused with its reason', (header, reason) => {
    expect(challengesOf(header)).toBe(reason);
  });

  test('holds as many challenges and parameters as are allowed, and not one more', () => {
    const [challenges, params] = [(n: number) => `Basic a=${n}`, (n: number) => `p${n}=1`];
    expect(challengesOf(numbered(CHALLENGES_MAX, challenges))).toHaveLength(CHALLENGES_MAX);
    expect(challengesOf(numbered(CHALLENGES_MAX + 1, challenges))).toBe('it holds more than 32 challenges');
    const [[, most]] = challengesOf(`Basic ${numbered(PARAMS_MAX, params)}`) as [[string, object]];
    expect(Object.keys(most)).toHaveLength(PARAMS_MAX);
    const more = challengesOf(`Basic ${numbered(PARAMS_MAX + 1, params)}`);
    expect(more).toBe('a challenge holds more than 32 parameters');
  });
});
