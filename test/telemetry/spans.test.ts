import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SPAN_TEXT_MAX_CHARS, TRACE_DATAGRAM_MAX_BYTES } from '../../lib/domain/limits.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { parseSpans, type ReceivedSpan } from '../../lib/local/runtime/otlp.ts';
import type { LogFields } from '../../lib/telemetry/log-fields.ts';
import { createDaemonClient } from '../../lib/telemetry/spans/daemon.ts';
import { createSpanExport } from '../../lib/telemetry/spans/index.ts';
import type { SpanSource, TracedRequest } from '../../lib/telemetry/traced-request.ts';

const SOURCE: SpanSource = {
  partition: 'aws',
  region: 'eu-central-1',
  account: '111122223333',
  functionName: 'bursar-process-payment',
  daemon: { host: '127.0.0.1', port: 1 },
};
const FIELDS: Required<LogFields> = {
  paymentId: '6f2d9a54-7f3c-8e2f-9d3c-1f2e3d4c5b6a',
  sessionId: 'payment-session-LeO61EYIVMT95T7',
  instrumentId: 'payment-instrument-LeO61EYIVMT95T7',
  managerId: 'demo-0123456789',
  connectorId: 'connector-0123456789',
  agentName: 'shopper',
  payee: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  network: 'eip155:8453',
  asset: 'USDC',
  amountUsd: '0.50',
  remainingUsd: '9.50',
  limitUsd: '10.00',
  sessionStartedAt: '2026-11-21T13:00:00.000Z',
  replayed: true,
  policyScope: 'user',
  policyHash: '0'.repeat(64),
  freezeScope: 'user',
  feedHash: '0'.repeat(64),
  tokenCheck: 'audience',
  origin: 'https://api.example.com',
  tool: 'search',
  rule: 'user/a-day',
};
const REQUEST: TracedRequest = {
  traceId: '5759e988bd862e3fe1be46a994272793',
  parentId: '53995c3f42cd8ad8',
  caller: null,
  operation: 'ProcessPayment',
  status: 200,
  error: null,
  code: null,
  requestId: 'r-1',
  fields: FIELDS,
  spent: true,
  coldStart: true,
  startedAt: { epochMs: toEpochMs(1_795_267_219_150), monotonicMs: 1_000.25 },
  endedAtMs: 1_020.5,
  phases: [
    { phase: 'sign', startMs: 1_006.5, endMs: 1_010.75, wallet: 'AwsKms' },
    { phase: 'reserve', startMs: 1_001.25, endMs: 1_005.25 },
  ],
};

/** The spans of a request as the daemon would read them. */
async function spansOf(overrides: Partial<TracedRequest> = {}): Promise<readonly ReceivedSpan[]> {
  const sent: ReceivedSpan[] = [];
  const send = createSpanExport(SOURCE, {
    send: async (otlp) => {
      sent.push(...parseSpans(otlp));
    },
  });
  const spanId = await send({ ...REQUEST, ...overrides });
  expect(sent.find(({ kind }) => kind === 'SERVER')?.spanId).toBe(spanId);
  return sent;
}

const serverOf = (spans: readonly ReceivedSpan[]): ReceivedSpan => spans.find(({ kind }) => kind === 'SERVER')!;

describe('the spans of a request', () => {
  test('have the times of its phases, to the microsecond, in their order', async () => {
    const spans = await spansOf();
    const from = Number(REQUEST.startedAt.epochMs);
    expect(
      spans.map(({ name, startMs, durationMs }) => [name, Math.round((startMs - from) * 1_000), durationMs]),
    ).toEqual([
      ['reserve', 1_000, 4],
      ['sign', 6_250, 4.25],
      ['Bedrock.AgentCore.Payments.ProcessPayment', 0, 20.25],
    ]);
  });

  test('stand in the trace below Lambda, and the phases below the request', async () => {
    const spans = await spansOf();
    const { spanId } = serverOf(spans);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([REQUEST.traceId]));
    expect(spans.map(({ parentId }) => parentId)).toEqual([spanId, spanId, REQUEST.parentId]);
    expect(serverOf(spans).resource).toEqual({
      'service.name': 'bursar-process-payment',
      'cloud.provider': 'aws',
      'cloud.platform': 'aws_lambda',
      'cloud.region': 'eu-central-1',
      'cloud.account.id': '111122223333',
      'faas.name': 'bursar-process-payment',
    });
  });

  test('have the steps of signing below the phase that signs, whenever they ended', async () => {
    const spans = await spansOf({
      phases: [
        { phase: 'secret', startMs: 1_006.5, endMs: 1_007 },
        { phase: 'provider', startMs: 1_008, endMs: 1_010.5 },
        { phase: 'token', startMs: 1_007.25, endMs: 1_007.5 },
        ...REQUEST.phases,
      ],
    });
    const sign = spans.find(({ name }) => name === 'sign')!;
    const below = (parent: string) => spans.filter(({ parentId }) => parentId === parent).map(({ name }) => name);
    expect(below(sign.spanId)).toEqual(['secret', 'token', 'provider']);
    expect(below(serverOf(spans).spanId)).toEqual(['reserve', 'sign']);
  });

  test('stay in the trace of a request that nothing called', async () => {
    const request = serverOf(await spansOf({ parentId: null }));
    expect(request).toMatchObject({ traceId: REQUEST.traceId, parentId: null });
  });

  test('do not mix where requests are answered at once', async () => {
    const datagrams: (readonly ReceivedSpan[])[] = [];
    const send = createSpanExport(SOURCE, {
      send: async (otlp) => {
        datagrams.push(parseSpans(otlp));
      },
    });
    const other = 'f'.repeat(32);
    await Promise.all([send(REQUEST), send({ ...REQUEST, traceId: other, parentId: null }), send(REQUEST)]);
    expect(datagrams.map((spans) => [...new Set(spans.map(({ traceId }) => traceId))])).toEqual([
      [REQUEST.traceId],
      [other],
      [REQUEST.traceId],
    ]);
  });

  test('are an error where the request was refused, and of no operation where none was found', async () => {
    const refused = { status: 400, error: 'ValidationException', code: 'bursar:budget_exceeded', operation: null };
    expect(serverOf(await spansOf(refused))).toMatchObject({
      name: 'Bedrock.AgentCore.Payments.Unknown',
      status: 'ERROR',
      attributes: { 'error.type': 'ValidationException', 'bursar.code': 'bursar:budget_exceeded' },
    });
    expect(serverOf(await spansOf()).status).toBe('UNSET');
  });

  test('say how long a token was fetched, apart from how long was signed', async () => {
    const steps = [
      { phase: 'secret', startMs: 1_006.5, endMs: 1_007 },
      { phase: 'token', startMs: 1_007.25, endMs: 1_007.5 },
      { phase: 'provider', startMs: 1_007.5, endMs: 1_009 },
      // A second try, and a second signature at the same time.
      { phase: 'token', startMs: 1_009, endMs: 1_009.75 },
      { phase: 'token', startMs: 1_009.25, endMs: 1_009.5 },
      { phase: 'provider', startMs: 1_009.75, endMs: 1_010.5 },
    ] as const;
    const { attributes } = serverOf(await spansOf({ phases: [...steps, ...REQUEST.phases] }));

    expect(attributes).toMatchObject({
      'aws.payments.token_fetch_latency_ms': 1.5,
      'bursar.sign_latency_ms': 4.25,
    });
  });

  test('say nothing of a token where the wallet needs none', async () => {
    const { attributes } = serverOf(await spansOf());

    expect(attributes).toMatchObject({ 'bursar.sign_latency_ms': 4.25 });
    expect(attributes).not.toHaveProperty('aws.payments.token_fetch_latency_ms');
  });

  test('say that money was spent only where it was', async () => {
    const spent = { 'aws.payments.spend_amount': '0.50', 'aws.payments.spend_currency': 'USDC' };
    expect(serverOf(await spansOf()).attributes).toMatchObject(spent);
    const { attributes } = serverOf(await spansOf({ spent: false }));
    for (const name of Object.keys(spent)) expect(attributes).not.toHaveProperty(name);
  });
});

describe('what a caller sends', () => {
  const caller = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    flags: 255,
    state: 'a=1,b=2',
  };

  test('is a link to its own trace, and joins or names nothing else', async () => {
    const spans = await spansOf({ caller });
    expect(serverOf(spans).links).toEqual([{ traceId: caller.traceId, spanId: caller.spanId, state: 'a=1,b=2' }]);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([REQUEST.traceId]));
  });

  test.each(['no pairs', '=', 'A=1', 'a=\u0001', `a=${'x'.repeat(300)}`, ',,,'])('is no state: %j', async (state) => {
    expect(serverOf(await spansOf({ caller: { ...caller, state } })).links).toMatchObject([{ state: '' }]);
  });

  test.each(['a\nb', '\u2028', '\u202Egnp', '\u0000', '\uD800'])('hides nothing in its name: %j', async (agentName) => {
    const { attributes } = serverOf(await spansOf({ fields: { agentName } }));
    expect(attributes['aws.payments.payment_agent_name']).toMatch(/^[ab\uFFFDgnp]+$/);
  });

  test('is cut where its name is longer than a span may say', async () => {
    const nameOf = async (length: number) =>
      serverOf(await spansOf({ fields: { agentName: 'x'.repeat(length) } })).attributes[
        'aws.payments.payment_agent_name'
      ];
    expect(await nameOf(SPAN_TEXT_MAX_CHARS)).toHaveLength(SPAN_TEXT_MAX_CHARS);
    expect(await nameOf(SPAN_TEXT_MAX_CHARS + 1)).toHaveLength(SPAN_TEXT_MAX_CHARS);
  });

  test('is bounded and makes no attribute, whatever its name is', async () => {
    const expected = Object.keys(serverOf(await spansOf({ fields: { agentName: 'x' } })).attributes);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 2_000 }), async (agentName) => {
        const { attributes } = serverOf(await spansOf({ fields: { agentName } }));
        expect(Object.keys(attributes)).toEqual(expected);
        expect(String(attributes['aws.payments.payment_agent_name']).length).toBeLessThanOrEqual(SPAN_TEXT_MAX_CHARS);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the datagram', () => {
  test('to a socket that cannot be used rejects, and the next one is sent', async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => {
      server.bind(0, '127.0.0.1', resolve);
    });
    const received = new Promise<string>((resolve) => {
      server.once('message', (message) => resolve(message.toString()));
    });
    await expect(createDaemonClient({ host: '127.0.0.1', port: 70_000 }).send(Buffer.from('x'))).rejects.toThrow();
    await createDaemonClient({ host: '127.0.0.1', port: server.address().port }).send(Buffer.from('spans'));
    expect(await received).toBe(`{"format":"json","version":1}\nT1S${Buffer.from('spans').toString('base64')}`);
    server.close();
  });

  test('is refused above what the daemon takes', async () => {
    const client = createDaemonClient({ host: '127.0.0.1', port: 9 });
    await expect(client.send(Buffer.alloc(TRACE_DATAGRAM_MAX_BYTES))).rejects.toThrow(RangeError);
  });
});

test('docs/reference/traces.md lists every attribute, and no other', async () => {
  const spans = await spansOf({
    status: 400,
    error: 'ValidationException',
    code: 'bursar:budget_exceeded',
    phases: [...REQUEST.phases, { phase: 'token', startMs: 1_006.5, endMs: 1_007 }],
  });
  const text = readFileSync(join(import.meta.dirname, '../../docs/reference/traces.md'), 'utf8');
  const listed = [...text.matchAll(/^\| `([a-z0-9_.]+)` \|/gm)].map(([, name]) => name).toSorted();
  const found = new Set(
    spans.flatMap(({ attributes, resource }) => [...Object.keys(attributes), ...Object.keys(resource)]),
  );
  expect(listed).toEqual([...found].toSorted());
});
