import { randomBytes } from 'node:crypto';
import type { Randomness } from '../../domain/ports.ts';
import { toEpochMs, type Clock } from '../../domain/time.ts';

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
