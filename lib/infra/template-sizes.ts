import { CfnResource, Stack } from 'aws-cdk-lib';

// What CloudFormation learns of these only when it has begun: a stack that fails halfway rolls back for minutes.

/**
 * Characters of a role's trust policy.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const TRUST_MAX_CHARS = 2_048;
/** Characters of all policies within a role, a user or a group. */
const INLINE_MAX_CHARS = { Roles: 10_240, Users: 2_048, Groups: 5_120 } as const;
const MANAGED_POLICY_MAX_CHARS = 6_144;
/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ENVIRONMENT_MAX_BYTES = 4_096;

/** Lengths of what is known at deployment only, on the long side. */
const PSEUDO_CHARS: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 10,
  'AWS::Region': 14,
  'AWS::URLSuffix': 16,
};
const NAME_CHARS = 64;
const ARN_CHARS = 128;
/** As many variables of a large environment are named. */
const NAMED_MAX = 3;

interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What of a stack is larger than AWS takes, in sentences for the deployer. Lengths of references are estimated. */
export function sizeProblems(stack: Stack): string[] {
  const resources = resourcesOf(stack);
  return [
    ...resources.flatMap(([id, resource]) => [...trustProblems(id, resource), ...environmentProblems(id, resource)]),
    ...policyProblems(resources),
  ];
}

function resourcesOf(stack: Stack): [id: string, resource: TemplateResource][] {
  const own = stack.node.findAll().filter((node): node is CfnResource => CfnResource.isCfnResource(node));
  return own
    .filter((resource) => Stack.of(resource) === stack)
    .flatMap((resource) => {
      // oxlint-disable-next-line no-underscore-dangle -- CDK's own name for what a resource becomes
      const rendered = stack.resolve(resource._toCloudFormation()) as { Resources?: Record<string, TemplateResource> };
      const [template] = Object.values(rendered.Resources ?? {});
      return template === undefined ? [] : [[resource.node.path, template] as [string, TemplateResource]];
    });
}

function trustProblems(id: string, { Type: type, Properties: properties = {} }: TemplateResource): string[] {
  if (type !== 'AWS::IAM::Role') return [];
  const chars = sizeOf(properties['AssumeRolePolicyDocument']);
  if (chars <= TRUST_MAX_CHARS) return [];
  return [
    `the trust policy of ${id} takes about ${chars} characters, and IAM allows ${TRUST_MAX_CHARS}: name fewer principals, such as one role that they all assume`,
  ];
}

function environmentProblems(id: string, { Type: type, Properties: properties = {} }: TemplateResource): string[] {
  if (type !== 'AWS::Lambda::Function') return [];
  const { Variables: variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
  const sizes = Object.entries(variables).map(([name, value]) => [name, name.length + textSize(value)] as const);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= ENVIRONMENT_MAX_BYTES) return [];
  const longest = sizes
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, NAMED_MAX)
    .map(([name, size]) => `${name} (${size})`);
  return [
    `the environment of ${id} takes about ${bytes} bytes, and Lambda allows ${ENVIRONMENT_MAX_BYTES}: shorten ${longest.join(', ')}`,
  ];
}

function policyProblems(resources: readonly [string, TemplateResource][]): string[] {
  const inline = new Map<string, { readonly max: number; chars: number }>();
  const problems: string[] = [];
  for (const [id, { Type: type, Properties: properties = {} }] of resources) {
    const chars = sizeOf(properties['PolicyDocument']);
    if (type === 'AWS::IAM::ManagedPolicy' && chars > MANAGED_POLICY_MAX_CHARS) {
      problems.push(`the policy ${id} takes about ${chars} characters, and IAM allows ${MANAGED_POLICY_MAX_CHARS}`);
    }
    if (type !== 'AWS::IAM::Policy') continue;
    for (const [kind, max] of Object.entries(INLINE_MAX_CHARS)) {
      for (const holder of (properties[kind] ?? []) as readonly unknown[]) {
        const key = `${kind} ${JSON.stringify(holder)}`;
        inline.set(key, { max, chars: (inline.get(key)?.chars ?? 0) + chars });
      }
    }
  }
  for (const [holder, { max, chars }] of inline) {
    if (chars > max)
      problems.push(`the policies within ${holder} take about ${chars} characters, and IAM allows ${max}`);
  }
  return problems;
}

/** Characters of a document as JSON without white space, which IAM does not count. */
function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item) + 1, 1);
  if (typeof value !== 'object' || value === null) return (JSON.stringify(value) ?? '').length;
  if (isIntrinsic(value)) return textSize(value) + 2;
  return Object.entries(value).reduce((sum, [name, member]) => sum + name.length + 4 + sizeOf(member), 1);
}

function textSize(value: unknown): number {
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(String(value));
  const { Ref: name, 'Fn::Join': join } = value as Readonly<Record<string, unknown>>;
  if (typeof name === 'string') return PSEUDO_CHARS[name] ?? NAME_CHARS;
  if (Array.isArray(join)) {
    const [separator, parts] = join as [string, readonly unknown[]];
    return parts.reduce((sum: number, part) => sum + textSize(part) + separator.length, 0);
  }
  return JSON.stringify(value).includes('Arn') ? ARN_CHARS : NAME_CHARS;
}

function isIntrinsic(value: object): boolean {
  const [name = '', ...others] = Object.keys(value);
  return others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
}
