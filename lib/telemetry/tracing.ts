import { TRACE_EXPORT_MARGIN_MS, TRACE_EXPORT_WAIT_MAX_MS } from '../domain/limits.ts';
import { parseTraceHeader, type TraceContext } from './trace-context.ts';
import type { SpanExport, SpanSource, TracedRequest } from './traced-request.ts';

/** What became of the spans of a sampled request. `late`: they were not waited for any longer. */
export type SpansOutcome = 'sent' | 'late' | 'failed';

/** The part that a request has in a trace. */
export interface RequestTrace {
  /** `null` where nobody traces. */
  readonly context: TraceContext | null;
  /** Whether somebody waited for this process to start. */
  readonly coldStart: boolean;
  /** By the clock of the phases. */
  readonly startMs: number;
}

export interface FinishedTrace {
  /** `null` for a request that is not sampled. */
  readonly spans: SpansOutcome | null;
  /** What the answer may name: the request's own span, else Lambda's part of the trace. */
  readonly spanId: string | null;
}

type Finished = Omit<TracedRequest, 'traceId' | 'parentId' | 'coldStart' | 'startedAt' | 'endedAtMs'> &
  Pick<TracedRequest['startedAt'], 'epochMs'> & {
    /** Until the invocation is stopped. */
    readonly remainingMs: number;
  };

export interface Tracing {
  /** Called once for each request, when it has come. */
  begin(gatewayHeader: string): RequestTrace;
  /** Called once for each request, when its answer is known. Never rejects, and takes a bounded time. */
  finish(trace: RequestTrace, request: Finished): Promise<FinishedTrace>;
}

export interface TracingOptions {
  /** `null` where there is nowhere to send spans to. */
  readonly source: SpanSource | null;
  /** The trace header that Lambda gave the present invocation. */
  readonly runtimeHeader: () => string | undefined;
  /** Whether the process was started before anybody asked for it. */
  readonly startedAhead: boolean;
  /** A clock that never goes back; fractions are welcome. */
  readonly monotonicMs: () => number;
  /** @default - the part of the bundle that is loaded on demand */
  readonly loadSpanExport?: (source: SpanSource) => Promise<SpanExport>;
}

/**
 * Spans of sampled requests, made after the fact: until a request is sampled, nothing of OpenTelemetry is loaded. X-Ray
 * decides what is sampled, before the function is called. A caller's `traceparent` has no part in it; the caller's own
 * `X-Amzn-Trace-Id` has, since API Gateway honours it.
 */
export function createTracing(options: TracingOptions): Tracing {
  const { source, runtimeHeader, startedAhead, monotonicMs, loadSpanExport = loadFromBundle } = options;
  let coldStart = !startedAhead;
  let loading: Promise<SpanExport | null> | null = null;
  const load = (from: SpanSource): Promise<SpanExport | null> => {
    loading ??= loadSpanExport(from).catch(() => {
      loading = null;
      return null;
    });
    return loading;
  };
  return {
    begin: (gatewayHeader) => {
      const startMs = monotonicMs();
      const context = parseTraceHeader(runtimeHeader() ?? '') ?? parseTraceHeader(gatewayHeader);
      // Loads while the request waits for its first answers, and not once it is served.
      if (context?.sampled === true && source !== null) void load(source);
      const trace = { context, coldStart, startMs };
      coldStart = false;
      return trace;
    },
    finish: async ({ context, coldStart: isFirst, startMs }, { remainingMs, epochMs, ...request }) => {
      if (context === null) return { spans: null, spanId: null };
      const { traceId, parentId } = context;
      if (!context.sampled || source === null) return { spans: null, spanId: parentId };
      const waitMs = Math.min(TRACE_EXPORT_WAIT_MAX_MS, remainingMs - TRACE_EXPORT_MARGIN_MS);
      if (waitMs <= 0) return { spans: 'late', spanId: parentId };
      const startedAt = { epochMs, monotonicMs: startMs };
      const endedAtMs = monotonicMs();
      const sending = load(source).then((send) =>
        send === null ? null : send({ ...request, traceId, parentId, coldStart: isFirst, startedAt, endedAtMs }),
      );
      const spanId = await within(waitMs, sending);
      if (spanId === 'late') return { spans: 'late', spanId: parentId };
      return spanId === null ? { spans: 'failed', spanId: parentId } : { spans: 'sent', spanId };
    },
  };
}

const loadFromBundle = async (source: SpanSource): Promise<SpanExport> => {
  const { createSpanExport } = await import('./spans/index.ts');
  return createSpanExport(source);
};

async function within(waitMs: number, work: Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, waitMs, 'late');
  });
  try {
    return await Promise.race([work.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
