import { REQUESTS } from '../../lib/contract/requests.ts';
import { describe, expect, test } from 'vitest';
import { createFunction, type HandlersOf } from '../../lib/api/function.ts';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { readRequest } from '../../lib/api/request.ts';
import { toWireError } from '../../lib/api/errors.ts';
import { ok, refuse } from '../../lib/domain/result.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';
import { VALID } from './requests.ts';

const KB = 1_024;

/** `accepted`, or the message that the caller gets. */
function outcomeOf(operation: OperationName, event: Parameters<typeof makeEvent>[1]): string {
  const read = readRequest({ requests: REQUESTS, routes: OPERATIONS }, operation, makeEvent(operation, event));
  return read.ok ? 'accepted' : toWireError(read.error).message;
}

/** A valid body of so many bytes in UTF-8, filled up with a member that nobody knows. */
function bodyOf(operation: OperationName, bytes: number, filler: string): string {
  const empty = Buffer.byteLength(JSON.stringify({ ...VALID[operation], p: '' }));
  const unit = Buffer.byteLength(filler);
  const count = Math.floor((bytes - empty) / unit);
  return JSON.stringify({ ...VALID[operation], p: filler.repeat(count) + 'x'.repeat(bytes - empty - count * unit) });
}

describe.each<readonly [OperationName, number]>([
  ['CreatePaymentSession', 64],
  ['ProcessPayment', 64],
  ['GetWorkloadAccessToken', 192],
  ['GetResourcePaymentToken', 192],
])('the body of %s', (operation, kilobytes) => {
  const max = kilobytes * KB;
  const fillers = ['x', 'é', '研', '😀'];

  test.each(fillers)('may have as many bytes as its limit, of %s', (filler) => {
    const body = bodyOf(operation, max, filler);
    expect(Buffer.byteLength(body)).toBe(max);
    expect(outcomeOf(operation, { body })).toBe('accepted');
    const encoded = Buffer.from(body).toString('base64');
    expect(outcomeOf(operation, { body: encoded, isBase64Encoded: true })).toBe('accepted');
  });

  test.each(fillers)('is refused with one byte more, of %s', (filler) => {
    const body = bodyOf(operation, max + 1, filler);
    const expected = `The request cannot be read: the body is larger than ${max} bytes`;
    expect(outcomeOf(operation, { body })).toBe(expected);
    const encoded = Buffer.from(body).toString('base64');
    expect(outcomeOf(operation, { body: encoded, isBase64Encoded: true })).toBe(expected);
  });
});

describe('the JSON of a body', () => {
  const operation = 'CreatePaymentSession';
  const withMember = (value: unknown) => outcomeOf(operation, { json: { ...VALID[operation], p: value } });
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));
  const own = Object.keys(VALID[operation]).length + 1;

  test.each<[string, unknown]>([
    ['sixteen levels', nested(15)],
    ['2,000 members', members(2_000 - own)],
    ['4,000 members and entries', Array.from({ length: 4_000 - own }, () => 0)],
    ['4,000 of them in many lists', Array.from({ length: (4_000 - own) / 3 }, () => [0, 0])],
  ])('may have %s', (_what, value) => {
    expect(withMember(value)).toBe('accepted');
  });

  test.each<[string, unknown, string]>([
    ['seventeen levels', nested(16), 'nested deeper than 16 levels'],
    ['2,001 members', members(2_001 - own), 'more than 2000 members'],
    [
      '4,001 members and entries',
      Array.from({ length: 4_001 - own }, () => 0),
      'more than 4000 members and list entries',
    ],
    [
      '4,001 of them in many lists',
      [...Array.from({ length: 1_333 - own }, () => [0, 0]), ...Array.from({ length: 12 }, () => 0)],
      'more than 4000',
    ],
  ])('is refused with %s', (_what, value, expected) => {
    expect(withMember(value)).toContain(expected);
  });
});

describe('the offer in a body', () => {
  const withOffer = (member: unknown, name = 'payload') =>
    outcomeOf('ProcessPayment', {
      json: { ...VALID.ProcessPayment, paymentInput: { cryptoX402: { [name]: member } } },
    });
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));
  const zeros = (count: number) => Array.from({ length: count }, () => 0);

  test.each<[string, unknown]>([
    ['128 levels', nested(128)],
    ['as many members as a body has room for', members(6_000)],
    ['20,000 members and entries', zeros(20_000)],
    ['names of prototypes', { constructor: { prototype: 1 } }],
    ['half a character', { description: '\ud83d' }],
  ])('may have %s, which nothing else may', (_what, offer) => {
    expect(withOffer(offer)).toBe('accepted');
    expect(withOffer(offer, 'other')).toContain('The request cannot be read');
  });

  test.each<[string, unknown, string]>([
    ['129 levels', nested(129), 'nested deeper than'],
    ['20,001 members and entries', zeros(20_001), 'more than 20000 members and list entries'],
    ['a name that sets a prototype', JSON.parse('{"__proto__":1}'), "named '__proto__'"],
  ])('is refused with %s', (_what, offer, expected) => {
    expect(withOffer(offer)).toContain(expected);
  });
});

describe('an answer', () => {
  const requestId = '11111111-2222-3333-4444-555555555555';
  const operations = (Object.keys(OPERATIONS) as OperationName[]).filter(
    (name) => OPERATIONS[name].function === 'manage-identities',
  );
  const handlerOf = (handle: () => Promise<unknown>) => {
    const handlers = Object.fromEntries(operations.map((name) => [name, handle]));
    return createFunction('manage-identities', handlers as unknown as HandlersOf<'manage-identities'>, {
      routes: OPERATIONS,
      requests: REQUESTS,
      clock: createTestClock(),
      metricNamespace: 'Bursar',
      log: () => undefined,
    }) as unknown as (event: ApiEvent, context: object) => Promise<ApiResponse>;
  };
  const ask = (
    handle: () => Promise<unknown>,
    operation: OperationName = 'DeleteWorkloadIdentity',
    json: unknown = VALID[operation],
  ) => handlerOf(handle)(makeEvent(operation, { json }), { getRemainingTimeInMillis: () => 1_000 });

  test('of 204 has neither a body nor a type of one', async () => {
    const response = await ask(async () => ok({ body: null }));
    expect(response).toEqual({ statusCode: 204, headers: { 'x-amzn-requestid': requestId }, body: '' });
  });

  test.each<[string, () => Promise<unknown>, OperationName, unknown, number]>([
    ['a success', async () => ok({ body: {} }), 'GetWorkloadIdentity', VALID.GetWorkloadIdentity, 200],
    [
      'a refusal',
      async () => refuse({ reason: 'not_found', resource: 'resource' }),
      'GetWorkloadIdentity',
      VALID.GetWorkloadIdentity,
      404,
    ],
    ['a wrong member', async () => ok({ body: {} }), 'GetWorkloadIdentity', {}, 400],
    ['an unreadable body', async () => ok({ body: {} }), 'GetWorkloadIdentity', [], 400],
    ['somebody else’s route', async () => ok({ body: {} }), 'ProcessPayment', VALID.ProcessPayment, 404],
    [
      'a failure',
      async () => {
        throw new Error('broken');
      },
      'GetWorkloadIdentity',
      VALID.GetWorkloadIdentity,
      500,
    ],
  ])(
    'of %s has the id of its request, and its error’s name in header and body',
    async (_what, handle, operation, json, status) => {
      const response = await ask(handle, operation, json);
      expect(response.statusCode).toBe(status);
      expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'x-amzn-requestid': requestId });
      const { __type: name } = JSON.parse(response.body) as { __type?: string };
      expect(name).toBe(response.headers['x-amzn-errortype']);
      expect(name === undefined).toBe(status < 400);
    },
  );
});
