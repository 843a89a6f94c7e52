// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { APPROVAL_BATCH_RECORDS_MAX, APPROVAL_RECORD_AGE_MAX_SECONDS } from '../../../domain/limits.ts';
import { UNSIGNED_APPROVALS } from '../../../ledger/dynamodb/allowances/allowance-stream.ts';
import type { Books } from '../tables/books.ts';
import type { DeadLetters } from './dead-letters.ts';
import { MinuteRuns } from './minute-runs.ts';
import type { ServiceFunction } from './service-function.ts';

export interface ApprovalRoundsProps {
  /** Asks the chains, and has no key. */
  readonly sender: ServiceFunction;
  /** Has the keys, and no way to the chains. */
  readonly signer: ServiceFunction;
  readonly books: Books;
  /** Where runs go that failed or could not be started, and what the signer could not sign. */
  readonly deadLetters: DeadLetters;
}

/** Looks at wallets whose approvals are asked for every minute, and has what was frozen for it signed as soon as it is written. */
export class ApprovalRounds extends Construct {
  constructor(scope: Construct, id: string, { sender, signer, books, deadLetters }: ApprovalRoundsProps) {
    super(scope, id);
    new MinuteRuns(this, 'Runs', {
      runner: sender,
      description: 'Brings approvals of Permit2 to the chains',
      deadLetters,
    });
    books.grantReadStreamToo(signer.role);
    new EventSourceMapping(this, 'Unsigned', {
      target: signer.live,
      eventSourceArn: books.streamArn,
      // What was frozen before the mapping was made waits for the sender's next reminder.
      startingPosition: StartingPosition.LATEST,
      batchSize: APPROVAL_BATCH_RECORDS_MAX,
      reportBatchItemFailures: true,
      // An approval that waits for longer is written again by the sender, and so comes here again.
      maxRecordAge: Duration.seconds(APPROVAL_RECORD_AGE_MAX_SECONDS),
      retryAttempts: 2,
      onFailure: new SqsDlq(deadLetters.queue),
      filters: [{ pattern: JSON.stringify(UNSIGNED_APPROVALS) }],
    });
  }
}
