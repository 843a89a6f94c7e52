import { randomUUID } from 'node:crypto';
import type { EpochMs } from '../../domain/time.ts';
import type { Environment } from '../template/environment.ts';
import type { Actions } from './actions.ts';
import { AwsError, validationError } from './aws-error.ts';
import { readText, requireText, type Input } from './members.ts';

/** Where events go. */
export interface EventSink {
  has(bus: string): boolean;
  accept(event: {
    readonly id: string;
    readonly bus: string;
    readonly source: string;
    readonly detailType: string;
    readonly time: string;
    readonly detail: unknown;
  }): void;
}

export interface EventBridgeOptions {
  readonly environment: Environment;
  readonly now: () => EpochMs;
  readonly sink: EventSink;
}

type Answer = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

const ENTRIES_MAX = 10;
/** Of all entries together. */
const DETAIL_MAX_CHARS = 256 * 1024;
const ARN = /^arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\//;

/**
 * EventBridge as far as putting events goes; no rules, archives or schemas.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export function createEventBridgeActions({ environment, now, sink }: EventBridgeOptions): Actions {
  const { partition, region, account } = environment;
  return {
    PutEvents: async (caller, input) => {
      const entries = readEntries(input);
      const buses = entries.map((entry) =>
        (readText(entry, 'EventBusName', { min: 1, max: 1600 }) ?? 'default').replace(ARN, ''),
      );
      for (const bus of new Set(buses)) {
        const resourceArn = `arn:${partition}:events:${region}:${account}:event-bus/${bus}`;
        await caller.assertAllowed({ action: 'PutEvents', resourceArn, tags: {}, context: {} });
        if (!sink.has(bus)) throw new AwsError('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
      }
      const answers = entries.map((entry, i) => put(sink, entry, buses[i]!, now()));
      return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
    },
  };
}

function readEntries(input: Input): readonly Input[] {
  const entries = input['Entries'];
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > ENTRIES_MAX) {
    throw validationError(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${ENTRIES_MAX}`,
    );
  }
  if (JSON.stringify(entries).length > DETAIL_MAX_CHARS)
    throw validationError('Total size of the entries in the request is over the limit.');
  return entries.map((entry: unknown) => (typeof entry === 'object' && entry !== null ? (entry as Input) : {}));
}

function put(sink: EventSink, entry: Input, bus: string, now: EpochMs): Answer {
  const source = requireText(entry, 'Source', { min: 1, max: 256 });
  const detailType = requireText(entry, 'DetailType', { min: 1, max: 128 });
  const text = requireText(entry, 'Detail', { min: 2, max: DETAIL_MAX_CHARS });
  const detail = parseObject(text);
  if (detail === null) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const time = entry['Time'];
  const at = typeof time === 'number' ? time * 1_000 : now;
  const id = randomUUID();
  sink.accept({ id, bus, source, detailType, time: `${new Date(at).toISOString().slice(0, 19)}Z`, detail });
  return { EventId: id };
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
