import { expect, test } from 'vitest';
import { withOrigin } from '../../lib/api/browser-origin.ts';
import type { ApiEvent } from '../../lib/api/http.ts';

const ORIGINS = ['https://app.example', 'https://admin.example'];
const answer = { statusCode: 200, headers: { 'x-amzn-requestid': 'r-1' }, body: '{}' };

function ask(resource: string, headers: Record<string, string | readonly string[]>) {
  const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()]));
  const event = { resource, headers: null, multiValueHeaders } as unknown as ApiEvent;
  return withOrigin(answer, event, ORIGINS).headers;
}

test.each(ORIGINS)('a page of %s may read the answer to a call with a token, and its headers', (origin) => {
  expect(ask('/oauth/payments/processPayment', { Origin: origin })).toEqual({
    'x-amzn-requestid': 'r-1',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-amzn-requestid,x-amzn-errortype,x-bursar-replayed,traceresponse',
    vary: 'Origin',
  });
});

test.each<[string, Record<string, string | readonly string[]>]>([
  ['of another origin', { origin: 'https://evil.example' }],
  ['of a host within', { origin: 'https://x.app.example' }],
  ['of another scheme', { origin: 'http://app.example' }],
  ['of no origin', { origin: 'null' }],
  ['that names two origins', { origin: ['https://app.example', 'https://evil.example'] }],
  ['that names none', {}],
])('a caller %s gets no permission', (_who, headers) => {
  expect(ask('/oauth/payments/processPayment', headers)).toEqual({ 'x-amzn-requestid': 'r-1', vary: 'Origin' });
});

test('the answer to a signed call is no page’s', () => {
  expect(ask('/payments/processPayment', { origin: ORIGINS[0]! })).toEqual(answer.headers);
});
