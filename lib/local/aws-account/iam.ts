import { AwsError } from '../aws-endpoint/aws-error.ts';
import { requireParameter, type QueryActions, type QueryInput, type QueryResult } from './query-protocol.ts';
import { requirePolicy, type AccountRole, type AccountRoles } from './roles.ts';
import { isDeveloper, type AccountCaller } from './sessions.ts';

const NAME = /^[\w+=,.@-]{1,64}$/;
const POLICY_NAME = /^[\w+=,.@-]{1,128}$/;
const DESCRIPTION_MAX_CHARS = 1_000;
const POLICIES_MAX = 20;
const SESSION_SECONDS_MAX = '3600';

/** As much of IAM as a program needs that makes roles for itself. Only the developer's key may ask for it. */
export function createIamActions(roles: AccountRoles): QueryActions<AccountCaller> {
  const actions: QueryActions<AccountCaller> = {
    CreateRole: (_, input) => {
      const name = requireParameter(input, 'RoleName', NAME);
      const trustPolicy = requirePolicy(input['AssumeRolePolicyDocument']);
      const description = (input['Description'] ?? '').slice(0, DESCRIPTION_MAX_CHARS);
      return { Role: describe(roles.create({ name, description, trustPolicy })) };
    },
    DeleteRole: (_, input) => {
      const { name, policies } = find(roles, input);
      if (Object.keys(policies).length > 0) {
        throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
      }
      roles.delete(name);
      return null;
    },
    DeleteRolePolicy: (_, input) => {
      const { name, policies } = find(roles, input);
      const policyName = requirePolicyName(input, policies);
      roles.change(name, {
        policies: Object.fromEntries(Object.entries(policies).filter(([each]) => each !== policyName)),
      });
      return null;
    },
    GetRole: (_, input) => ({ Role: describe(find(roles, input)) }),
    GetRolePolicy: (_, input) => {
      const { name, policies } = find(roles, input);
      const policyName = requirePolicyName(input, policies);
      return {
        RoleName: name,
        PolicyName: policyName,
        PolicyDocument: encodeURIComponent(policies[policyName]!),
      };
    },
    // There are no managed policies, so that no role has one attached.
    ListAttachedRolePolicies: (_, input) => {
      find(roles, input);
      return { AttachedPolicies: [], IsTruncated: 'false' };
    },
    ListRolePolicies: (_, input) => ({
      PolicyNames: Object.keys(find(roles, input).policies),
      IsTruncated: 'false',
    }),
    PutRolePolicy: (_, input) => {
      const { name, policies } = find(roles, input);
      const policyName = requireParameter(input, 'PolicyName', POLICY_NAME);
      const changed = { ...policies, [policyName]: requirePolicy(input['PolicyDocument']) };
      if (Object.keys(changed).length > POLICIES_MAX) {
        throw new AwsError('LimitExceeded', `A role takes ${POLICIES_MAX} policies here.`, 409);
      }
      roles.change(name, { policies: changed });
      return null;
    },
    UpdateAssumeRolePolicy: (_, input) => {
      roles.change(find(roles, input).name, { trustPolicy: requirePolicy(input['PolicyDocument']) });
      return null;
    },
  };
  return Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, onlyForDevelopers(name, action)]));
}

type IamAction = (caller: AccountCaller, input: QueryInput) => QueryResult | Promise<QueryResult>;

function onlyForDevelopers(name: string, action: IamAction): IamAction {
  return (caller, input) => {
    if (isDeveloper(caller)) return action(caller, input);
    throw new AwsError('AccessDenied', `User: ${caller.arn} is not authorized to perform: iam:${name}`, 403);
  };
}

function find(roles: AccountRoles, input: QueryInput): AccountRole {
  return roles.get(requireParameter(input, 'RoleName', NAME));
}

function requirePolicyName(input: QueryInput, policies: AccountRole['policies']): string {
  const name = requireParameter(input, 'PolicyName', POLICY_NAME);
  if (Object.hasOwn(policies, name)) return name;
  throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
}

function describe({ name, id, arn, createdAt, description, trustPolicy }: AccountRole) {
  return {
    Path: '/',
    RoleName: name,
    RoleId: id,
    Arn: arn,
    CreateDate: createdAt,
    AssumeRolePolicyDocument: encodeURIComponent(trustPolicy),
    Description: description,
    MaxSessionDuration: SESSION_SECONDS_MAX,
  };
}
