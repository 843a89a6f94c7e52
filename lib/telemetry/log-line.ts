import { formatInstant, type EpochMs } from '../domain/time.ts';

/** As Lambda's log filter knows them; a line below the function's level is dropped, metrics and all. */
export type LogLevel = 'INFO' | 'WARN' | 'ERROR';

export interface LogEvent {
  /** What happened; `docs/reference/log-schema.json` lists them with their members. */
  readonly event: string;
  readonly level: LogLevel;
  readonly at: EpochMs;
}

// JSON leaves these as they are: line separators, marks that turn text around, and what has no shape at all.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * One line of JSON, whatever its texts hold: no character in it breaks a line or hides. Lambda passes a line of JSON on as it
 * is, and reads `level` and `timestamp` from it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
export function formatLogLine({ event, level, at }: LogEvent, members: object): string {
  const line = { event, level, timestamp: formatInstant(at), ...members };
  return JSON.stringify(line).replace(UNSEEN, escapeUnits);
}

function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
