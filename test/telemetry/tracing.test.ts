import { afterEach, describe, expect, test, vi } from 'vitest';
import { TRACE_EXPORT_MARGIN_MS, TRACE_EXPORT_WAIT_MAX_MS } from '../../lib/domain/limits.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { createTracing, type TracingOptions } from '../../lib/telemetry/tracing.ts';
import type { SpanExport, SpanSource, TracedRequest } from '../../lib/telemetry/traced-request.ts';

const TRACE = '5759e988bd862e3fe1be46a994272793';
const LAMBDA_SPAN = '53995c3f42cd8ad8';
const OWN_SPAN = '00f067aa0ba902b7';
const ROOT = 'Root=1-5759e988-bd862e3fe1be46a994272793';
const SAMPLED = `${ROOT};Parent=${LAMBDA_SPAN};Sampled=1`;
const UNSAMPLED = `${ROOT};Parent=${LAMBDA_SPAN};Sampled=0`;

const SOURCE: SpanSource = {
  partition: 'aws',
  region: 'us-east-1',
  account: '111122223333',
  functionName: 'process-payment',
  daemon: { host: '127.0.0.1', port: 2_000 },
};

const REQUEST = {
  caller: null,
  operation: 'ProcessPayment',
  status: 200,
  error: null,
  code: null,
  requestId: 'r-1',
  fields: {},
  spent: false,
  phases: [],
  epochMs: toEpochMs(1_000),
  remainingMs: 10_000,
};

function setUp(overrides: Partial<TracingOptions> = {}, send: SpanExport = () => Promise.resolve(OWN_SPAN)) {
  const sent: TracedRequest[] = [];
  const loadSpanExport = vi.fn<(source: SpanSource) => Promise<SpanExport>>(async () => async (request) => {
    sent.push(request);
    return send(request);
  });
  let now = 0;
  const tracing = createTracing({
    source: SOURCE,
    runtimeHeader: () => SAMPLED,
    startedAhead: false,
    monotonicMs: () => (now += 1.5),
    loadSpanExport,
    ...overrides,
  });
  return { tracing, loadSpanExport, sent };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a sampled request', () => {
  test('is sent with its place in the trace and its times', async () => {
    const { tracing, sent } = setUp();
    const finished = await tracing.finish(tracing.begin(''), REQUEST);
    expect(finished).toEqual({ spans: 'sent', spanId: OWN_SPAN });
    expect(sent).toMatchObject([
      {
        traceId: TRACE,
        parentId: LAMBDA_SPAN,
        coldStart: true,
        startedAt: { epochMs: 1_000, monotonicMs: 1.5 },
        endedAtMs: 3,
      },
    ]);
  });

  test('loads what makes spans once', async () => {
    const { tracing, loadSpanExport } = setUp();
    for (let n = 0; n < 3; n += 1) await tracing.finish(tracing.begin(''), REQUEST);
    expect(loadSpanExport).toHaveBeenCalledTimes(1);
    expect(loadSpanExport).toHaveBeenCalledWith(SOURCE);
  });

  test('is answered without spans where they cannot be loaded, and loading is tried again for the next', async () => {
    const { tracing, loadSpanExport } = setUp();
    loadSpanExport.mockRejectedValueOnce(new Error('no such file'));
    const first = tracing.begin('');
    await Promise.resolve();
    expect((await tracing.finish(first, REQUEST)).spanId).toBeDefined();
    expect(await tracing.finish(tracing.begin(''), REQUEST)).toEqual({ spans: 'sent', spanId: OWN_SPAN });
    expect(loadSpanExport.mock.calls.length).toBeGreaterThan(1);
  });

  test('is answered where they never can be loaded', async () => {
    const { tracing, loadSpanExport } = setUp();
    loadSpanExport.mockRejectedValue(new Error('no such file'));
    expect(await tracing.finish(tracing.begin(''), REQUEST)).toEqual({ spans: 'failed', spanId: LAMBDA_SPAN });
  });

  test('is answered where they cannot be made or sent', async () => {
    const { tracing } = setUp({}, () => Promise.reject(new Error('no route')));
    expect(await tracing.finish(tracing.begin(''), REQUEST)).toEqual({ spans: 'failed', spanId: LAMBDA_SPAN });
  });

  test('waits for its spans for a bounded time', async () => {
    vi.useFakeTimers();
    const { tracing } = setUp({}, () => new Promise(() => {}));
    const finishing = tracing.finish(tracing.begin(''), REQUEST);
    let done = false;
    void finishing.then(() => (done = true));
    await vi.advanceTimersByTimeAsync(TRACE_EXPORT_WAIT_MAX_MS - 1);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await finishing).toEqual({ spans: 'late', spanId: LAMBDA_SPAN });
  });

  test('sends nothing where the invocation has no time left for it', async () => {
    const { tracing, sent } = setUp();
    const tooLate = { ...REQUEST, remainingMs: TRACE_EXPORT_MARGIN_MS };
    expect(await tracing.finish(tracing.begin(''), tooLate)).toMatchObject({ spans: 'late' });
    expect(sent).toEqual([]);
    const intime = { ...REQUEST, remainingMs: TRACE_EXPORT_MARGIN_MS + TRACE_EXPORT_WAIT_MAX_MS };
    expect(await tracing.finish(tracing.begin(''), intime)).toMatchObject({ spans: 'sent' });
  });
});

describe('nothing is loaded or sent', () => {
  test.each<[string, Partial<TracingOptions>, string, string | null]>([
    ['for a request that is not sampled', { runtimeHeader: () => UNSAMPLED }, '', LAMBDA_SPAN],
    [
      "where Lambda's decision is against the gateway's header",
      { runtimeHeader: () => UNSAMPLED },
      SAMPLED,
      LAMBDA_SPAN,
    ],
    ['where there is no daemon', { source: null }, '', LAMBDA_SPAN],
    ['where nobody traces', { runtimeHeader: () => undefined }, '', null],
  ])('%s', async (_when, options, gatewayHeader, spanId) => {
    const { tracing, loadSpanExport } = setUp(options);
    const trace = tracing.begin(gatewayHeader);
    expect(await tracing.finish(trace, REQUEST)).toEqual({ spans: null, spanId });
    expect(loadSpanExport).not.toHaveBeenCalled();
  });
});

test("the gateway's header counts where Lambda gives none", () => {
  const { tracing } = setUp({ runtimeHeader: () => undefined });
  expect(tracing.begin(SAMPLED).context).toEqual({ traceId: TRACE, parentId: LAMBDA_SPAN, sampled: true });
});

test('the first request of a process is a cold start, unless the process was started ahead', () => {
  const { tracing } = setUp({ source: null });
  expect([tracing.begin(''), tracing.begin('')].map(({ coldStart }) => coldStart)).toEqual([true, false]);
  const ahead = setUp({ source: null, startedAhead: true }).tracing;
  expect(ahead.begin('').coldStart).toBe(false);
});
