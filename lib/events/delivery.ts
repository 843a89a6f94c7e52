import { doublingWaitMs, spreadWaitMs } from '../domain/doubling-wait.ts';
import { EVENT_ATTEMPTS_MAX, EVENT_ENTRIES_MAX, EVENT_WAIT_MAX_MS, EVENT_WAIT_MIN_MS } from '../domain/limits.ts';
import type { Clock } from '../domain/time.ts';
import { toEvent, type BursarEvent } from './event.ts';
import type { StreamRecord } from '../ledger/dynamodb/store/stream-record.ts';

const WAIT_BOUNDS = { minMs: EVENT_WAIT_MIN_MS, maxMs: EVENT_WAIT_MAX_MS };

export interface DeliveryDeps {
  /**
   * Puts at most `EVENT_ENTRIES_MAX` events on the bus, once.
   * @returns for each `null` if the bus has it, else the code of its error; throws where no answer came
   */
  readonly put: (events: readonly BursarEvent[]) => Promise<readonly (string | null)[]>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Spreads the waits of functions that were throttled together. */
  readonly random: { fraction(): number };
  readonly report: (problem: DeliveryProblem) => void;
}

export interface DeliveryProblem {
  readonly event: 'events.unreadable' | 'events.put_failed';
  /** Of the first record concerned, as the message of the dead-letter queue names it. */
  readonly sequenceNumber: string;
  readonly error: unknown;
}

interface Waiting {
  readonly sequenceNumber: string;
  readonly event: BursarEvent;
}

/**
 * Delivers what the records mean, and says from which record on to come again, or `null` if all is delivered. At least
 * once: what is told again has the same id.
 *
 * A record that can't be read is where the delivery ends. Where it is the first one this throws, so that Lambda halves the
 * batch until the record stands alone, tries it as often as the mapping says, and goes on without it.
 *
 * @param records of one shard, in its order
 * @throws Error where the first record can't be read
 */
export async function deliver(deps: DeliveryDeps, records: readonly StreamRecord[]): Promise<string | null> {
  const { waiting, unreadable } = readEvents(records);
  if (unreadable !== null) deps.report({ event: 'events.unreadable', ...unreadable });
  if (unreadable !== null && unreadable.sequenceNumber === records[0]?.dynamodb.SequenceNumber) {
    throw new Error('the first record of the batch can’t be read', { cause: unreadable.error });
  }
  const failed = await putAll(deps, waiting);
  return failed[0]?.sequenceNumber ?? unreadable?.sequenceNumber ?? null;
}

function readEvents(records: readonly StreamRecord[]) {
  const waiting: Waiting[] = [];
  for (const record of records) {
    const sequenceNumber = record.dynamodb.SequenceNumber;
    try {
      const event = toEvent(record);
      if (event !== null) waiting.push({ sequenceNumber, event });
    } catch (error) {
      return { waiting, unreadable: { sequenceNumber, error } };
    }
  }
  return { waiting, unreadable: null };
}

/** Puts all, and again those that failed. @returns those that still fail, in their order */
async function putAll(deps: DeliveryDeps, all: readonly Waiting[]): Promise<readonly Waiting[]> {
  let waiting = all;
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    const round = await putRound(deps.put, waiting);
    waiting = round.failed;
    const [first] = waiting;
    if (first === undefined || attempt < EVENT_ATTEMPTS_MAX) {
      if (first !== undefined)
        await deps.clock.sleep(spreadWaitMs(doublingWaitMs(attempt - 1, WAIT_BOUNDS), deps.random.fraction()));
      continue;
    }
    deps.report({ event: 'events.put_failed', sequenceNumber: first.sequenceNumber, error: round.error });
    return waiting;
  }
  return waiting;
}

/** One attempt at each; a put without an answer ends it, since the next would likely get none either. */
async function putRound(put: DeliveryDeps['put'], waiting: readonly Waiting[]) {
  const failed: Waiting[] = [];
  const codes = new Set<string>();
  for (let start = 0; start < waiting.length; start += EVENT_ENTRIES_MAX) {
    const entries = waiting.slice(start, start + EVENT_ENTRIES_MAX);
    try {
      const answers = await put(entries.map(({ event }) => event));
      for (const [i, entry] of entries.entries()) {
        // An entry without an answer is one that failed.
        const code = answers[i] === undefined ? 'NoAnswer' : answers[i];
        if (code === null) continue;
        failed.push(entry);
        codes.add(code);
      }
    } catch (error) {
      return { failed: [...failed, ...waiting.slice(start)], error };
    }
  }
  const refused = `the bus refused ${failed.length} of ${waiting.length} events: ${[...codes].join(', ')}`;
  return { failed, error: new Error(refused) };
}
