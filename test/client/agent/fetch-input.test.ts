import { describe, expect, test } from 'vitest';
import { HEADERS_DEFAULT, readFetchInput, toFetchSchema } from '../../../lib/client/agent/fetching/fetch-input.ts';

const url = 'https://seller.example/report';
const rules = { methods: ['GET', 'POST', 'HEAD'], headers: HEADERS_DEFAULT, hosts: null, maxPriceUsd: '1.00' };
const read = (input: object, more: object = {}) => readFetchInput({ url, ...input }, { ...rules, ...more });

test('a model is told what it may say, and of each member what it is', () => {
  expect(toFetchSchema({ ...rules, methods: ['PUT', 'GET'] })).toEqual({
    type: 'object',
    properties: {
      url: { type: 'string', description: 'Absolute URL of what is wanted.' },
      method: { type: 'string', enum: ['PUT', 'GET'], description: 'PUT where it is left out.' },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      body: { type: 'string' },
      maxPriceUsd: {
        type: 'string',
        description:
          'The most that this call may cost, in dollars, such as 0.25. It can only lower the limit that is set.',
      },
      intent: { type: 'string', description: 'What it is for, in a few words.' },
    },
    required: ['url'],
    additionalProperties: false,
  });
});

test('what is left out is the first method, no headers, no body and the limit that is set', () => {
  const nothing = { method: null, headers: null, body: null, maxPriceUsd: null, intent: null };
  for (const input of [{}, nothing]) {
    const asked = { url: new URL(url), method: 'GET', headers: {}, body: undefined, maxPriceUsd: '1.00' };
    expect(read(input)).toEqual({ ...asked, intent: undefined });
  }
});

test('the headers are those that say what is accepted and sent', () => {
  const headers = {
    Accept: 'text/plain',
    'accept-language': 'en',
    'content-type': 'text/plain',
    'if-modified-since': 'Sun, 29 Nov 2026 12:00:00 GMT',
    'if-none-match': '"a"',
    range: 'bytes=0-9',
  };
  expect(read({ headers })).toMatchObject({ headers });
});

describe('a refusal says what was expected', () => {
  const allowed = 'accept, accept-language, content-type, if-modified-since, if-none-match, range';
  const long = (name: string) => `the header ${name} must be a text of at most 4096 printable characters`;
  test.each<[string, object, string]>([
    ['a relative URL', { url: '/report' }, 'url must be an absolute URL'],
    ['a user in the URL', { url: 'https://user@seller.example/' }, 'url must hold no credentials'],
    ['a password in the URL', { url: 'https://:secret@seller.example/' }, 'url must hold no credentials'],
    ['another method', { method: 'DELETE' }, 'method must be GET or POST or HEAD'],
    ['a method that is a number', { method: 5 }, 'method must be a text'],
    ['a body of a GET', { body: 'x' }, 'a GET has no body'],
    ['a body of a HEAD', { method: 'HEAD', body: 'x' }, 'a HEAD has no body'],
    ['headers in a text', { headers: 'accept' }, 'headers must be an object of texts'],
    ['headers in a list', { headers: [] }, 'headers must be an object of texts'],
    ['another header', { headers: { cookie: 'a' } }, `of headers there may be ${allowed}`],
    ['a header in a list', { headers: { Accept: ['a'] } }, long('accept')],
    ['a header of two lines', { headers: { Accept: 'a\nb' } }, long('accept')],
    ['a price that is none', { maxPriceUsd: 'much' }, 'maxPriceUsd must be US dollars as a decimal number'],
  ])('to %s', (_what, input, why) => {
    expect(() => read(input)).toThrow(expect.objectContaining({ code: 'client:input_refused' }) as Error);
    expect(() => read(input)).toThrow(why);
  });

  test('to a host that is not listed', () => {
    const hosts = { hosts: ['shops.example', '*.data.example'] };
    for (const host of ['myshops.example', 'data.example']) {
      expect(() => read({ url: `https://${host}/` }, hosts)).toThrow(
        expect.objectContaining({
          code: 'client:host_refused',
          message: `${host} is not among the hosts that may be asked`,
        }) as Error,
      );
    }
    expect(read({ url: 'https://my.data.example/' }, hosts).url.host).toBe('my.data.example');
  });
});

describe('nothing is longer than its bound', () => {
  const headersOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, '']));
  const wide = { headers: Object.keys(headersOf(33)) };
  test.each<[string, object, object, string]>([
    ['a URL of 8,192 characters', { url: url.padEnd(8_192, 'x') }, { url: url.padEnd(8_193, 'x') }, 'absolute URL'],
    [
      'a body of 262,144',
      { method: 'POST', body: 'x'.repeat(262_144) },
      { method: 'POST', body: 'x'.repeat(262_145) },
      'body may have 262144 characters',
    ],
    ['32 headers', { headers: headersOf(32) }, { headers: headersOf(33) }, 'there may be 32 headers'],
    ['a header of 4,096', { headers: { 'x-1': 'x'.repeat(4_096) } }, { headers: { 'x-1': 'x'.repeat(4_097) } }, '4096'],
  ])('%s', (_what, longest, longer, why) => {
    expect(() => read(longest, wide)).not.toThrow();
    expect(() => read(longer, wide)).toThrow(why);
  });
});

test.each([
  ['0.50', '1.00', '0.50'],
  ['1.00', '1.00', '1.00'],
  ['5', '1.00', '1.00'],
  ['5', null, '5'],
])('a model that would spend %s of at most %s may spend %s', (maxPriceUsd, limit, spent) => {
  expect(read({ maxPriceUsd }, { maxPriceUsd: limit }).maxPriceUsd).toBe(spent);
});
