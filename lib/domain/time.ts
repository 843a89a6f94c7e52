declare const epochMs: unique symbol;
declare const epochSeconds: unique symbol;

/** An instant in milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number & { readonly [epochMs]: true };
/** An instant in whole seconds since 1970-01-01T00:00:00Z. */
export type EpochSeconds = number & { readonly [epochSeconds]: true };

export function toEpochMs(value: number): EpochMs {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an instant in milliseconds: ${value}`);
  return value as EpochMs;
}

export function toEpochSeconds(value: number): EpochSeconds {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an instant in seconds: ${value}`);
  return value as EpochSeconds;
}

export function addMs(instant: EpochMs, ms: number): EpochMs {
  return toEpochMs(instant + ms);
}

/** Rounds down: the second that contains the instant. */
export function floorToSeconds(instant: EpochMs): EpochSeconds {
  return toEpochSeconds(Math.floor(instant / 1000));
}

/** RFC 3339 in UTC with milliseconds, the form of AgentCore's payments resources. */
export function formatInstant(instant: EpochMs): string {
  return new Date(instant).toISOString();
}

/** The passage of time, so that tests can own it. */
export interface Clock {
  now(): EpochMs;
  /** Resolves after `ms`; callers bound the number of their sleeps. */
  sleep(ms: number): Promise<void>;
}
