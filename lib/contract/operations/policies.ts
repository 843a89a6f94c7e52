import * as v from 'valibot';
import { AGENT_NAME_MAX_CHARS } from '../../domain/limits.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, nextToken, said } from '../fields/answers.ts';
import { said as described } from '../fields/policy-members.ts';
import { CREATED_AT, MANAGER_ARN, UPDATED_AT, USER_ID } from '../fields/examples.ts';
import { manager, sessionId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { policyDocument } from '../fields/policy.ts';
import { controlOwned, dataOwned, toControl, toData } from '../fields/policy-owner.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

const operator = {
  function: 'manage-connectors',
  roles: ['ControlPlaneRole'],
  user: 'none',
  oauth: null,
} as const;
const backend = {
  function: 'manage-sessions',
  roles: ['ManagementRole'],
  user: 'required',
  oauth: 'manage',
} as const;
const CONTROL = '/bursar/policies/control';
const DATA = '/bursar/policies/data';
const controlOwner = { scope: 'one', paymentManagerArn: 'one', agentName: 'one' } as const;
const dataOwner = { ...controlOwner, paymentSessionId: 'one' } as const;
const page = { maxResults: 'one', nextToken: 'one' } as const;

const operatorReads = { ...operator, roles: ['ControlPlaneRole', 'ObserverRole'] } as const;
const backendReads = { ...backend, roles: ['ManagementRole', 'ObserverRole'] } as const;

/**
 * Spend policies. Those of the deployment, of managers and of agents are the operator's; those of users, agents and sessions are
 * the backend's. A payment must meet all that are there, so that nobody loosens what stands above him.
 */
export const POLICY_ROUTES = {
  PutControlPolicy: { ...operator, method: 'PUT', path: CONTROL, successStatus: 200 },
  GetControlPolicy: { ...operatorReads, method: 'GET', path: CONTROL, successStatus: 200, query: controlOwner },
  DeleteControlPolicy: {
    ...operator,
    method: 'DELETE',
    path: CONTROL,
    successStatus: 200,
    query: { ...controlOwner, ifHash: 'one' },
  },
  ListControlPolicyChanges: {
    ...operatorReads,
    method: 'GET',
    path: `${CONTROL}/changes`,
    successStatus: 200,
    query: { ...controlOwner, ...page },
  },
  PutDataPolicy: { ...backend, method: 'PUT', path: DATA, successStatus: 200 },
  GetDataPolicy: { ...backendReads, method: 'GET', path: DATA, successStatus: 200, query: dataOwner },
  DeleteDataPolicy: {
    ...backend,
    method: 'DELETE',
    path: DATA,
    successStatus: 200,
    query: { ...dataOwner, ifHash: 'one' },
  },
  ListDataPolicyChanges: {
    ...backendReads,
    method: 'GET',
    path: `${DATA}/changes`,
    successStatus: 200,
    query: { ...dataOwner, ...page },
  },
} as const satisfies OperationTable;

export const POLICY_REQUESTS = /* @__PURE__ */ define(() => {
  const agentName = v.optional(
    described(
      text(1, AGENT_NAME_MAX_CHARS, { pattern: /^\P{C}+$/u, expected: 'text without control characters' }),
      'of an agent alone, and needed there: as its calls state it',
    ),
  );
  const controlMembers = {
    scope: v.picklist(['deployment', 'manager', 'agent'], 'must be deployment, manager or agent'),
    paymentManagerArn: v.optional(described(manager.paymentManagerArn, 'of a manager or an agent, and needed there')),
    agentName,
  };
  const dataMembers = {
    ...manager,
    scope: v.optional(
      described(
        v.picklist(['user', 'agent', 'session'], 'must be user, agent or session'),
        'the user that the call is for, unless it says otherwise',
      ),
      'user',
    ),
    agentName,
    paymentSessionId: v.optional(described(sessionId, 'of a session alone, and needed there')),
  };
  const change = {
    ifHash: v.optional(
      described(
        text(4, 64, { pattern: /^(?:[0-9a-f]{64}|none)$/, expected: 'the SHA-256 of a policy in hex, or none' }),
        'changes the policy that has this hash and no other; `none` where there is none',
      ),
    ),
  };
  const put = { ...change, policy: policyDocument };
  return {
    PutControlPolicy: v.pipe(v.object({ ...controlMembers, ...put }), controlOwned(), v.transform(toControl)),
    GetControlPolicy: v.pipe(v.object(controlMembers), controlOwned(), v.transform(toControl)),
    DeleteControlPolicy: v.pipe(v.object({ ...controlMembers, ...change }), controlOwned(), v.transform(toControl)),
    ListControlPolicyChanges: v.pipe(
      v.object({ ...controlMembers, ...pageMembersOfQuery }),
      controlOwned(),
      v.transform((members) => ({ ...toControl(members), page: toPage(members) })),
    ),
    PutDataPolicy: v.pipe(v.object({ ...dataMembers, ...put }), dataOwned(), v.transform(toData)),
    GetDataPolicy: v.pipe(v.object(dataMembers), dataOwned(), v.transform(toData)),
    DeleteDataPolicy: v.pipe(v.object({ ...dataMembers, ...change }), dataOwned(), v.transform(toData)),
    ListDataPolicyChanges: v.pipe(
      v.object({ ...dataMembers, ...pageMembersOfQuery }),
      dataOwned(),
      v.transform((members) => ({ ...toData(members), page: toPage(members) })),
    ),
  } as const;
});

export const POLICY_ANSWERS = /* @__PURE__ */ define(() => {
  const hash = said(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), 'SHA-256 over the canonical JSON of the policy');
  const by = said(v.string(), "who called: a role's ARN, or the client of a token");
  const revision = said(v.number(), 'counts the changes of this policy, removals included');
  const spendPolicy = v.strictObject({
    spendPolicy: v.strictObject({
      scope: v.picklist(['deployment', 'manager', 'user', 'agent', 'session']),
      paymentManagerArn: v.optional(v.string()),
      userId: v.optional(v.string()),
      agentName: v.optional(v.string()),
      paymentSessionId: v.optional(v.string()),
      hash,
      revision,
      updatedAt: instant,
      updatedBy: by,
      policy: said(
        v.strictObject({ version: v.literal(1), rules: v.array(v.looseObject({ kind: v.string() })) }),
        'as docs/reference/policy.schema.json has it, with names and amounts in their one spelling',
      ),
    }),
  });
  const deleted = v.strictObject({ status: v.literal('DELETED') });
  const change = v.strictObject({
    revision,
    changedAt: instant,
    changedBy: by,
    oldHash: v.optional(said(hash, 'left out where there was none')),
    newHash: v.optional(said(hash, 'left out where the policy was removed')),
  });
  const changes = v.strictObject({ changes: said(v.array(change), 'latest first'), nextToken });
  return {
    PutControlPolicy: spendPolicy,
    GetControlPolicy: spendPolicy,
    DeleteControlPolicy: deleted,
    ListControlPolicyChanges: changes,
    PutDataPolicy: spendPolicy,
    GetDataPolicy: spendPolicy,
    DeleteDataPolicy: deleted,
    ListDataPolicyChanges: changes,
  } as const;
});

const BY = 'arn:aws:sts::111122223333:assumed-role/Finance/grace';
const DEPLOYMENT_POLICY = { version: 1, rules: [{ kind: 'perPayment', max: '0.25' }] } as const;
const USER_POLICY = {
  version: 1,
  rules: [{ kind: 'window', of: 'user', every: 'day', timeZone: 'Europe/Berlin', max: '20.00' }],
} as const;
const DEPLOYMENT_HASH = '08c490dc08344821a00c224610babe026ea0f0bdcee929a8940ba3da627b0c77';
const USER_HASH = '2bf60fae926f249d718cab025df2625e7b9830061b66b3b96aab21ca9ae4e405';
const ofDeployment = {
  spendPolicy: {
    scope: 'deployment',
    hash: DEPLOYMENT_HASH,
    revision: 1,
    updatedAt: CREATED_AT,
    updatedBy: BY,
    policy: DEPLOYMENT_POLICY,
  },
} as const;
const ofUser = {
  spendPolicy: {
    scope: 'user',
    paymentManagerArn: MANAGER_ARN,
    userId: USER_ID,
    hash: USER_HASH,
    revision: 1,
    updatedAt: CREATED_AT,
    updatedBy: BY,
    policy: USER_POLICY,
  },
} as const;
const deploymentChanges = {
  changes: [
    { revision: 2, changedAt: UPDATED_AT, changedBy: BY, oldHash: DEPLOYMENT_HASH },
    { revision: 1, changedAt: CREATED_AT, changedBy: BY, newHash: DEPLOYMENT_HASH },
  ],
};
const userChanges = {
  changes: [
    { revision: 2, changedAt: UPDATED_AT, changedBy: BY, oldHash: USER_HASH },
    { revision: 1, changedAt: CREATED_AT, changedBy: BY, newHash: USER_HASH },
  ],
};

export const POLICY_DOCUMENT = {
  tag: 'Spend policies',
  description:
    'What may be bought, for how much, how often: one policy each for the deployment, a manager, a user, an agent and a session. A payment has to meet every rule of all of them, so that one more rule never allows more, and nobody who writes a narrower policy can loosen a wider one. docs/policy.md teaches the rules. Not in AgentCore.',
  operations: {
    PutControlPolicy: {
      summary: 'Sets the spend policy of the deployment, of a manager or of an agent. Not in AgentCore.',
      request: { scope: 'deployment', policy: DEPLOYMENT_POLICY, ifHash: 'none' },
      answer: ofDeployment,
    },
    GetControlPolicy: {
      summary: 'Reads the spend policy of the deployment, of a manager or of an agent. Not in AgentCore.',
      request: { scope: 'deployment' },
      answer: ofDeployment,
    },
    DeleteControlPolicy: {
      summary: 'Removes the spend policy of the deployment, of a manager or of an agent. Not in AgentCore.',
      request: { scope: 'deployment', ifHash: DEPLOYMENT_HASH },
      answer: { status: 'DELETED' },
    },
    ListControlPolicyChanges: {
      summary: 'Lists who changed such a policy, when, from what to what. Not in AgentCore.',
      request: { scope: 'deployment', maxResults: '10' },
      answer: deploymentChanges,
    },
    PutDataPolicy: {
      summary: 'Sets the spend policy of the user, of one of his sessions or of an agent. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, scope: 'user', policy: USER_POLICY },
      answer: ofUser,
    },
    GetDataPolicy: {
      summary: 'Reads the spend policy of the user, of one of his sessions or of an agent. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, scope: 'user' },
      answer: ofUser,
    },
    DeleteDataPolicy: {
      summary: 'Removes the spend policy of the user, of one of his sessions or of an agent. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, scope: 'agent', agentName: 'buyer', ifHash: USER_HASH },
      answer: { status: 'DELETED' },
    },
    ListDataPolicyChanges: {
      summary: 'Lists who changed such a policy, when, from what to what. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, scope: 'user', maxResults: '10' },
      answer: userChanges,
    },
  },
} as const satisfies FamilyDocument<typeof POLICY_ROUTES, typeof POLICY_REQUESTS, typeof POLICY_ANSWERS>;
