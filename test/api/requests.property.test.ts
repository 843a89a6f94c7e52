import { REQUESTS } from '../../lib/contract/requests.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toWireError } from '../../lib/api/errors.ts';
import { OPERATIONS, type OperationName, type OperationRoute } from '../../lib/contract/operations.ts';
import { readRequest } from '../../lib/api/request.ts';
import { makeEvent } from '../support/events.ts';
import { VALID } from './requests.ts';

const ANSWER_MAX_BYTES = 8 * 1024;
const operations = Object.keys(OPERATIONS) as OperationName[];

/** Reads a body, and says how large the answer is when it is refused; whatever it is, it must be a ValidationException. */
function answerBytes(operation: OperationName, event: Parameters<typeof makeEvent>[1]): number {
  const read = readRequest({ requests: REQUESTS, routes: OPERATIONS }, operation, makeEvent(operation, event));
  if (read.ok) return 0;
  const { status, name, message, reason, fieldList = [] } = toWireError(read.error);
  expect([status, name]).toEqual([400, 'ValidationException']);
  expect(['CannotParse', 'FieldValidationFailed']).toContain(reason);
  expect(message).not.toBe('');
  expect(new Set(fieldList.map((field) => field.name)).size).toBe(fieldList.length);
  if (reason === 'FieldValidationFailed') expect(fieldList.length).toBeGreaterThan(0);
  for (const field of fieldList) expect([field.name, field.message]).not.toContain('');
  return Buffer.byteLength(JSON.stringify({ __type: name, message, reason, fieldList }));
}

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('"'.repeat(300), '\\'.repeat(300), '\u0000', '研'.repeat(300), 'toString', '0x10', '1e3'),
);
const anyValue = fc.jsonValue({ maxDepth: 4 });

/** A valid request with some members, at any depth, put in the place of others. */
function mutated(operation: OperationName): fc.Arbitrary<unknown> {
  const vary = (node: unknown): fc.Arbitrary<unknown> => {
    if (typeof node !== 'object' || node === null) {
      return fc.oneof({ weight: 3, arbitrary: fc.constant(node) }, hostileText, anyValue);
    }
    const members = Object.fromEntries(Object.entries(node).map(([name, member]) => [name, vary(member)]));
    const varied = Array.isArray(node) ? fc.tuple(...Object.values(members)) : fc.record(members, { requiredKeys: [] });
    return fc.oneof({ weight: 5, arbitrary: varied as fc.Arbitrary<unknown> }, anyValue);
  };
  return vary(VALID[operation]);
}

describe.each(operations)('%s', (operation) => {
  const route: OperationRoute = OPERATIONS[operation];

  test('reads any JSON without failing, and refuses it in few words', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(operation), anyValue), hostileText, fc.boolean(), (json, text, isBase64Encoded) => {
        const plain = JSON.stringify(json);
        const body = isBase64Encoded ? Buffer.from(plain).toString('base64') : plain;
        const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
        const query = Object.keys(route.query ?? {});
        const event = {
          body,
          isBase64Encoded,
          pathParameters: Object.fromEntries(names.map((name) => [name, text])),
          multiValueQueryStringParameters: Object.fromEntries(query.map((name) => [name, [text]])),
        };
        expect(answerBytes(operation, event)).toBeLessThan(ANSWER_MAX_BYTES);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an answer stays small', () => {
  const long = '"\\'.repeat(200);
  const list = (count: number, entry: unknown) => Array.from({ length: count }, () => entry);
  const many = (count: number, make: (at: number) => [string, unknown]) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => make(at)));

  test.each<[string, OperationName, object]>([
    ['for long names of tags', 'CreatePaymentManager', { tags: many(30, (at) => [`${at}${long}`, long]) }],
    ['for wrong tags without number', 'CreateWorkloadIdentity', { tags: many(1_900, (at) => [`k${at}`, 5]) }],
    [
      'for wrong entries of a list',
      'CreateWorkloadIdentity',
      { allowedResourceOauth2ReturnUrls: list(3_000, long.slice(0, 10)) },
    ],
    ['for a long list of nothing', 'CreatePaymentInstrument', { paymentInstrumentDetails: list(3_900, {}) }],
    [
      'for a long name of a member',
      'CreatePaymentSession',
      { limits: { maxSpendAmount: { value: long.repeat(10), currency: long } } },
    ],
    [
      'for rules that mean nothing',
      'CreatePaymentManager',
      {
        authorizerType: 'CUSTOM_JWT',
        authorizerConfiguration: {
          customJWTAuthorizer: {
            customClaims: list(30, { inboundTokenClaimName: long }),
            advertisedScopeMapping: many(100, (at) => [`${at}${long.slice(0, 30)}`, long.slice(0, 30)]),
          },
        },
      },
    ],
  ])('%s', (_what, operation, members) => {
    const json = { ...VALID[operation], ...members };
    const headers = { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'x'.repeat(500) };
    expect(
      readRequest({ requests: REQUESTS, routes: OPERATIONS }, operation, makeEvent(operation, { json, headers })),
    ).toMatchObject({
      error: { reason: 'invalid_request' },
    });
    const bytes = answerBytes(operation, { json, headers });
    expect(bytes).toBeLessThan(ANSWER_MAX_BYTES);
  });

  test('and its message says where the rest is', () => {
    const tags = many(20, (at) => [`tag-${at}-${'x'.repeat(120)}`, 5]);
    const read = readRequest(
      { requests: REQUESTS, routes: OPERATIONS },
      'CreatePaymentManager',
      makeEvent('CreatePaymentManager', { json: { ...VALID.CreatePaymentManager, tags } }),
    );
    if (read.ok) throw new Error('accepted numbers for tags');
    const { message, fieldList } = toWireError(read.error);
    expect(message).toMatch(/; and more in fieldList$/);
    expect(fieldList!.length).toBeGreaterThan(message.split('; ').length);
  });
});
