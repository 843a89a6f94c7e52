import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, ServicePrincipal, AnyPrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { administeredByThisAccount } from '../keys/data-key.ts';

export interface AlarmTopicProps {
  /** The deployment: what messages say they come from. */
  readonly name: string;
  readonly email: string;
}

const DELETION_DAYS = 7;

/**
 * Where alarms are told. The topic has a key of its own, because CloudWatch can't publish to a topic that is encrypted with
 * the key that AWS manages for SNS.
 */
export class AlarmTopic extends Construct {
  readonly topic: Topic;
  private readonly key: Key;
  private rulesUseKey = false;

  constructor(scope: Construct, id: string, { name, email }: AlarmTopicProps) {
    super(scope, id);
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
    this.key = new Key(this, 'Key', {
      description: 'Encrypts the alarms of Bursar on their way',
      enableKeyRotation: true,
      // A message is on its way for minutes.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(DELETION_DAYS),
      policy: new PolicyDocument({
        statements: [
          administeredByThisAccount(),
          new PolicyStatement({
            sid: 'UsedByAlarms',
            principals: [cloudWatch],
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: ['*'],
            conditions: ofThisAccount,
          }),
        ],
      }),
    });
    this.topic = new Topic(this, 'Topic', { displayName: name, masterKey: this.key });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'PublishedToByAlarms',
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: ofThisAccount,
      }),
    );
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NeverInTheClear',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Lets a rule of EventBridge tell the topic. @param id of the rule, in the statement's name */
  allowRule(id: string, ruleArn: string): void {
    const events = new ServicePrincipal('events.amazonaws.com');
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: `PublishedToBy${id}`,
        principals: [events],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ArnEquals: { 'aws:SourceArn': ruleArn } },
      }),
    );
    if (this.rulesUseKey) return;
    this.rulesUseKey = true;
    // EventBridge states neither account nor rule when it uses a topic's key; the topic's own policy bounds the rules.
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'UsedByRules',
        principals: [events],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
      }),
    );
  }
}
