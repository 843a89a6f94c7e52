import { OPERATIONS } from '../../lib/contract/operations.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { setTimeout } from 'node:timers/promises';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../lib/contract/client-types.ts';
import { createFunction, describeFailure } from '../../lib/api/function.ts';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import type { ApiRequest } from '../../lib/api/request.ts';
import { OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import { ok, refuse } from '../../lib/domain/result.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';
import { SESSIONS_UNASKED } from '../support/unasked.ts';

const ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789';
const valid = {
  paymentManagerArn: ARN,
  expiryTimeInMinutes: 60,
  limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
};
const SLOW_MINUTES = 479;
const context = { getRemainingTimeInMillis: () => 10_000 };

let lines: string[];
let seen: ApiRequest<'CreatePaymentSession'>[];
beforeEach(() => {
  lines = [];
  seen = [];
});

// What a function does with an answer does not depend on what stands in it.
const ANSWERED = { answered: true } as unknown as Answer<'CreatePaymentSession'>;

const handler = createFunction(
  'manage-sessions',
  {
    CreatePaymentSession: async (request) => {
      seen.push(request);
      if (request.input.expiryMinutes === SLOW_MINUTES) await setTimeout(20);
      if (request.input.expiryMinutes === 15) throw new OutcomeUnknown('secret-inside');
      return ok({ body: ANSWERED, log: { sessionId: 's-1' } });
    },
    DeletePaymentSession: async () => refuse({ reason: 'not_found', resource: 'session' }),
    ...SESSIONS_UNASKED,
  },
  {
    routes: OPERATIONS,
    requests: REQUESTS,
    clock: createTestClock(),
    metricNamespace: 'Bursar',
    log: (line) => lines.push(line),
  },
) as unknown as (event: ApiEvent, context: object) => Promise<ApiResponse>;

/** What `valid` means. */
const validRead = {
  manager: {
    deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    resource: 'demo-0123456789',
  },
  expiryMinutes: 60,
  limit: 10_000_000n,
};

const call = (event: ApiEvent) => handler(event, { ...context });
const send = (json: unknown) => call(makeEvent('CreatePaymentSession', { json }));
const bodyOf = (response: ApiResponse) =>
  JSON.parse(response.body) as {
    message: string;
    reason?: string;
    fieldList?: { name: string; message: string }[];
    __type?: string;
  };

describe('a function', () => {
  test("answers a valid request with the operation's status and the request id", async () => {
    const response = await send(valid);
    expect(response).toMatchObject({
      statusCode: 201,
      headers: { 'content-type': 'application/json', 'x-amzn-requestid': '11111111-2222-3333-4444-555555555555' },
      body: '{"answered":true}',
    });
    expect(seen[0]).toMatchObject({ principal: { userId: 'user-1', claims: null }, agentName: null, input: validRead });
  });

  test('reads a body that API Gateway encoded', async () => {
    const body = Buffer.from(JSON.stringify(valid)).toString('base64');
    const response = await call(makeEvent('CreatePaymentSession', { body, isBase64Encoded: true }));
    expect(response.statusCode).toBe(201);
  });

  test('drops members that it does not know', async () => {
    await send({ ...valid, surprise: 1 });
    expect(seen[0]?.input).toEqual(validRead);
  });

  test('names every wrong member at once, with what was expected', async () => {
    const response = await send({
      paymentManagerArn: 5,
      expiryTimeInMinutes: 14,
      limits: { maxSpendAmount: { value: '1e3', currency: 'EUR' } },
    });
    expect(response.statusCode).toBe(400);
    expect(response.headers['x-amzn-errortype']).toBe('ValidationException');
    const { __type, reason, fieldList } = bodyOf(response);
    expect(__type).toBe('ValidationException');
    expect(reason).toBe('FieldValidationFailed');
    expect(fieldList?.map(({ name }) => name)).toEqual([
      'paymentManagerArn',
      'expiryTimeInMinutes',
      'limits.maxSpendAmount.value',
      'limits.maxSpendAmount.currency',
    ]);
    expect(fieldList?.[1]?.message).toBe('expiryTimeInMinutes must be a whole number from 15 to 480. Received: 14');
  });

  test.each([
    ['a missing user', { headers: {} }, 'userId'],
    ['an empty user', { headers: { 'x-amzn-bedrock-agentcore-payments-user-id': '' } }, 'userId'],
    [
      'a user that is too long',
      { headers: { 'x-amzn-bedrock-agentcore-payments-user-id': 'x'.repeat(121) } },
      'userId',
    ],
    ['a user with a line break', { headers: { 'x-amzn-bedrock-agentcore-payments-user-id': 'a\nb' } }, 'userId'],
    ['two users', { multiValueHeaders: { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': ['a', 'b'] } }, 'userId'],
    [
      'an agent name that is too long',
      {
        headers: {
          'x-amzn-bedrock-agentcore-payments-user-id': 'u',
          'x-amzn-bedrock-agentcore-payments-agent-name': 'x'.repeat(257),
        },
      },
      'agentName',
    ],
  ])('refuses %s', async (_what, parts, field) => {
    const response = await call(makeEvent('CreatePaymentSession', { json: valid, ...parts }));
    expect(response.statusCode).toBe(400);
    expect(bodyOf(response).fieldList?.map(({ name }) => name)).toEqual([field]);
    expect(seen).toEqual([]);
  });

  test.each([
    ['no JSON', '{nope'],
    ['a list', '[]'],
    ['a number', '5'],
    ['a name that stands twice', `{"paymentManagerArn":"${ARN}","paymentManagerArn":"x"}`],
    ['a prototype', '{"__proto__":{"admin":true}}'],
    ['nesting without end', '['.repeat(40_000)],
    ['a megabyte', JSON.stringify({ ...valid, padding: 'x'.repeat(1_000_000) })],
    ['one byte more than 64 kB', JSON.stringify({ p: 'x'.repeat(64 * 1024 - 7) })],
  ])('refuses a body of %s', async (_what, body) => {
    const response = await call(makeEvent('CreatePaymentSession', { body }));
    expect(response.statusCode).toBe(400);
    expect(bodyOf(response).reason).toBe('CannotParse');
    expect(seen).toEqual([]);
  });

  test('takes a body of exactly 64 kB', async () => {
    const padding = 'x'.repeat(64 * 1024 - JSON.stringify({ ...valid, p: '' }).length);
    expect((await send({ ...valid, p: padding })).statusCode).toBe(201);
  });

  test('answers 404 for a route that is not its own', async () => {
    const response = await call(makeEvent('ProcessPayment', { json: valid }));
    expect(response).toMatchObject({ statusCode: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' } });
  });

  test('tells the caller nothing of a failure, and the log everything', async () => {
    const response = await send({ ...valid, expiryTimeInMinutes: 15 });
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret-inside');
    expect(JSON.parse(lines[0]!)).toMatchObject({ status: 500, failure: [expect.stringContaining('secret-inside')] });
  });

  test('writes one log line per request, which nothing in the request can forge', async () => {
    const agent = '{"_aws":{}}","status":200';
    const headers = {
      'x-amzn-bedrock-agentcore-payments-user-id': 'u"}',
      'x-amzn-bedrock-agentcore-payments-agent-name': agent,
    };
    await call(makeEvent('CreatePaymentSession', { json: valid, headers }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    // What CloudWatch takes for metrics is ours, never the caller's empty one.
    const { _aws: metrics = { CloudWatchMetrics: [] } } = JSON.parse(lines[0]!) as { _aws?: object };
    expect(metrics).toHaveProperty('CloudWatchMetrics');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      event: 'request.served',
      operation: 'CreatePaymentSession',
      status: 201,
      sessionId: 's-1',
    });
  });

  test.each([
    ['refuses', 'DeletePaymentSession', { paymentSessionId: 'payment-session-LeO61EYIVMT95T7' }, 404],
    ['fails', 'CreatePaymentSession', { ...valid, expiryTimeInMinutes: 15 }, 500],
  ] as const)('logs what a request was about that it %s', async (_what, operation, json, status) => {
    await call(makeEvent(operation, { json: { paymentManagerArn: ARN, ...json } }));
    const { paymentSessionId: sessionId } = json as { paymentSessionId?: string };
    expect(JSON.parse(lines[0]!)).toMatchObject({
      status,
      managerId: 'demo-0123456789',
      ...(sessionId === undefined ? {} : { sessionId }),
    });
  });

  test('logs nothing of an ARN that is none', async () => {
    await send({ ...valid, paymentManagerArn: 'canary/\n{"_aws":{}}' });
    expect(lines[0]).not.toMatch(/canary|"_aws":\{\}|managerId/);
  });

  test('logs nothing of a request that it could not check', async () => {
    await send({ ...valid, clientToken: 'canary', paymentSessionId: 'canary' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('canary');
  });

  test('never answers before its work is done, however little time is left', async () => {
    const json = { ...valid, expiryTimeInMinutes: SLOW_MINUTES };
    const response = await handler(makeEvent('CreatePaymentSession', { json }), {
      getRemainingTimeInMillis: () => 0,
    });
    expect(response.statusCode).toBe(201);
    expect(lines).toHaveLength(1);
  });

  test('carries on with many requests at a time without mixing them up', async () => {
    const minutes = Array.from({ length: 50 }, (_, i) => 16 + i);
    await Promise.all(minutes.map((expiryTimeInMinutes) => send({ ...valid, expiryTimeInMinutes })));
    expect(seen.map(({ input }) => input.expiryMinutes).toSorted((a, b) => a - b)).toEqual(minutes);
    expect(lines).toHaveLength(50);
  });

  test('answers every body with a status below 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        fc.boolean(),
        async (body, isBase64Encoded) => {
          const response = await call(makeEvent('CreatePaymentSession', { body, isBase64Encoded }));
          expect(response.statusCode).toBe(400);
        },
      ),
    );
  });
});

describe('a failure in the log', () => {
  test('has its causes, and an end', () => {
    const root = new Error('x'.repeat(100_000));
    let error = root;
    for (let i = 0; i < 20; i += 1) error = new Error(`level ${i}`, { cause: error });
    const described = describeFailure(error);
    expect(described).toHaveLength(5);
    expect(described[1]).toBe('caused by Error: level 18');
    expect(describeFailure(root)[0]).toHaveLength(2_000);
  });

  test('is named even when it is no error', () => {
    expect(describeFailure('canary')).toEqual(['a value that is no error was thrown']);
  });
});
