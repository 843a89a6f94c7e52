import { createHash } from 'node:crypto';
import type { Environment } from './environment.ts';

/** A resource of a template as far as names go. */
export interface NamedResource {
  readonly environment: Environment;
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  /** A property of it, resolved. */
  property(name: string): unknown;
}

interface Naming {
  /** The property that gives the name; without it CloudFormation makes one up. */
  readonly nameProperty: string;
  /** What comes before the name in the ARN, from the service on; `R` stands for the region, `A` for the account. */
  readonly arnPrefix: string;
  readonly arnSuffix?: string;
}

const NAMINGS: Readonly<Record<string, Naming>> = {
  'AWS::DynamoDB::Table': { nameProperty: 'TableName', arnPrefix: 'dynamodb:R:A:table/' },
  'AWS::Events::EventBus': { nameProperty: 'Name', arnPrefix: 'events:R:A:event-bus/' },
  'AWS::Events::Rule': { nameProperty: 'Name', arnPrefix: 'events:R:A:rule/' },
  'AWS::IAM::ManagedPolicy': { nameProperty: 'ManagedPolicyName', arnPrefix: 'iam::A:policy/' },
  'AWS::IAM::Role': { nameProperty: 'RoleName', arnPrefix: 'iam::A:role/' },
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', arnPrefix: 'lambda:R:A:function:' },
  'AWS::Logs::LogGroup': { nameProperty: 'LogGroupName', arnPrefix: 'logs:R:A:log-group:', arnSuffix: ':*' },
  'AWS::SQS::Queue': { nameProperty: 'QueueName', arnPrefix: 'sqs:R:A:' },
  'AWS::SNS::Topic': { nameProperty: 'TopicName', arnPrefix: 'sns:R:A:' },
  'AWS::Scheduler::Schedule': { nameProperty: 'Name', arnPrefix: 'scheduler:R:A:schedule/default/' },
};

/** The shortest limit of the names in use: roles and functions. */
const NAME_MAX_CHARS = 64;
const HASH_CHARS = 8;

/** The name that a resource was given, or one from stack and logical id: the same at every start. */
export function physicalName(resource: NamedResource): string {
  const property = NAMINGS[resource.type]?.nameProperty;
  const given = property === undefined ? undefined : resource.property(property);
  if (typeof given === 'string') return given;
  const name = `${resource.stackName}-${resource.logicalId}`;
  if (name.length <= NAME_MAX_CHARS) return name;
  return `${name.slice(0, NAME_MAX_CHARS - HASH_CHARS - 1)}-${digest(name).slice(0, HASH_CHARS)}`;
}

/** What `Ref` gives. */
export function physicalRef(resource: NamedResource): string {
  const id = digest(`${resource.stackName}/${resource.logicalId}`);
  switch (resource.type) {
    case 'AWS::ApiGateway::RestApi':
      return id.slice(0, 10);
    case 'AWS::ApiGateway::Stage':
      return String(resource.property('StageName'));
    case 'AWS::KMS::Key':
      return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-');
    case 'AWS::Lambda::Alias':
      return `${functionArn(resource)}:${String(resource.property('Name'))}`;
    case 'AWS::Lambda::Version':
      return `${functionArn(resource)}:1`;
    case 'AWS::IAM::ManagedPolicy':
    case 'AWS::SNS::Topic':
      return arn(resource) ?? '';
    default:
      return physicalName(resource);
  }
}

/** What `Fn::GetAtt` gives, or `null` for an attribute that is not known here. */
export function physicalAttribute(resource: NamedResource, attribute: string): string | null {
  const { type } = resource;
  if (attribute === 'Arn') return arn(resource);
  if (attribute === 'StreamArn' && type === 'AWS::DynamoDB::Table') return `${arn(resource)}/stream/local`;
  if (attribute === 'RootResourceId' && type === 'AWS::ApiGateway::RestApi') return `${physicalRef(resource)}-root`;
  if (attribute === 'Version' && type === 'AWS::Lambda::Version') return '1';
  if (attribute === 'FunctionArn' && type === 'AWS::Lambda::Version') return physicalRef(resource);
  if (attribute === 'RoleId') return `AROA${digest(resource.logicalId).slice(0, 17).toUpperCase()}`;
  return null;
}

function arn(resource: NamedResource): string | null {
  const { partition, region, account } = resource.environment;
  if (resource.type === 'AWS::KMS::Key')
    return `arn:${partition}:kms:${region}:${account}:key/${physicalRef(resource)}`;
  const naming = NAMINGS[resource.type];
  if (naming === undefined) return null;
  const [service, in_, of, ...rest] = naming.arnPrefix.split(':');
  const prefix = [service, in_ === 'R' ? region : '', of === 'A' ? account : '', ...rest].join(':');
  const path = resource.type === 'AWS::IAM::Role' ? String(resource.property('Path') ?? '/').slice(1) : '';
  return `arn:${partition}:${prefix}${path}${physicalName(resource)}${naming.arnSuffix ?? ''}`;
}

/** The function that a version or an alias belongs to, which they name or give the ARN of. */
function functionArn(resource: NamedResource): string {
  const given = String(resource.property('FunctionName'));
  const { partition, region, account } = resource.environment;
  return given.startsWith('arn:') ? given : `arn:${partition}:lambda:${region}:${account}:function:${given}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
