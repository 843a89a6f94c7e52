import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describeFailure } from '../api/function.ts';
import { EVENT_PUT_TIMEOUT_MS } from '../domain/limits.ts';
import { deliver, type DeliveryDeps } from '../events/delivery.ts';
import type { StreamRecord } from '../ledger/dynamodb/store/stream-record.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { readPublishingConfig } from './runtime/config.ts';
import { awsClientOptions, systemClock, systemRandom, writeLog } from './runtime/runtime.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */
interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Tells changes of the books as events. Invoked by their stream, never on the way of a payment; reads and writes no table. */
export function composePublishEvents(
  env: NodeJS.ProcessEnv,
): (event: { readonly Records: readonly StreamRecord[] }) => Promise<BatchResponse> {
  const { eventBusName, eventSource } = readPublishingConfig(env);
  // Its own repetitions repeat only the events that failed.
  const client = new EventBridgeClient(awsClientOptions(EVENT_PUT_TIMEOUT_MS, 1));
  const deps: DeliveryDeps = {
    put: async (events) => {
      const { Entries: answers = [] } = await client.send(
        new PutEventsCommand({
          Entries: events.map(({ type, at, detail }) => ({
            EventBusName: eventBusName,
            Source: eventSource,
            DetailType: type,
            Time: new Date(at),
            Detail: JSON.stringify(detail),
          })),
        }),
      );
      return events.map((_, i) => (answers[i]?.EventId === undefined ? (answers[i]?.ErrorCode ?? 'NoAnswer') : null));
    },
    clock: systemClock,
    random: systemRandom,
    report: ({ event, sequenceNumber, error }) => {
      const failure = describeFailure(error);
      writeLog(formatLogLine({ event, level: 'ERROR', at: systemClock.now() }, { sequenceNumber, failure }));
    },
  };
  return async ({ Records: records }) => {
    const from = await deliver(deps, records);
    return { batchItemFailures: from === null ? [] : [{ itemIdentifier: from }] };
  };
}
