import { OPERATIONS } from '../../lib/contract/operations.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createFunction } from '../../lib/api/function.ts';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { AGENT_HEADER, USER_HEADER } from '../../lib/contract/headers.ts';
import { InvariantViolated } from '../../lib/domain/invariant.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { ok, refuse } from '../../lib/domain/result.ts';
import { METRICS } from '../../lib/telemetry/metric-names.ts';
import { createTracing } from '../../lib/telemetry/tracing.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';
import { expectPublished, LOG_SCHEMA, metricsOf } from './log-schema.ts';

const PAYMENT = {
  paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
  paymentSessionId: 'payment-session-LeO61EYIVMT95T7',
  paymentInstrumentId: 'payment-instrument-LeO61EYIVMT95T7',
  paymentType: 'CRYPTO_X402',
  paymentInput: { cryptoX402: { version: '2', payload: {} } },
};

let lines: string[];
let outcome: Refusal | Error | null;
beforeEach(() => {
  lines = [];
  outcome = null;
});

const handler = createFunction(
  'process-payment',
  {
    ProcessPayment: async () => {
      if (outcome instanceof Error) throw outcome;
      return outcome === null ? ok({ body: {} as never }) : refuse(outcome);
    },
    CreateWithdrawal: async () => ok({ body: {} as never }),
    PayChallenge: async () => ok({ body: {} as never }),
  },
  {
    routes: OPERATIONS,
    requests: REQUESTS,
    clock: createTestClock(),
    metricNamespace: 'Bursar',
    log: (line) => lines.push(line),
    agentNames: new Set(['shopper']),
    tracing: createTracing({
      source: null,
      runtimeHeader: () => undefined,
      startedAhead: true,
      monotonicMs: () => performance.now(),
    }),
  },
) as unknown as (event: ApiEvent, context: object) => Promise<ApiResponse>;

const pay = (agent: string, headers: Readonly<Record<string, string>> = {}) =>
  handler(
    makeEvent('ProcessPayment', { json: PAYMENT, headers: { [USER_HEADER]: 'u', [AGENT_HEADER]: agent, ...headers } }),
    { getRemainingTimeInMillis: () => 10_000 },
  );

describe('the name of an agent', () => {
  test('is a dimension where the deployment registered it, and `other` where it did not', async () => {
    await pay('shopper');
    expect(metricsOf(lines)).toMatchObject({ 'PaymentRequestCount{AgentName=shopper}': 1 });
    lines = [];
    await pay('Shopper');
    expect(metricsOf(lines)).toMatchObject({ 'PaymentRequestCount{AgentName=other}': 1 });
  });

  test.each([
    ['JSON', '{"_aws":{}}","status":200,"SpendAmount":1000'],
    ['metadata', '_aws'],
    ['a prototype', '__proto__'],
    ['the stand-in', 'other'],
    ['a line separator', 'shopper\u2028{"event":"request.served","SpendAmount":1}'],
    ['a paragraph separator', 'a\u2029b'],
    ['the longest of all', '"'.repeat(256)],
    ['letters beyond the first plane', '\u{1F600}'.repeat(128)],
  ])('forges nothing: %s', async (_what, agent) => {
    const answer = await pay(agent);
    expect(answer.statusCode).toBe(200);
    const [line] = expectPublished(lines);
    expect(line).toMatchObject({ agentName: agent, AgentName: 'other', status: 200 });
    expect(line).not.toHaveProperty('SpendAmount');
    expect(lines.join()).not.toMatch(/[\u2028\u2029]/);
  });

  test.each(['a\nb', 'a\r\n{"event":"x"}', 'a\u0085b', 'a\u0000', '\u202Eb', '\uD800'])(
    'is refused at the edge, and stands in no line: %j',
    async (agent) => {
      expect((await pay(`x${agent}y`)).statusCode).toBe(400);
      const [line] = expectPublished(lines);
      expect(line).not.toHaveProperty('agentName');
      expect(line).toMatchObject({ AgentName: 'other', UserErrors: 1 });
    },
  );

  test('makes one published line of any text, under no other dimension', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 260 }), async (agent) => {
        lines = [];
        await pay(agent);
        expect(lines).toHaveLength(1);
        expectPublished(lines);
        expect(lines[0]).toContain('"AgentName":"other"');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a failure in the log', () => {
  test('breaks no line, whatever its message quotes', async () => {
    outcome = new Error('a\n{"event":"request.served"}\u2028\u0085\u202E');
    await pay('shopper');
    const [line] = expectPublished(lines);
    expect(line).toMatchObject({ level: 'ERROR', status: 500, OperationFailure: 1, PaymentFailureCount: 1 });
    expect(lines.join()).not.toMatch(/[\n\u2028\u0085\u202E]/);
    expect(line).not.toHaveProperty('InvariantViolations');
  });

  test('counts as a violated invariant where one is its cause, however deep', async () => {
    outcome = new Error('reading failed', { cause: new Error('x', { cause: new InvariantViolated('books') }) });
    await pay('shopper');
    expectPublished(lines);
    expect(metricsOf(lines)).toMatchObject({ 'InvariantViolations{}': 1 });
  });
});

describe('a refused payment', () => {
  test.each<[Refusal, Readonly<Record<string, number>>, readonly string[]]>([
    [
      { reason: 'token_reused' },
      { 'Denials{}': 1, 'Denials{Reason=token_reused}': 1 },
      ['Throttles', 'SignerThrottles'],
    ],
    [
      { reason: 'provider_refused', trouble: 'provider_policy', message: 'no' },
      { 'Denials{}': 1, 'Denials{Reason=provider_refused}': 1 },
      ['Throttles'],
    ],
    [
      { reason: 'provider_refused', trouble: 'approval_pending', message: 'people are asked' },
      { 'UserErrors{Operation=ProcessPayment}': 1 },
      ['Denials', 'Throttles'],
    ],
    [{ reason: 'busy', what: 'signer' }, { 'SignerThrottles{}': 1 }, ['Denials', 'UserErrors']],
    [{ reason: 'busy', what: 'session' }, { 'Throttles{Operation=ProcessPayment}': 1 }, ['Denials', 'SignerThrottles']],
  ])('counts for what it is: %j', async (refusal, counted, absent) => {
    outcome = refusal;
    await pay('shopper');
    const [line] = expectPublished(lines);
    expect(metricsOf(lines)).toMatchObject({ ...counted, 'PaymentFailureCount{}': 1 });
    for (const name of absent) expect(line).not.toHaveProperty(name);
  });

  test('says what was asked for and what is left', async () => {
    outcome = {
      reason: 'budget_exceeded',
      requested: toMicroUsd(20_000_000n),
      available: toMicroUsd(1_500_000n),
      reserved: toMicroUsd(0n),
    };
    await pay('shopper');
    expect(expectPublished(lines)[0]).toMatchObject({ amountUsd: '20.00', remainingUsd: '1.50' });
  });
});

test.each([
  ['Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1', '1-5759e988-bd862e3fe1be46a994272793'],
  ['Self=1-x; Root=1-5759e988-bd862e3fe1be46a994272793', '1-5759e988-bd862e3fe1be46a994272793'],
  ['Root=1-5759e988-bd862e3fe1be46a994272793","x":"', undefined],
  ['Root=evil', undefined],
])('reads the trace of %s as %s', async (header, traceId) => {
  await pay('shopper', { 'x-amzn-trace-id': header });
  expect(expectPublished(lines)[0]?.['traceId']).toBe(traceId);
});

test('no member of a log line has the name of a metric or a dimension', () => {
  const { aws: _aws, metrics, ...events } = LOG_SCHEMA.$defs;
  const targets = Object.keys(metrics?.properties ?? {});
  const dimensions = new Set(Object.values(METRICS).flatMap((metric) => metric.dimensions.flat()));
  expect(targets.toSorted()).toEqual([...Object.keys(METRICS), ...dimensions].toSorted());
  const members = Object.values(events).flatMap(({ properties = {} }) => Object.keys(properties));
  expect(members.length).toBeGreaterThan(50);
  for (const name of members) expect(name).toMatch(targets.includes(name) ? /^[A-Z]/ : /^([a-z]|_aws$)/);
});
