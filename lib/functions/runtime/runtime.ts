import { randomBytes } from 'node:crypto';
import { describeFailure } from '../../api/function.ts';
import { isInvariantViolation } from '../../domain/invariant.ts';
import type { Randomness } from '../../domain/ports/services.ts';
import { toEpochMs, type Clock } from '../../domain/time.ts';
import type { ReportDroppedKeys } from '../../jwt/issuers.ts';
import { emfMembers } from '../../telemetry/emf.ts';
import { formatLogLine } from '../../telemetry/log-line.ts';
import { createTracing, type Tracing } from '../../telemetry/tracing.ts';
import { readMetricNamespace, readSpanSource } from './config.ts';

/** The clock of the machine: the one place that reads it. */
export const systemClock: Clock = {
  now: () => toEpochMs(Date.now()),
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};

export const systemRandom: Randomness = {
  bytes: (length) => Uint8Array.from(randomBytes(length)),
  fraction: () => Math.random(),
};

/** A name for new books: 32 hexadecimal digits. */
export const drawDeploymentId = (): string => randomBytes(16).toString('hex');

/** Options of an AWS client whose calls end: attempts are counted, and a slow one throws instead of logging a warning. */
export function awsClientOptions(timeoutMs: number, maxAttempts: number) {
  return {
    maxAttempts,
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
  };
}

/** One line to standard output, where Lambda collects it. */
export function writeLog(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Milliseconds that never go back, for durations. */
export const monotonicMs = (): number => performance.now();

/** @param env of the process itself: Lambda's runtime puts the trace header of each invocation there */
function composeTracing(env: NodeJS.ProcessEnv): Tracing {
  return createTracing({
    source: readSpanSource(env),
    runtimeHeader: () => env['_X_AMZN_TRACE_ID'],
    startedAhead: env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'provisioned-concurrency',
    monotonicMs,
  });
}

/** What every function behind the API serves its requests with. */
export function composeServing(env: NodeJS.ProcessEnv) {
  return {
    clock: systemClock,
    log: writeLog,
    metricNamespace: readMetricNamespace(env),
    tracing: composeTracing(env),
    browserOrigins: env['BROWSER_ORIGINS']?.split(','),
  } as const;
}

interface Problem {
  readonly event: string;
  readonly paymentId: string;
  readonly error: unknown;
}

/** Logs a failure that somebody recovers later, and counts it where the books are to blame. */
export function composeProblemReport(env: NodeJS.ProcessEnv): (problem: Problem) => void {
  const namespace = readMetricNamespace(env);
  return ({ event, paymentId, error }) => {
    const at = systemClock.now();
    const metrics = emfMembers({ namespace, at }, isInvariantViolation(error) ? { InvariantViolations: 1 } : {});
    writeLog(formatLogLine({ event, level: 'WARN', at }, { paymentId, failure: describeFailure(error), ...metrics }));
  };
}

/** Logs what of an issuer's key set is not taken, so that a token whose key is missing has an explanation. */
export const reportDroppedKeys: ReportDroppedKeys = ({ issuer, taken, dropped }) => {
  const at = systemClock.now();
  writeLog(formatLogLine({ event: 'issuer.keys_dropped', level: 'INFO', at }, { issuer, taken, dropped }));
};
