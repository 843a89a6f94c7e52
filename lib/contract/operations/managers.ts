import * as v from 'valibot';
import type { Authorizer } from '../../domain/tenants/resources.ts';
import { authorizerConfiguration, authorizerType } from '../fields/authorizer.ts';
import { clientToken, description, managerId, tags } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { text, unsupported } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, nextToken, said, tagSet } from '../fields/answers.ts';
import { authorizerAnswer } from '../fields/authorizer.ts';
import {
  CLIENT_TOKEN,
  CREATED_AT,
  MANAGER_ARN,
  MANAGER_ID,
  ROLE_ARN,
  UPDATED_AT,
  WORKLOAD_ARN,
} from '../fields/examples.ts';
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
  },
  GetPaymentManager: {
    method: 'GET',
    path: '/payments/managers/{paymentManagerId}',
    successStatus: 200,
    function: 'manage-connectors',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
  UpdatePaymentManager: {
    method: 'PATCH',
    path: '/payments/managers/{paymentManagerId}',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    oauth: null,
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

export const MANAGER_ANSWERS = /* @__PURE__ */ define(() => {
  const head = {
    paymentManagerArn: v.string(),
    paymentManagerId: v.string(),
    name: v.string(),
    authorizerType: v.picklist(['AWS_IAM', 'CUSTOM_JWT']),
    roleArn: said(v.string(), 'kept for compatibility; Bursar never assumes it'),
    status: said(v.picklist(['READY']), 'a manager is ready at once'),
  };
  const workload = { workloadIdentityDetails: v.strictObject({ workloadIdentityArn: v.string() }) };
  const ownWords = { description: v.optional(v.string()) };
  const created = {
    ...head,
    authorizerConfiguration: v.optional(authorizerAnswer),
    ...workload,
    tags: v.optional(said(tagSet, 'as the creator gave them')),
    createdAt: instant,
  };
  const updatedAt = { lastUpdatedAt: instant };
  return {
    CreatePaymentManager: v.strictObject(created),
    GetPaymentManager: v.strictObject({ ...created, ...ownWords, ...updatedAt }),
    UpdatePaymentManager: v.strictObject({ ...head, ...workload, ...updatedAt }),
    DeletePaymentManager: v.strictObject({
      status: said(v.literal('DELETING'), "AgentCore's word; the manager is gone at once"),
      paymentManagerId: v.string(),
    }),
    ListPaymentManagers: v.strictObject({
      paymentManagers: v.array(v.strictObject({ ...head, ...ownWords, createdAt: instant, ...updatedAt })),
      nextToken,
    }),
  } as const;
});

export const MANAGER_DOCUMENT = {
  tag: 'Payment managers',
  description: 'A payment manager is the boundary of a tenant: it says who may call, and for whom.',
  operations: {
    CreatePaymentManager: {
      summary: 'Creates a payment manager, the boundary of a tenant.',
      request: { name: 'research', roleArn: ROLE_ARN, authorizerType: 'AWS_IAM', clientToken: CLIENT_TOKEN },
      answer: {
        paymentManagerArn: MANAGER_ARN,
        paymentManagerId: MANAGER_ID,
        name: 'research',
        authorizerType: 'AWS_IAM',
        roleArn: ROLE_ARN,
        status: 'READY',
        workloadIdentityDetails: { workloadIdentityArn: WORKLOAD_ARN },
        createdAt: CREATED_AT,
      },
    },
    GetPaymentManager: {
      summary: 'Reads a payment manager.',
      request: { paymentManagerId: MANAGER_ID },
      answer: {
        paymentManagerArn: MANAGER_ARN,
        paymentManagerId: MANAGER_ID,
        name: 'research',
        authorizerType: 'CUSTOM_JWT',
        authorizerConfiguration: {
          customJWTAuthorizer: {
            discoveryUrl: 'https://issuer.example/.well-known/openid-configuration',
            allowedClients: ['research-app'],
            managementScope: 'bursar/manage',
            managementMayPay: false,
          },
        },
        roleArn: ROLE_ARN,
        status: 'READY',
        workloadIdentityDetails: { workloadIdentityArn: WORKLOAD_ARN },
        createdAt: CREATED_AT,
        lastUpdatedAt: UPDATED_AT,
      },
    },
    UpdatePaymentManager: {
      summary: 'Changes those members of a payment manager that the request names: description, authorizer, role.',
      request: { paymentManagerId: MANAGER_ID, description: 'Agents of the research group' },
      answer: {
        paymentManagerArn: MANAGER_ARN,
        paymentManagerId: MANAGER_ID,
        name: 'research',
        authorizerType: 'AWS_IAM',
        roleArn: ROLE_ARN,
        status: 'READY',
        workloadIdentityDetails: { workloadIdentityArn: WORKLOAD_ARN },
        lastUpdatedAt: UPDATED_AT,
      },
    },
    DeletePaymentManager: {
      summary: 'Deletes a payment manager that has no connectors any more.',
      request: { paymentManagerId: MANAGER_ID },
      answer: { status: 'DELETING', paymentManagerId: MANAGER_ID },
    },
    ListPaymentManagers: {
      summary: 'Lists the payment managers of the deployment.',
      request: { maxResults: '10' },
      answer: {
        paymentManagers: [
          {
            paymentManagerArn: MANAGER_ARN,
            paymentManagerId: MANAGER_ID,
            name: 'research',
            authorizerType: 'AWS_IAM',
            roleArn: ROLE_ARN,
            status: 'READY',
            createdAt: CREATED_AT,
            lastUpdatedAt: CREATED_AT,
          },
        ],
      },
    },
  },
} as const satisfies FamilyDocument<typeof MANAGER_ROUTES, typeof MANAGER_REQUESTS, typeof MANAGER_ANSWERS>;
