import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** The longest that SQS keeps a message. */
const RETENTION = Duration.days(14);

/**
 * Runs of the sweeper that failed or were never started. A message holds the event of the schedule and the error, nothing of
 * a payment. Nobody reads it but people: what a failed run left undone, the next one does.
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
