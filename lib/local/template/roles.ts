import type { FindResources, ResolvedResource } from './resolved-resource.ts';

export interface RoleDefinition {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  readonly policies: readonly PolicyDefinition[];
}

export interface PolicyDefinition {
  readonly name: string;
  readonly document: object;
}

interface AttachedPolicy {
  readonly name: string;
  readonly document: object;
  readonly roles: readonly string[];
}

/** AWS's own policies that the templates may use, without what the local stack has no counterpart of. */
const AWS_MANAGED_POLICY = /^arn:[a-z-]+:iam::aws:policy\//;
const ALLOW_LOGS = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' },
  ],
};
const AWS_MANAGED: Readonly<Record<string, object>> = {
  AWSLambdaBasicExecutionRole: ALLOW_LOGS,
  AmazonAPIGatewayPushToCloudWatchLogs: ALLOW_LOGS,
};

/** All roles with what may be done under them: their own policies and the attached ones. Permission boundaries are refused. */
export function readRoles(find: FindResources): RoleDefinition[] {
  const attached = [...find('AWS::IAM::Policy'), ...find('AWS::IAM::ManagedPolicy')].map(toAttached);
  const managed = new Map(find('AWS::IAM::ManagedPolicy').map((policy) => [policy.ref, toDocument(policy)]));
  return find('AWS::IAM::Role').map((role) => {
    if (role.property('PermissionsBoundary') !== undefined) throw role.error('permission boundaries are not supported');
    return {
      name: role.ref,
      arn: role.arn(),
      logicalId: role.logicalId,
      policies: [
        ...readInline(role),
        ...readManaged(role, managed),
        ...attached
          .filter((policy) => policy.roles.includes(role.ref))
          .map(({ name, document }) => ({ name, document })),
      ],
    };
  });
}

function toAttached(policy: ResolvedResource): AttachedPolicy {
  const roles = policy.property('Roles') ?? [];
  if (!isTextList(roles)) throw policy.error('Roles must be a list of names');
  return { name: policy.logicalId, document: toDocument(policy), roles };
}

function toDocument(policy: ResolvedResource): object {
  const document = policy.property('PolicyDocument');
  if (typeof document !== 'object' || document === null) throw policy.error('PolicyDocument must be an object');
  return document;
}

function readInline(role: ResolvedResource): PolicyDefinition[] {
  const policies = (role.property('Policies') ?? []) as readonly { PolicyName?: unknown; PolicyDocument?: unknown }[];
  return policies.map(({ PolicyName: name, PolicyDocument: document }) => {
    if (typeof name !== 'string' || typeof document !== 'object' || document === null) {
      throw role.error('Policies must have PolicyName and PolicyDocument');
    }
    return { name, document };
  });
}

function readManaged(role: ResolvedResource, managed: ReadonlyMap<string, object>): PolicyDefinition[] {
  const arns = role.property('ManagedPolicyArns') ?? [];
  if (!isTextList(arns)) throw role.error('ManagedPolicyArns must be a list of ARNs');
  return arns.map((arn) => {
    const name = arn.slice(arn.lastIndexOf('/') + 1);
    const document = AWS_MANAGED_POLICY.test(arn) ? AWS_MANAGED[name] : managed.get(arn);
    if (document === undefined) throw role.error(`the contents of managed policy ${arn} are not known here`);
    return { name, document };
  });
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
