// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import {
  EVENT_BATCH_RECORDS_MAX,
  EVENT_BATCH_WINDOW_SECONDS,
  EVENT_DELIVERIES_MAX,
  EVENT_RECORD_AGE_MAX_SECONDS,
} from '../../../domain/limits.ts';
import { EVENT_FILTERS } from '../../../ledger/dynamodb/books/stream-filters.ts';
import type { Books } from '../tables/books.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { PaymentEvents } from './payment-events.ts';
import type { ServiceFunction } from './service-function.ts';

export interface EventStreamProps {
  readonly publisher: ServiceFunction;
  readonly books: Books;
  readonly events: PaymentEvents;
  /** The queue for places in the stream whose events could not be delivered. */
  readonly deadLetters: DeadLetters;
}

/**
 * Tells what happens to payments and sessions: the changes of the books as events, which only the publisher tells. Not on
 * the way of any payment.
 */
export class EventStream extends Construct {
  constructor(scope: Construct, id: string, { publisher, books, events, deadLetters }: EventStreamProps) {
    super(scope, id);
    events.grantPut(publisher.role);
    books.grantReadStream(publisher.role);
    new EventSourceMapping(this, 'Mapping', {
      target: publisher.live,
      eventSourceArn: books.streamArn,
      // A new mapping tells the last day again rather than miss what happened while it was made.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: EVENT_BATCH_RECORDS_MAX,
      maxBatchingWindow: Duration.seconds(EVENT_BATCH_WINDOW_SECONDS),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: EVENT_DELIVERIES_MAX - 1,
      maxRecordAge: Duration.seconds(EVENT_RECORD_AGE_MAX_SECONDS),
      onFailure: new SqsDlq(deadLetters.queue),
      filters: EVENT_FILTERS.map((pattern) => ({ pattern: JSON.stringify(pattern) })),
    });
    new CfnOutput(this, 'EventBusName', {
      value: events.bus.eventBusName,
      description: 'Bus of the events',
    }).overrideLogicalId('EventBusName');
  }
}
