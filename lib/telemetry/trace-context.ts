/** Which trace a request is part of, and whether it is recorded, as X-Ray decided before the request came here. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The span that called: 16 hex digits; `null` where the header names none. */
  readonly parentId: string | null;
  readonly sampled: boolean;
}

/** What a caller says it is doing: never more than a remark, since anybody can say anything. */
export interface CallerContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  /** Of other tracing systems, unparsed; `null` where there is none worth handing on. */
  readonly state: string | null;
}

/** Longer than what AWS sends, with its lineage. */
const TRACE_HEADER_MAX_CHARS = 512;
const ROOT = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ONLY_ZEROS = /^0+$/;

/**
 * Reads X-Ray's trace header; `null` where it names no trace.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function parseTraceHeader(header: string): TraceContext | null {
  if (header.length > TRACE_HEADER_MAX_CHARS) return null;
  const members = new Map(
    header.split(';').map((member) => {
      const cut = member.indexOf('=');
      return [member.slice(0, Math.max(0, cut)).trim(), member.slice(cut + 1).trim()] as const;
    }),
  );
  const [, seconds, unique] = ROOT.exec(members.get('Root') ?? '') ?? [];
  if (seconds === undefined || unique === undefined) return null;
  const traceId = seconds + unique;
  if (ONLY_ZEROS.test(traceId)) return null;
  const parent = members.get('Parent') ?? '';
  const parentId = SPAN_ID.test(parent) && !ONLY_ZEROS.test(parent) ? parent : null;
  return { traceId, parentId, sampled: members.get('Sampled') === '1' };
}

/** X-Ray's own form of a trace's id, in which its console and the log line name it. */
export function formatXRayId(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}

// A later version may add members after a hyphen; its first four are those of version 00.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]{1,200})?$/;
const TRACESTATE_MAX_CHARS = 512;

/**
 * Reads W3C's `traceparent` and `tracestate`; `null` where there is not exactly one `traceparent`, or it is no good. A
 * `tracestate` that is too long is left out and does no harm to the rest.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(parents: readonly string[], states: readonly string[] = []): CallerContext | null {
  const [parent, ...others] = parents;
  if (parent === undefined || others.length > 0) return null;
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(parent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return null;
  const state = states.join(',');
  const isKept = state !== '' && state.length <= TRACESTATE_MAX_CHARS;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state: isKept ? state : null };
}

/**
 * The value of the answer's `traceresponse`: the trace that the request was part of, and what it was there.
 *
 * @see https://w3c.github.io/trace-context/#traceresponse-header
 */
export function formatTraceresponse(traceId: string, spanId: string, sampled: TraceContext['sampled']): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
