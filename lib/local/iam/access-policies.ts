import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { createBoundedMap } from '../../domain/bounded-map.ts';
import type { Environment } from '../template/environment.ts';
import { readConditionClasses, type ConditionClasses } from './condition-classes.ts';
import type { RoleDefinition } from '../template/roles.ts';
import type { Identity } from './credentials.ts';

/** One question to IAM. */
export interface AccessRequest {
  readonly caller: Identity;
  /** As in `execute-api:Invoke`. */
  readonly action: string;
  /** An ARN without wildcards, or `*` for actions that name no resource. */
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The policy of the resource itself: a key's or an API's. */
  readonly resourcePolicy?: object;
}

export interface AccessPolicies {
  /** @throws Error for an action or a policy that IAM would not take: a mistake in the templates or in the asking code */
  isAllowed(request: AccessRequest): Promise<boolean>;
}

const DECISIONS_MAX = 10_000;

/**
 * Answers as IAM would from the policies of the templates' roles, for callers and resources of this one account.
 * Knows no service control policies, boundaries or session policies. A role that the templates do not have may do nothing.
 */
export function createAccessPolicies(roles: readonly RoleDefinition[], environment: Environment): AccessPolicies {
  const byName = new Map(
    roles.map((role) => {
      const text = JSON.stringify(role.policies).toLowerCase();
      return [role.name, { ...role, text, classes: readConditionClasses(role) }];
    }),
  );
  const decisions = createBoundedMap<string, Promise<boolean>>(DECISIONS_MAX);
  return {
    isAllowed: (asked) => {
      const role = byName.get(asked.caller.roleName);
      if (role === undefined) return Promise.resolve(false);
      const request = { ...asked, context: keepRelevant(asked, role.text) };
      const key = JSON.stringify(request.resourcePolicy === undefined ? toQuestion(request, role.classes) : request);
      const known = decisions.get(key);
      if (known !== undefined) return known;
      const decision = decide(role, request, environment);
      decisions.set(key, decision);
      return decision;
    },
  };
}

/** Only what a policy mentions can matter, and what differs in nothing else is the same question. */
function keepRelevant(
  { context, resourcePolicy }: AccessRequest,
  policies: string,
): NonNullable<AccessRequest['context']> {
  const text = resourcePolicy === undefined ? policies : policies + JSON.stringify(resourcePolicy).toLowerCase();
  return Object.fromEntries(Object.entries(context ?? {}).filter(([key]) => text.includes(key.toLowerCase())));
}

/** What IAM is asked, without what makes no difference to it. */
function toQuestion(request: AccessRequest, classes: ConditionClasses): object {
  const context = Object.entries(request.context ?? {}).map(([key, value]) => {
    const known = classes.classify(key, typeof value === 'string' ? [value] : value);
    return known === null ? [key, value] : [key, typeof value, known];
  });
  return { ...request, context };
}

async function decide(role: RoleDefinition, request: AccessRequest, environment: Environment): Promise<boolean> {
  const decision = await simulate(role, request, environment);
  if (typeof decision === 'boolean') return decision;
  throw new Error(`IAM can't judge ${request.action} on ${request.resource}: ${decision.errors}`);
}

/** Whether it is allowed, or what keeps IAM from judging. */
async function simulate(
  role: RoleDefinition,
  request: AccessRequest,
  environment: Environment,
): Promise<boolean | { readonly errors: string }> {
  // A caller's wildcard would be taken for a pattern, and a part of it being allowed for all of it.
  if (request.resource !== '*' && request.resource.includes('*')) return false;
  const result = await runSimulation(toSimulation(role, request, environment), {});
  return result.resultType === 'error' ? { errors: JSON.stringify(result.errors) } : result.overallResult === 'Allowed';
}

/**
 * Answers as API Gateway does from the policy that a Lambda authorizer returns: nothing else counts. `null` for a policy
 * that IAM would not take.
 * @param resource an ARN without wildcards
 */
export async function isAllowedByPolicy(
  policy: object,
  action: string,
  resource: string,
  environment: Environment,
): Promise<boolean | null> {
  const holder = { roleName: 'token-holder', sessionName: 'token-holder' };
  const role = { name: holder.roleName, arn: '*', logicalId: '', policies: [{ name: 'authorizer', document: policy }] };
  const decision = await simulate(role, { caller: holder, action, resource }, environment);
  return typeof decision === 'boolean' ? decision : null;
}

/** The ARN of an assumed role's session, as `GetCallerIdentity` gives it. */
export function formatSessionArn({ partition, account }: Environment, { roleName, sessionName }: Identity): string {
  return `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`;
}

function toSimulation(role: RoleDefinition, request: AccessRequest, environment: Environment): Simulation {
  const allowAll = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const context = Object.entries(request.context ?? {}).map(
    ([key, value]) => [key, typeof value === 'string' ? value : [...value]] as const,
  );
  return {
    request: {
      principal: formatSessionArn(environment, request.caller),
      action: request.action,
      resource: { resource: request.resource, accountId: environment.account },
      contextVariables: {
        'aws:PrincipalAccount': environment.account,
        'aws:PrincipalArn': role.arn,
        'aws:PrincipalType': 'AssumedRole',
        'aws:RequestedRegion': environment.region,
        'aws:SecureTransport': 'true',
        'aws:userid': `AROALOCAL:${request.caller.sessionName}`,
        ...Object.fromEntries(context),
      },
    },
    identityPolicies: role.policies.map(({ name, document }) => ({ name, policy: document })),
    serviceControlPolicies: [{ orgIdentifier: 'local', policies: [{ name: 'all', policy: allowAll }] }],
    resourceControlPolicies: [],
    ...(request.resourcePolicy === undefined ? {} : { resourcePolicy: request.resourcePolicy }),
  };
}
