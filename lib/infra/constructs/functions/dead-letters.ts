import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** The longest that SQS keeps a message. */
const RETENTION = Duration.days(14);

/**
 * Runs of the sweeper that failed or were never started, and places in the books' stream whose events could not be told. A
 * message holds the event of the schedule and the error, or the shard and the sequence numbers: nothing of a payment. Nobody
 * reads it but people: what a failed run left undone, the next one does; docs/reference/events.md says what to do about events.
 */
export class DeadLetters extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      // A key of our own would cost a dollar a month for messages that hold no secret.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
  }
}
