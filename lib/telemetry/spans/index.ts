import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  RandomIdGenerator,
  TracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { SPAN_TEXT_MAX_CHARS } from '../../domain/limits.ts';
import type { SigningStep } from '../../domain/ports/services.ts';
import type { TimedPhase } from '../request-record.ts';
import type { CallerContext } from '../trace-context.ts';
import type { SpanExport, SpanSource, TracedRequest } from '../traced-request.ts';
import { toPhaseAttributes, toRequestAttributes } from './attributes.ts';
import { createDaemonClient, type DaemonClient } from './daemon.ts';

// This module is a file of its own in the bundle, loaded for the first sampled request of a process.

const TRACER = 'bursar';
const SPAN_PREFIX = 'Bedrock.AgentCore.Payments.';
const NO_OPERATION = 'Unknown';

/** The daemon that a request's spans go to, as OTLP in one datagram. */
export function createSpanExport(
  source: SpanSource,
  daemon: DaemonClient = createDaemonClient(source.daemon),
): SpanExport {
  const ended: ReadableSpan[] = [];
  const ids = new RandomIdGenerator();
  let traceId = '';
  const provider = new TracerProvider({
    // The decision is X-Ray's, and was taken before.
    sampler: new AlwaysOnSampler(),
    // Only a request without a parent asks for a trace, and it has one.
    idGenerator: { generateTraceId: () => traceId, generateSpanId: () => ids.generateSpanId() },
    spanLimits: { attributeValueLengthLimit: SPAN_TEXT_MAX_CHARS, linkCountLimit: 1 },
    spanProcessors: [createCollector(ended)],
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: source.functionName,
      'cloud.provider': 'aws',
      'cloud.platform': 'aws_lambda',
      'cloud.region': source.region,
      'cloud.account.id': source.account,
      'faas.name': source.functionName,
    }),
  });
  const tracer = provider.getTracer(TRACER);

  return async (request) => {
    traceId = request.traceId;
    // What a failure has left of an earlier request is of no use to this one.
    ended.length = 0;
    const epochOf = toEpoch(request);
    const span = tracer.startSpan(
      `${SPAN_PREFIX}${request.operation ?? NO_OPERATION}`,
      {
        kind: SpanKind.SERVER,
        startTime: epochOf(request.startedAt.monotonicMs),
        attributes: toRequestAttributes(source, request),
        links: request.caller === null ? [] : [toLink(request.caller)],
      },
      parentOf(request),
    );
    const within = trace.setSpan(ROOT_CONTEXT, span);
    let signing = within;
    for (const phase of inOrder(request.phases)) {
      const options = { startTime: epochOf(phase.startMs), attributes: toPhaseAttributes(phase) };
      const part = tracer.startSpan(phase.phase, options, STEPS.has(phase.phase) ? signing : within);
      if (phase.phase === 'sign') signing = trace.setSpan(ROOT_CONTEXT, part);
      part.end(epochOf(phase.endMs));
    }
    if (request.error !== null) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(epochOf(request.endedAtMs));
    const otlp = ProtobufTraceSerializer.serializeRequest(ended.splice(0));
    if (otlp === undefined) throw new Error('the spans could not be written as OTLP');
    await daemon.send(otlp);
    return span.spanContext().spanId;
  };
}

/** What is part of the phase that signs. */
const STEPS: ReadonlySet<string> = new Set<SigningStep>(['secret', 'token', 'provider']);

/** As they began; of those that began together the one that ended last is the whole, which comes first. */
function inOrder(phases: readonly TimedPhase[]): readonly TimedPhase[] {
  return phases.toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
}

/** Spans are made and ended without a pause, so those of two requests cannot mix. */
function createCollector(ended: ReadableSpan[]): SpanProcessor {
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      ended.push(span);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** From the clock of the phases to epoch milliseconds with fractions. */
function toEpoch({ startedAt: { epochMs, monotonicMs } }: TracedRequest): (ms: number) => number {
  return (ms) => epochMs + (ms - monotonicMs);
}

function parentOf({ traceId, parentId }: TracedRequest): Context {
  if (parentId === null) return ROOT_CONTEXT;
  const context = { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, context);
}

function toLink({ traceId, spanId, flags, state }: CallerContext): Link {
  const context = { traceId, spanId, traceFlags: flags & TraceFlags.SAMPLED, isRemote: true };
  return { context: state === null ? context : { ...context, traceState: createTraceState(state) } };
}
