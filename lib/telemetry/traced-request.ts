import type { EpochMs } from '../domain/time.ts';
import type { LogFields } from './log-fields.ts';
import type { TimedPhase } from './request-record.ts';
import type { CallerContext } from './trace-context.ts';

/** Where the spans come from: facts of the deployment, from the function's own environment. */
export interface SpanSource {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly functionName: string;
  /** X-Ray's daemon beside the function, an IPv4 address and a port. */
  readonly daemon: { readonly host: string; readonly port: number };
}

/** A sampled request that was answered, as its spans are made of it. Nothing in it is secret. */
export interface TracedRequest {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Lambda's own part of the trace. */
  readonly parentId: string | null;
  readonly caller: CallerContext | null;
  /** Of the operations table; `null` where no operation was found. */
  readonly operation: string | null;
  readonly status: number;
  /** The exception that was answered. */
  readonly error: string | null;
  /** What was wrong, for machines: one of ours. */
  readonly code: string | null;
  readonly requestId: string;
  readonly fields: LogFields;
  /** Whether money was spent by this very request. */
  readonly spent: boolean;
  readonly coldStart: boolean;
  /** When the request came, by the clock on the wall and by the one of the phases. */
  readonly startedAt: { readonly epochMs: EpochMs; readonly monotonicMs: number };
  /** By the clock of the phases. */
  readonly endedAtMs: number;
  readonly phases: readonly TimedPhase[];
}

/**
 * Sends the spans of one request.
 * @returns once they have left, the id of the span that stands for the request; rejects where they could not be made or sent
 */
export type SpanExport = (request: TracedRequest) => Promise<string>;
