/** A finding of cdk-nag that stays, and why. */
export interface Acknowledgement {
  readonly rule: string;
  /** Paths of resources, exactly; there is no way to acknowledge a rule everywhere. */
  readonly paths: readonly string[];
  /** What of the resource was found, where the rule says; all of what it says must be one of these. */
  readonly findings?: readonly (string | RegExp)[];
  readonly reason: string;
}

const FUNCTIONS = [
  'AuthorizeJwt',
  'IssueTokens',
  'ManageConnectors',
  'ManageIdentities',
  'ManageInstruments',
  'ManageSessions',
  'ProcessPayment',
  'PublishEvents',
  'ReadPayments',
  'SendApprovals',
  'ServeWalletPage',
  'SweepReservations',
  'TrueUp',
].map((name) => `BursarService/${name}`);
const CALLER_ROLES = [
  'ControlPlaneRole',
  'ManagementRole',
  'ObserverRole',
  'ProcessPaymentRole',
  'TokenRole',
  'TreasuryRole',
].map((name) => `BursarService/${name}`);
const ALARMS = [
  'ApiServerErrors',
  'AuthorizerErrors',
  'DeadLetters',
  'DenialSpike',
  'Frozen',
  'InvariantViolated',
  'IssuerUnreachable',
  'OldestReservationAge',
  'PartlyFrozen',
  'SignerThrottled',
  'SpendAnomaly',
  'SpentMismatch',
  'SweepFailures',
  'SweeperStopped',
].map((name) => `BursarService/Alarms/${name}/Resource`);
const STAGE = 'BursarService/PaymentsApi/Api/DeploymentStage.v1/Resource';
const DISTRIBUTION = 'BursarService/WalletPageDistribution/Distribution/Resource';
const QUEUE = 'BursarService/DeadLetters/Queue/Resource';

const functionResources = FUNCTIONS.map((path) => `${path}/Function/Resource`);
const functionPolicies = FUNCTIONS.map((path) => `${path}/Role/DefaultPolicy/Resource`);
const policyOf = (name: string): string => `BursarService/${name}/Role/DefaultPolicy/Resource`;

/**
 * Every finding over the default configuration and over the one with all options, with the reason why it stays. The test
 * fails for a finding that is not here, and for a line here that no finding needs.
 */
export const ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rule: 'AwsSolutions-IAM5',
    paths: functionPolicies,
    findings: ['Resource::*'],
    reason:
      'X-Ray takes no resource. manage-instruments also makes keys, which have no ARN before: by tag, spec and usage. In a VPC, Lambda keeps network interfaces with the role, which the function itself is denied. policies.test.ts lists each action that may have it and the conditions that must come with it',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: [policyOf('ProcessPayment'), policyOf('ManageInstruments')],
    findings: ['Resource::arn:aws:kms:us-east-1:000000000000:key/*'],
    reason: 'Wallet keys are made at run time; the deployment tag, which nobody may change, narrows it to ours',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: [
      policyOf('ManageConnectors'),
      policyOf('ManageIdentities'),
      policyOf('ManageInstruments'),
      policyOf('IssueTokens'),
      policyOf('BackupRole'),
    ],
    findings: ['Resource::arn:aws:kms:us-east-1:000000000000:key/*'],
    reason:
      'Old secrets keep their key when the data stack is made anew; the secret’s name and Secrets Manager narrow it',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: [
      policyOf('ProcessPayment'),
      policyOf('ManageConnectors'),
      policyOf('ManageInstruments'),
      policyOf('BackupRole'),
    ],
    findings: ['Resource::arn:aws:secretsmanager:us-east-1:000000000000:secret:bursar/Bursar/*'],
    reason: 'Seeds are made at run time, under the name of this deployment; credentials below it are denied',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: [policyOf('ManageIdentities'), policyOf('ManageInstruments'), policyOf('IssueTokens')],
    findings: ['Resource::arn:aws:secretsmanager:us-east-1:000000000000:secret:bursar/Bursar/credentials/*'],
    reason: 'Credentials of wallet providers are made at run time, under the name of this deployment',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: ['ControlPlaneRole', 'ManagementRole', 'ObserverRole', 'TreasuryRole'].map(policyOf),
    findings: [
      /^Resource::arn:aws:execute-api:us-east-1:000000000000:<PaymentsApi\w+>\/v1\/(GET|POST|PATCH|DELETE)\/[\w-]+(\/[\w*-]+)+$/,
    ],
    reason: 'Stands for a path parameter of one operation; caller-roles.test.ts proves that it reaches no other',
  },
  {
    rule: 'AwsSolutions-IAM5',
    paths: ['BursarService/CanaryDeployments/Role/DefaultPolicy/Resource'],
    findings: ['Resource::arn:aws:cloudwatch:us-east-1:000000000000:alarm:*'],
    reason: 'Reads the states of alarms; CloudWatch asks for this resource whatever the names',
  },
  {
    rule: 'AwsSolutions-IAM4',
    paths: ['BursarService/PaymentsApi/Api/CloudWatchRole/Resource'],
    findings: [/^Policy::arn:<AWS::Partition>:iam::aws:policy\/service-role\/AmazonAPIGatewayPushToCloudWatchLogs$/],
    reason:
      'One role for all APIs of the account and region, with the policy that AWS keeps for it; ownApiGatewayAccount false leaves it out',
  },
  {
    rule: 'NIST.800.53.R5-IAMNoInlinePolicy',
    paths: [
      ...[...FUNCTIONS, ...CALLER_ROLES].map((path) => `${path}/Role/DefaultPolicy/Resource`),
      'BursarService/CanaryDeployments/Role/DefaultPolicy/Resource',
      policyOf('BackupRole'),
    ],
    reason: 'Each policy fits one role and dies with it; as a managed policy it could be attached to others',
  },
  {
    rule: 'NIST.800.53.R5-LambdaInsideVPC',
    // Those who ask chains are there with every option alone, and then in a VPC.
    paths: functionResources.filter((path) => !/SendApprovals|TrueUp/.test(path)),
    reason: 'Nothing in a VPC is called, and endpoints cost by the hour; the choice vpc puts the functions into one',
  },
  {
    rule: 'NIST.800.53.R5-LambdaConcurrency',
    paths: functionResources,
    reason:
      'A fresh account has too few instances to set any aside; the API is throttled, and reservedConcurrency limits the paying function',
  },
  {
    rule: 'NIST.800.53.R5-LambdaDLQ',
    paths: functionResources,
    reason:
      'Calls through the API are synchronous: the caller gets the failure. The sweeper has a destination for failed runs instead, which says why they failed, and the mapping of publish-events one for what it could not tell',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    paths: functionResources,
    reason: 'As for NIST.800.53.R5-LambdaDLQ',
  },
  {
    rule: 'NIST.800.53.R5-CloudWatchLogGroupEncrypted',
    paths: [
      ...FUNCTIONS.map((path) => `${path}/Logs/Resource`),
      'BursarService/PaymentsApi/AccessLogs/Resource',
      'BursarService/WebAclLogs/Group/Resource',
    ],
    reason:
      'CloudWatch encrypts them with a key of its own; no line holds a proof, key or token, and the key of the tables is usable through DynamoDB only',
  },
  {
    rule: 'NIST.800.53.R5-CloudWatchAlarmAction',
    paths: ALARMS,
    reason:
      'Without alarmEmail nobody is told: an address is for the deployer to give. The alarms still stop deployments and show on the dashboard',
  },
  {
    rule: 'NIST.800.53.R5-DynamoDBInBackupPlan',
    paths: ['BursarData/Books/Table/Resource', 'BursarData/Registry/Table/Resource'],
    reason:
      'Every second of 35 days can be restored, and the tables cannot be deleted by mistake; older books are of no use for payments',
  },
  {
    rule: 'Serverless-LambdaTracing',
    paths: ['ServeWalletPage', 'SweepReservations', 'PublishEvents', 'SendApprovals', 'TrueUp'].map(
      (name) => `BursarService/${name}/Function/Resource`,
    ),
    reason: 'Only requests have traces: what runs by itself would record and pay for runs that nobody asks about',
  },
  {
    rule: 'AwsSolutions-APIG2',
    paths: ['BursarService/PaymentsApi/Api/Resource'],
    reason:
      'The functions check every request and answer in AWS’s error shapes, which a validator of API Gateway does not know',
  },
  {
    rule: 'AwsSolutions-APIG3',
    paths: [STAGE],
    reason: 'WAF costs seven dollars a month idle; the choice waf puts it before the stage',
  },
  { rule: 'NIST.800.53.R5-APIGWAssociatedWithWAF', paths: [STAGE], reason: 'As for AwsSolutions-APIG3' },
  {
    rule: 'AwsSolutions-APIG6',
    paths: [STAGE],
    reason:
      'Execution logs hold headers and bodies, and with them proofs; the access log and one line a request of each function take their place',
  },
  { rule: 'NIST.800.53.R5-APIGWExecutionLoggingEnabled', paths: [STAGE], reason: 'As for AwsSolutions-APIG6' },
  {
    rule: 'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted',
    paths: [STAGE],
    reason: 'An answer is for one user at one moment: a cache would show budgets as they were',
  },
  {
    rule: 'NIST.800.53.R5-APIGWSSLEnabled',
    paths: [STAGE],
    reason: 'Client certificates are for HTTP integrations; functions are invoked by IAM',
  },
  {
    rule: 'AwsSolutions-CFR1',
    paths: [DISTRIBUTION],
    reason: 'Where users of wallets may be is nothing that a default can know',
  },
  {
    rule: 'AwsSolutions-CFR2',
    paths: [DISTRIBUTION],
    reason:
      'WAF before CloudFront is a resource of us-east-1, which these stacks need not be in; what the page calls is throttled at the API, where the choice waf stands too',
  },
  {
    rule: 'AwsSolutions-CFR3',
    paths: [DISTRIBUTION],
    reason:
      'All but script and style is asked of the API, whose access log has it; CloudFront would log queries too, in which issuers send codes',
  },
  { rule: 'AwsSolutions-SQS3', paths: [QUEUE], reason: 'It is the dead-letter queue' },
  { rule: 'Serverless-SQSRedrivePolicy', paths: [QUEUE], reason: 'It is the dead-letter queue' },
  {
    rule: 'Serverless-SNSRedrivePolicy',
    paths: ['BursarService/AlarmTopic/Topic/ops@example.com/Resource'],
    reason: 'A mail that is not delivered has no reader in a queue either; the alarm stays on',
  },
];
