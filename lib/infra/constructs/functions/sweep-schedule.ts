// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Construct } from 'constructs';
import type { DeadLetters } from './dead-letters.ts';
import type { ServiceFunction } from './service-function.ts';

export interface SweepScheduleProps {
  readonly sweeper: ServiceFunction;
  /** Where runs go that failed or could not be started. */
  readonly deadLetters: DeadLetters;
}

const SWEEP_INTERVAL = Duration.minutes(1);

/** Runs the sweeper every minute; the sweeper makes two passes, so that nothing is held longer than a minute and a half. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, { sweeper, deadLetters: { queue } }: SweepScheduleProps) {
    super(scope, id);
    // A run that failed is not repeated: the next one comes within the minute and does the same.
    sweeper.live.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: SWEEP_INTERVAL,
      onFailure: new SqsDestination(queue),
    });
    new Rule(this, 'EveryMinute', {
      description: 'Finishes payments that a crash left open',
      schedule: Schedule.rate(SWEEP_INTERVAL),
      targets: [
        new LambdaFunction(sweeper.live, { retryAttempts: 0, maxEventAge: SWEEP_INTERVAL, deadLetterQueue: queue }),
      ],
    });
  }
}
