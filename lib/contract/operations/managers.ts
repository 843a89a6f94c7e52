import * as v from 'valibot';
import type { Authorizer } from '../../domain/tenants/resources.ts';
import { authorizerConfiguration, authorizerType } from '../fields/authorizer.ts';
import { clientToken, description, managerId, tags } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { text, unsupported } from '../fields/text.ts';
import { define } from '../define.ts';
import type { OperationTable } from '../route.ts';

const operator = ['ControlPlaneRole'] as const;
const operatorReads = ['ControlPlaneRole', 'ObserverRole'] as const;

/** Payment managers: who may call, and for whom; AgentCore's control plane. */
export const MANAGER_ROUTES = {
  CreatePaymentManager: {
    method: 'POST',
    path: '/payments/managers',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Creates a payment manager, the boundary of a tenant.',
  },
  GetPaymentManager: {
    method: 'GET',
    path: '/payments/managers/{paymentManagerId}',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Reads a payment manager.',
  },
  UpdatePaymentManager: {
    method: 'PATCH',
    path: '/payments/managers/{paymentManagerId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Changes what is named of a payment manager: description, authorizer, role.',
  },
  DeletePaymentManager: {
    method: 'DELETE',
    path: '/payments/managers/{paymentManagerId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
    query: { clientToken: 'one' },
    summary: 'Deletes a payment manager that has no connectors any more.',
  },
  ListPaymentManagers: {
    method: 'POST',
    path: '/payments/managers-list',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    query: { maxResults: 'one', nextToken: 'one' },
    summary: 'Lists the payment managers of the deployment.',
  },
} as const satisfies OperationTable;

function toManagerName(members: { readonly paymentManagerId: string; readonly clientToken?: string | undefined }) {
  return { managerId: members.paymentManagerId, clientToken: members.clientToken };
}

/** CUSTOM_JWT says who by its configuration; AWS_IAM has nothing to configure. */
function isCoherent(members: {
  readonly authorizerType: 'AWS_IAM' | 'CUSTOM_JWT';
  readonly authorizerConfiguration?: unknown;
}): boolean {
  return (members.authorizerType === 'CUSTOM_JWT') === (members.authorizerConfiguration !== undefined);
}

export const MANAGER_REQUESTS = /* @__PURE__ */ define(() => {
  const id = { paymentManagerId: managerId };
  const roleArn = text(1, 2_048, {
    pattern: /^arn:aws(-[^:]+)?:iam::([0-9]{12})?:role\/.+$/,
    expected: 'the ARN of an IAM role, such as arn:aws:iam::111122223333:role/service',
  });
  const kmsKeyArn = unsupported('the key of the tables is chosen when Bursar is deployed');
  return {
    CreatePaymentManager: v.pipe(
      v.object({
        clientToken,
        name: text(1, 48, {
          pattern: /^[a-zA-Z][a-zA-Z0-9]{0,47}$/,
          expected: 'a letter followed by letters and digits',
        }),
        description,
        tags,
        roleArn,
        authorizerType,
        authorizerConfiguration,
        kmsKeyArn,
      }),
      v.forward(
        v.partialCheck(
          [['authorizerType'], ['authorizerConfiguration']],
          isCoherent,
          'must be given for CUSTOM_JWT, and for CUSTOM_JWT only',
        ),
        ['authorizerConfiguration'],
      ),
      v.transform(({ authorizerType: _type, authorizerConfiguration: jwt, kmsKeyArn: _key, ...named }) => {
        const authorizer: Authorizer = jwt === undefined ? { type: 'AWS_IAM' } : { type: 'CUSTOM_JWT', jwt };
        return { ...named, authorizer };
      }),
    ),
    GetPaymentManager: v.pipe(v.object(id), v.transform(toManagerName)),
    UpdatePaymentManager: v.pipe(
      v.object({
        ...id,
        clientToken,
        description,
        roleArn: v.optional(roleArn),
        authorizerType: v.optional(authorizerType),
        authorizerConfiguration,
        kmsKeyArn,
      }),
      v.transform((members) => ({
        managerId: members.paymentManagerId,
        description: members.description,
        roleArn: members.roleArn,
        authorizerType: members.authorizerType,
        jwt: members.authorizerConfiguration,
        clientToken: members.clientToken,
      })),
    ),
    DeletePaymentManager: v.pipe(v.object({ ...id, clientToken }), v.transform(toManagerName)),
    ListPaymentManagers: v.pipe(
      v.object(pageMembersOfQuery),
      v.transform((members) => ({ page: toPage(members) })),
    ),
  } as const;
});
