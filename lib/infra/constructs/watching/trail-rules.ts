import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { AlarmTopic } from './alarm-topic.ts';
import type { DeadLetters } from '../functions/dead-letters.ts';

export interface TrailRulesProps {
  readonly topic: AlarmTopic;
  /** The queue for events that could not be delivered. */
  readonly deadLetters: DeadLetters;
  /** How the names of the deployment's secrets begin, without the slash that follows. */
  readonly secretNamePrefix: string;
  /** ARNs of the functions' roles that read and write secrets as their work. */
  readonly workingRoleArns: readonly string[];
}

/** The state in which a rule hears of read-only calls too, such as GetSecretValue. */
const WITH_READS = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
const SECRET_CALLS = [
  'GetSecretValue',
  'DeleteSecret',
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'PutResourcePolicy',
  'RotateSecret',
];
const KEY_CALLS = ['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy'];
const API_CALL = 'AWS API Call via CloudTrail';

/**
 * Tells the alarms' topic at once of what only administrators do, as CloudTrail reports it. Keys are those of the whole account,
 * since an event of KMS bears no tags; secrets are the deployment's.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
 */
export class TrailRules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { topic, deadLetters, secretNamePrefix, workingRoleArns }: TrailRulesProps,
  ) {
    super(scope, id);
    const { queue } = deadLetters;
    const rules = {
      Secrets: {
        description:
          'Seeds or secrets of wallet providers are read or changed by somebody who is none of the functions',
        state: WITH_READS,
        source: 'aws.secretsmanager',
        detail: {
          eventName: SECRET_CALLS,
          // By name or by ARN.
          requestParameters: { secretId: [{ wildcard: `*${secretNamePrefix}/*` }] },
          // Users and the account's root have no session.
          userIdentity: {
            sessionContext: { sessionIssuer: { arn: [{ 'anything-but': workingRoleArns }, { exists: false }] } },
          },
        },
      },
      Keys: {
        description: 'A key is to be deleted, is disabled, or is given another policy',
        state: 'ENABLED',
        source: 'aws.kms',
        detail: { eventName: KEY_CALLS },
      },
    };
    for (const [name, { description, state, source, detail }] of Object.entries(rules)) {
      const rule = new CfnRule(this, name, {
        description,
        state,
        eventPattern: { source: [source], 'detail-type': [API_CALL], detail },
        targets: [{ id: 'topic', arn: topic.topic.topicArn, deadLetterConfig: { arn: queue.queueArn } }],
      });
      topic.allowRule(name, rule.attrArn);
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid: `KeptBy${name}`,
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
        }),
      );
    }
  }
}
