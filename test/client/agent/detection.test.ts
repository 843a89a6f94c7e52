import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { detectChallenge } from '../../../lib/client/agent/detection.ts';
import { textsOf, toHeaders } from '../../../lib/client/agent/result-shape.ts';
import { CHALLENGE_BODY_MAX_BYTES, CHALLENGE_HEADER_MAX_CHARS } from '../../../lib/domain/limits.ts';
import { mppHeader } from '../../support/mpp.ts';
import { base64 } from '../script.ts';
import { asMarker, terms } from './world.ts';

const HEADER = { name: 'payment-required', value: base64(terms()) };
const headers = { 'Payment-Required': HEADER.value, 'set-cookie': 'own=1' };
const inHeader = { status: 402, headers: [HEADER], body: null };
const inBody = { status: 402, headers: [], body: JSON.stringify(terms()) };
const asText = (text: string) => ({ content: [{ type: 'text', text }] });
const asTexts = (...texts: readonly string[]) => ({ content: texts.map((text) => ({ type: 'text', text })) });
const HEADERS_LINE = `Headers: ${JSON.stringify(headers)}`;
const inMpp = (value: string) => ({ status: 402, headers: [{ name: 'www-authenticate', value }], body: null });
const gateway = { toolName: 'search', parameters: { q: 'tea' } };

const detect = (result: unknown, { input = {} as unknown, unmarked = false } = {}) =>
  detectChallenge(result, { input, unmarked });

describe('a tool says by itself that it met a 402', () => {
  test.each<[string, unknown, object]>([
    ["AWS's marker in a text", asMarker(), { ...inHeader, body: '{}' }],
    ["AWS's marker in a block", asText(asMarker()), { ...inHeader, body: '{}' }],
    ["AWS's marker in a later block", asTexts('hello', asMarker()), { ...inHeader, body: '{}' }],
    ["AWS's marker without a blank", asMarker().replace(': ', ':'), { ...inHeader, body: '{}' }],
    ["AWS's marker before many blanks", asMarker().replace(': ', ': \n  '), { ...inHeader, body: '{}' }],
    [
      'the marker with a body of version 1',
      `PAYMENT_REQUIRED: ${JSON.stringify({ statusCode: 402, headers: {}, body: terms() })}`,
      inBody,
    ],
    ['an object with the status of AWS', { statusCode: 402, headers, body: null }, inHeader],
    ['an object with the status of a response', { status: 402, headers: new Headers(headers) }, inHeader],
    ['an object with pairs of headers', { status: 402, headers: Object.entries(headers) }, inHeader],
    ['an object with named headers', { status: 402, headers: [HEADER] }, inHeader],
    ['the status of a gateway', { httpStatus: 402, responseHeaders: {}, structuredContent: terms() }, inBody],
    [
      'blocks of status, headers and body',
      {
        content: [{ text: 'Status Code: 402' }, { text: `Headers: ${JSON.stringify(headers)}` }, { text: 'Body: {}' }],
      },
      { ...inHeader, body: '{}' },
    ],
    [
      'the same with headers as Python writes them',
      {
        content: [
          { text: 'Status Code: 402' },
          { text: `Headers: {'Payment-Required': '${HEADER.value}', 'x': "it's"}` },
        ],
      },
      inHeader,
    ],
    [
      'blocks without a blank after the colon, nor a body',
      asTexts('Status Code:402', HEADERS_LINE.replace(': ', ':')),
      inHeader,
    ],
    [
      'headers as Python writes them without blanks, with a quote in them',
      asTexts('Status Code: 402', `Headers: {'www-authenticate':"Payment realm='tea'"}`),
      inMpp("Payment realm='tea'"),
    ],
    [
      'headers as Python writes them, in quotation marks',
      asTexts('Status Code: 402', `Headers: "{'www-authenticate': 'Payment a=1'}"`),
      inMpp('Payment a=1'),
    ],
    [
      'a challenge of MPP after one of another scheme',
      { status: 402, headers: { 'www-authenticate': 'Bearer realm="a", Payment id="1"' } },
      inMpp('Bearer realm="a", Payment id="1"'),
    ],
    [
      'the same without a blank between them',
      { status: 402, headers: { 'www-authenticate': 'Bearer realm="a",payment id="1"' } },
      inMpp('Bearer realm="a",payment id="1"'),
    ],
    [
      'an MCP error whose headers ask for nothing, with its terms as text',
      { isError: true, responseHeaders: {}, ...asText(JSON.stringify(terms())) },
      inBody,
    ],
    ['an MCP error with its terms', { isError: true, structuredContent: terms(), content: [] }, inBody],
    ['an MCP error with its terms as text', { isError: true, ...asText(JSON.stringify(terms())) }, inBody],
  ])('by %s', (_what, result, challenge) => {
    expect(detect(result)).toEqual(challenge);
  });

  test("by the result of a gateway's tool", () => {
    expect(detect({ structuredContent: terms() }, { input: gateway })).toEqual(inBody);
    const value = mppHeader();
    const asking = { responseHeaders: { 'WWW-Authenticate': value }, structuredContent: { error: 'pay' } };
    expect(detect(asking, { input: gateway })).toEqual({
      status: 402,
      headers: [{ name: 'www-authenticate', value }],
      body: '{"error":"pay"}',
    });
  });
});

const unmarked: [string, unknown, object][] = [
  ['JSON with a status', JSON.stringify({ statusCode: 402, headers, body: null }), inHeader],
  ['the JSON of terms', JSON.stringify(terms()), inBody],
  ['the JSON of a gateway', JSON.stringify({ httpStatus: 402, structuredContent: terms() }), inBody],
  ['JSON with structured terms', JSON.stringify({ structuredContent: terms() }), inBody],
  ['a result with structured terms that is no error', { structuredContent: terms(), content: [] }, inBody],
  [
    'lines of status, headers and body',
    `Status Code: 402\nHeaders: ${JSON.stringify(headers)}\nBody: {}`,
    { ...inHeader, body: '{}' },
  ],
  ['the first lines of a page without a body', `Status Code:402 Payment Required\n${HEADERS_LINE}`, inHeader],
  [
    'JSON with a status that quotes the marker',
    JSON.stringify({ note: 'PAYMENT_REQUIRED: ', statusCode: 402, headers, body: null }),
    inHeader,
  ],
  [
    'headers that ask by MPP',
    JSON.stringify({ headers: { 'www-authenticate': 'Payment id="1"' } }),
    { status: 402, headers: [{ name: 'www-authenticate', value: 'Payment id="1"' }], body: null },
  ],
];

describe('a text that does not say of itself that it is a 402 is one only where that is wanted', () => {
  test.each(unmarked)('%s', (_what, result, challenge) => {
    const block = typeof result === 'string' ? asText(result) : result;
    expect([detect(result), detect(block)]).toEqual([null, null]);
    expect([detect(result, { unmarked: true }), detect(block, { unmarked: true })]).toEqual([challenge, challenge]);
  });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a number', 402],
  ['a page that speaks of payments', 'HTTP 402 is called Payment Required: {'],
  ['blocks of another status', asTexts('Status Code: 200', HEADERS_LINE)],
  ['blocks that only speak of the status', asTexts('It says Status Code: 402', HEADERS_LINE)],
  ['lines that only speak of the status', `It says Status Code: 402\n${HEADERS_LINE}`],
  ['lines with others among them', `Status Code: 402\n${HEADERS_LINE}\nNote: x\nBody: {}`],
  ['an MCP error with a version and no offers', { isError: true, structuredContent: { x402Version: 2 } }],
  ['the JSON of a version and no offers', JSON.stringify({ x402Version: 2 })],
  ['the JSON of offers whose version stands elsewhere', JSON.stringify({ accepts: [{ x402Version: 2 }] })],
  [
    'a challenge of a scheme whose name ends like ours',
    { statusCode: 402, headers: { 'www-authenticate': 'Prepayment id="1"' } },
  ],
  ['the marker in the middle of a text', `as I said, ${asMarker()}`],
  ['the marker before broken JSON', 'PAYMENT_REQUIRED: {"statusCode":402'],
  ['the marker before another status', asMarker().replace('402', '403')],
  ['a 402 that asks for an invoice', { statusCode: 402, headers: {}, body: 'please subscribe' }],
  ['a challenge of another scheme', { statusCode: 402, headers: { 'www-authenticate': 'Bearer realm="payments"' } }],
  ['a status of another kind beside terms', JSON.stringify({ statusCode: 200, body: terms(), headers })],
  ['a header that HTTP cannot carry', { statusCode: 402, headers: { 'payment-required': 'a\nb' } }],
])('%s is none', (_what, result) => {
  expect([detect(result), detect(result, { unmarked: true })]).toEqual([null, null]);
});

test('nothing that a tool returns makes it throw', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.json().map((text) => `PAYMENT_REQUIRED: ${text}`),
    fc.json().map(asText),
  );
  fc.assert(
    fc.property(anything, fc.boolean(), (result, isUnmarked) => {
      const found = detect(result, { unmarked: isUnmarked });
      return found === null || found.status === 402;
    }),
  );
});

describe('of what a tool returns no more is looked at than a 402 may hold', () => {
  const longest = CHALLENGE_HEADER_MAX_CHARS + CHALLENGE_BODY_MAX_BYTES;
  test.each([
    [longest, { ...inHeader, body: '{}' }],
    [longest + 1, null],
  ])('of a text %i characters', (chars, challenge) => {
    expect(detect(asMarker().padEnd(chars))).toEqual(challenge);
  });

  test('32 texts, and those that are none are passed over', () => {
    const texts = Array.from({ length: 33 }, (_, index) => `${index}`);
    expect(textsOf(texts)).toEqual(texts.slice(0, 32));
    expect(textsOf({ content: 'one' })).toEqual(['one']);
    expect(textsOf({ content: { text: 'one' } })).toEqual([]);
    expect(textsOf(['one', { text: 'two' }, { text: 3 }, { image: 'four' }, null])).toEqual(['one', 'two']);
  });

  test.each<[string, (pairs: readonly [string, string][]) => unknown]>([
    ['pairs', (pairs) => pairs],
    ['named ones', (pairs) => pairs.map(([name, value]) => ({ name, value }))],
    ['an object', Object.fromEntries],
  ])('200 headers that are %s', (_what, as) => {
    const pairs = Array.from({ length: 201 }, (_, index) => [`x-${index}`, 'a'] as [string, string]);
    const read = toHeaders(as(pairs));
    expect([read.has('x-199'), read.has('x-200')]).toEqual([true, false]);
  });
});
