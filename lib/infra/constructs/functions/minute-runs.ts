// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Construct } from 'constructs';
import type { DeadLetters } from './dead-letters.ts';
import type { ServiceFunction } from './service-function.ts';

export interface MinuteRunsProps {
  readonly runner: ServiceFunction;
  readonly description: string;
  /** Where runs go that failed or could not be started. */
  readonly deadLetters: DeadLetters;
}

const INTERVAL = Duration.minutes(1);

/** Runs a function every minute. A run that failed is not repeated: the next one comes within the minute and does the same. */
export class MinuteRuns extends Construct {
  constructor(scope: Construct, id: string, { runner, description, deadLetters: { queue } }: MinuteRunsProps) {
    super(scope, id);
    runner.live.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: INTERVAL,
      onFailure: new SqsDestination(queue),
    });
    new Rule(this, 'EveryMinute', {
      description,
      schedule: Schedule.rate(INTERVAL),
      targets: [new LambdaFunction(runner.live, { retryAttempts: 0, maxEventAge: INTERVAL, deadLetterQueue: queue })],
    });
  }
}
