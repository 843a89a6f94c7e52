import { OPERATIONS } from '../../lib/contract/operations.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../lib/contract/client-types.ts';
import { createFunction } from '../../lib/api/function.ts';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { ok, refuse } from '../../lib/domain/result.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { SpanExport, TracedRequest } from '../../lib/telemetry/traced-request.ts';
import { createTracing } from '../../lib/telemetry/tracing.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';
import { expectPublished } from '../telemetry/log-schema.ts';
import { SESSIONS_UNASKED } from '../support/unasked.ts';

const SESSION = {
  paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
  expiryTimeInMinutes: 60,
};
const TRACE = '5759e988bd862e3fe1be46a994272793';
const LAMBDA_SPAN = '53995c3f42cd8ad8';
const OWN_SPAN = '00f067aa0ba902b7';
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

const lines: string[] = [];
const traced: TracedRequest[] = [];
afterEach(() => {
  expectPublished(lines);
  lines.length = 0;
  traced.length = 0;
});

interface Circumstances {
  /** What X-Ray decided. */
  readonly sampled?: '0' | '1';
  readonly outcome?: Refusal | Error;
  readonly send?: SpanExport;
  readonly event?: Partial<ApiEvent>;
}

async function open({ sampled = '1', outcome, send, event = {} }: Circumstances = {}): Promise<ApiResponse> {
  const handler = createFunction(
    'manage-sessions',
    {
      CreatePaymentSession: async ({ record }) => {
        record.note({ sessionId: 'payment-session-000000000000001' });
        if (outcome instanceof Error) throw outcome;
        return outcome === undefined
          ? ok({ body: { answered: true } as unknown as Answer<'CreatePaymentSession'> })
          : refuse(outcome);
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
      tracing: createTracing({
        source: {
          partition: 'aws',
          region: 'us-east-1',
          account: '111122223333',
          functionName: 'manage-sessions',
          daemon: { host: '127.0.0.1', port: 2_000 },
        },
        runtimeHeader: () => `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${LAMBDA_SPAN};Sampled=${sampled}`,
        startedAhead: false,
        monotonicMs: () => performance.now(),
        loadSpanExport: async () => async (request) => {
          traced.push(request);
          return send === undefined ? OWN_SPAN : send(request);
        },
      }),
    },
  ) as unknown as (event: ApiEvent, context: object) => Promise<ApiResponse>;
  return handler(
    { ...makeEvent('CreatePaymentSession', { json: SESSION }), ...event },
    { getRemainingTimeInMillis: () => 10_000 },
  );
}

const withHeaders = (headers: Readonly<Record<string, readonly string[]>>) => {
  const { multiValueHeaders } = makeEvent('CreatePaymentSession', { json: SESSION });
  return { event: { multiValueHeaders: { ...multiValueHeaders, ...headers } } };
};
const lineOf = () => JSON.parse(lines[0]!) as Readonly<Record<string, unknown>>;

describe('a sampled request', () => {
  test('names its span to the caller, and its trace in the log', async () => {
    const response = await open();
    expect(response.headers['traceresponse']).toBe(`00-${TRACE}-${OWN_SPAN}-01`);
    expect(lineOf()).toMatchObject({
      traceId: '1-5759e988-bd862e3fe1be46a994272793',
      spans: 'sent',
      coldStart: true,
    });
    expect(traced).toMatchObject([
      {
        operation: 'CreatePaymentSession',
        status: 201,
        error: null,
        code: null,
        caller: null,
        spent: false,
        fields: { sessionId: 'payment-session-000000000000001' },
      },
    ]);
  });

  test.each<[string, Refusal | Error, Partial<TracedRequest>]>([
    [
      'refused',
      { reason: 'instrument_not_active', status: 'FAILED' },
      { status: 400, error: 'ValidationException', code: 'bursar:instrument_not_active' },
    ],
    ['not served', new Error('secret-inside'), { status: 500, error: 'InternalServerException', code: null }],
  ])('has spans where it is %s', async (_how, outcome, expected) => {
    const response = await open({ outcome });
    expect(response.headers['traceresponse']).toBe(`00-${TRACE}-${OWN_SPAN}-01`);
    expect(traced).toMatchObject([expected]);
    expect(JSON.stringify(traced)).not.toContain('secret-inside');
  });

  test('is answered as ever where its spans cannot be sent', async () => {
    const response = await open({ send: () => Promise.reject(new Error('no route')) });
    expect(response).toMatchObject({ statusCode: 201, body: '{"answered":true}' });
    expect(response.headers['traceresponse']).toBe(`00-${TRACE}-${LAMBDA_SPAN}-01`);
    expect(lineOf()).toMatchObject({ status: 201, spans: 'failed' });
  });
});

test('a request that is not sampled makes no span, and names its trace', async () => {
  const response = await open({ sampled: '0' });
  expect(response.headers['traceresponse']).toBe(`00-${TRACE}-${LAMBDA_SPAN}-00`);
  expect(traced).toEqual([]);
  expect(lineOf()).not.toHaveProperty('spans');
});

describe("a caller's traceparent", () => {
  test('becomes a link and nothing else', async () => {
    await open(withHeaders({ traceparent: [TRACEPARENT], tracestate: ['a=1', 'b=2'] }));
    expect(traced).toMatchObject([
      { traceId: TRACE, parentId: LAMBDA_SPAN, caller: { ...CALLER, flags: 1, state: 'a=1,b=2' } },
    ]);
  });

  test('does not decide that a request is sampled', async () => {
    await open({ sampled: '0', ...withHeaders({ traceparent: [TRACEPARENT], 'X-Amzn-Trace-Id': ['Sampled=1'] }) });
    expect(traced).toEqual([]);
  });

  test.each([
    ['twice', { traceparent: [TRACEPARENT, TRACEPARENT] }],
    ['in two cases', { traceparent: [TRACEPARENT], Traceparent: [TRACEPARENT] }],
    ['malformed', { traceparent: ['ff-x'] }],
    ['state alone', { tracestate: ['a=1'] }],
  ])('is ignored without harm: %s', async (_what, headers) => {
    expect((await open(withHeaders(headers))).statusCode).toBe(201);
    expect(traced).toMatchObject([{ caller: null }]);
  });
});
