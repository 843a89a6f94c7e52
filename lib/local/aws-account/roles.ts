import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-endpoint/aws-error.ts';
import { openRecordStore } from '../aws-endpoint/record-store.ts';
import { isAllowedByPolicy } from '../iam/access-policies.ts';
import type { Environment } from '../template/environment.ts';

/** A role that a program has made. */
export interface AccountRole {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly createdAt: string;
  /** JSON, as it was given. */
  readonly trustPolicy: string;
  /** JSON by the policy's name. */
  readonly policies: Readonly<Record<string, string>>;
}

/** The roles of the account, which are none of the deployment's. */
export interface AccountRoles {
  find(name: string): AccountRole | null;
  /** Throws NoSuchEntity. */
  get(name: string): AccountRole;
  /** Throws EntityAlreadyExists, and LimitExceeded. */
  create(role: Pick<AccountRole, 'name' | 'description' | 'trustPolicy'>): AccountRole;
  change(name: string, part: Partial<Pick<AccountRole, 'trustPolicy' | 'policies'>>): void;
  delete(name: string): void;
  /** Whether the policies of a role let it do a thing, whatever to. */
  mayDo(role: AccountRole, action: string): Promise<boolean>;
  /** Whether a role lets the account's own callers assume it. */
  mayBeAssumed(role: AccountRole): Promise<boolean>;
}

const ROLES_MAX = 100;

/** @param directory `null` keeps them in memory */
export function openAccountRoles(directory: string | null, environment: Environment, now: () => Date): AccountRoles {
  const { partition, account } = environment;
  const records = openRecordStore<AccountRole>(directory, (value) => value as AccountRole);
  const get = (name: string): AccountRole => {
    const role = records.get(name);
    if (role !== undefined) return role;
    throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
  };
  return {
    find: (name) => records.get(name) ?? null,
    get,
    create: ({ name, description, trustPolicy }) => {
      if (records.get(name) !== undefined) {
        throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
      }
      if ([...records.values()].length >= ROLES_MAX) {
        throw new AwsError('LimitExceeded', `The local account takes ${ROLES_MAX} roles.`, 409);
      }
      const role = {
        name,
        description,
        trustPolicy,
        id: `AROA${randomBytes(8).toString('hex').toUpperCase()}`,
        arn: `arn:${partition}:iam::${account}:role/${name}`,
        createdAt: now().toISOString(),
        policies: {},
      };
      records.put(name, role);
      return role;
    },
    change: (name, part) => records.put(name, { ...get(name), ...part }),
    delete: (name) => {
      get(name);
      records.delete(name);
    },
    mayDo: (role, action) => isAllowedSomewhere(Object.values(role.policies), action, environment),
    mayBeAssumed: ({ trustPolicy }) =>
      isAllowedSomewhere([toIdentityPolicy(trustPolicy, account)], 'sts:AssumeRole', environment),
  };
}

/** Throws MalformedPolicyDocument. */
export function requirePolicy(text: string | undefined): string {
  if (text !== undefined && text.length <= POLICY_MAX_CHARS && statementsOf(text) !== null) return text;
  throw new AwsError('MalformedPolicyDocument', 'The policy must be a JSON document with statements.');
}

const POLICY_MAX_CHARS = 10_240;

type Statement = Readonly<Record<string, unknown>>;

function statementsOf(text: string): readonly Statement[] | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  const statements = (document as { readonly Statement?: unknown } | null)?.Statement ?? null;
  const all: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  return all.every((each): each is Statement => typeof each === 'object' && each !== null) ? all : null;
}

/** What an action may be about, one of which IAM takes for any action. */
const RESOURCES = ['*', 'payment-manager/any', 'payment-manager/any/connector/any', 'token-vault/default', 'any'];

/**
 * Judges by actions alone. What AWS's service names as the resource of a request is not known for all operations: IAM's own
 * data and the policies of AWS's tutorials disagree, and all that is here belongs to one account.
 */
async function isAllowedSomewhere(
  policies: readonly string[],
  action: string,
  environment: Environment,
): Promise<boolean> {
  const statements = policies.flatMap((text) => statementsOf(text) ?? []);
  const Statement = statements.map(({ Resource: _resource, NotResource: _notResource, ...statement }) => ({
    ...statement,
    Resource: '*',
  }));
  if (Statement.length === 0) return false;
  const policy = { Version: '2012-10-17', Statement };
  for (const resource of RESOURCES) {
    const arn = toArn(action, resource, environment);
    const allowed = await isAllowedByPolicy(policy, action, arn, environment);
    if (allowed !== null) return allowed;
  }
  return false;
}

function toArn(action: string, resource: string, { partition, region, account }: Environment): string {
  if (resource === '*') return resource;
  if (action.startsWith('sts:')) return `arn:${partition}:iam::${account}:role/${resource}`;
  return `arn:${partition}:bedrock-agentcore:${region}:${account}:${resource}`;
}

/** What a trust policy lets the account's own callers do, as a policy of theirs: what it says of others falls away. */
function toIdentityPolicy(trustPolicy: string, account: string): string {
  const Statement = (statementsOf(trustPolicy) ?? [])
    .filter(({ Principal: principal }) => principal === '*' || namesAccount(principal, account))
    .map(({ Principal: _principal, ...statement }) => statement);
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

function namesAccount(principal: unknown, account: string): boolean {
  const { AWS: named } = (principal ?? {}) as { readonly AWS?: unknown };
  const all: readonly unknown[] = Array.isArray(named) ? named : [named];
  return all.some((each) => each === '*' || (typeof each === 'string' && each.includes(account)));
}
