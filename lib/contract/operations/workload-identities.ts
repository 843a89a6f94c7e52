import * as v from 'valibot';
import { RETURN_URLS_MAX, URL_MAX_CHARS } from '../../domain/limits.ts';
import { tags, workloadName } from '../fields/names.ts';
import { identityPageMembers, toIdentityPage } from '../fields/pages.ts';
import { text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { epochSeconds, nextToken, nothing } from '../fields/answers.ts';
import { CREATED_SECONDS, MANAGER_ID, WORKLOAD_ARN } from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';

const operator = ['ControlPlaneRole'] as const;
const operatorReads = ['ControlPlaneRole', 'ObserverRole'] as const;

/** Workload identities: the names under which tokens are asked for. */
export const WORKLOAD_IDENTITY_ROUTES = {
  CreateWorkloadIdentity: {
    method: 'POST',
    path: '/identities/CreateWorkloadIdentity',
    successStatus: 201,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
  },
  GetWorkloadIdentity: {
    method: 'POST',
    path: '/identities/GetWorkloadIdentity',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
  UpdateWorkloadIdentity: {
    method: 'POST',
    path: '/identities/UpdateWorkloadIdentity',
    successStatus: 200,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
  },
  DeleteWorkloadIdentity: {
    method: 'POST',
    path: '/identities/DeleteWorkloadIdentity',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
  },
  ListWorkloadIdentities: {
    method: 'POST',
    path: '/identities/ListWorkloadIdentities',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
  },
} as const satisfies OperationTable;

export const WORKLOAD_IDENTITY_REQUESTS = /* @__PURE__ */ define(() => {
  const name = { name: workloadName };
  const workload = {
    ...name,
    allowedResourceOauth2ReturnUrls: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            text(1, URL_MAX_CHARS, { pattern: /^[\w+.-]+:[^\s]+$/, expected: 'a URL' }),
            v.check((url) => URL.canParse(url), 'must be a URL'),
          ),
          'must be a list',
        ),
        v.maxLength(RETURN_URLS_MAX, `must have at most ${RETURN_URLS_MAX} entries`),
      ),
    ),
  };
  return {
    CreateWorkloadIdentity: v.pipe(
      v.object({ ...workload, tags }),
      v.transform((members) => ({
        name: members.name,
        returnUrls: members.allowedResourceOauth2ReturnUrls,
        tags: members.tags,
      })),
    ),
    GetWorkloadIdentity: v.object(name),
    UpdateWorkloadIdentity: v.pipe(
      v.object(workload),
      v.transform((members) => ({ name: members.name, returnUrls: members.allowedResourceOauth2ReturnUrls })),
    ),
    DeleteWorkloadIdentity: v.object(name),
    ListWorkloadIdentities: v.pipe(
      v.object(identityPageMembers),
      v.transform((members) => ({ page: toIdentityPage(members) })),
    ),
  } as const;
});

export const WORKLOAD_IDENTITY_ANSWERS = /* @__PURE__ */ define(() => {
  const head = { name: v.string(), workloadIdentityArn: v.string() };
  const created = { ...head, allowedResourceOauth2ReturnUrls: v.array(v.string()) };
  const workload = v.strictObject({ ...created, createdTime: epochSeconds, lastUpdatedTime: epochSeconds });
  return {
    CreateWorkloadIdentity: v.strictObject(created),
    GetWorkloadIdentity: workload,
    UpdateWorkloadIdentity: workload,
    DeleteWorkloadIdentity: nothing,
    ListWorkloadIdentities: v.strictObject({ workloadIdentities: v.array(v.strictObject(head)), nextToken }),
  } as const;
});

export const WORKLOAD_IDENTITY_DOCUMENT = {
  tag: 'Workload identities',
  description: 'A workload identity is a name under which tokens are asked for.',
  operations: {
    CreateWorkloadIdentity: {
      summary: 'Creates a workload identity, the name under which tokens are asked for.',
      request: { name: MANAGER_ID, allowedResourceOauth2ReturnUrls: ['https://app.example/done'] },
      answer: {
        name: MANAGER_ID,
        workloadIdentityArn: WORKLOAD_ARN,
        allowedResourceOauth2ReturnUrls: ['https://app.example/done'],
      },
    },
    GetWorkloadIdentity: {
      summary: 'Reads a workload identity.',
      request: { name: MANAGER_ID },
      answer: {
        name: MANAGER_ID,
        workloadIdentityArn: WORKLOAD_ARN,
        allowedResourceOauth2ReturnUrls: [],
        createdTime: CREATED_SECONDS,
        lastUpdatedTime: CREATED_SECONDS,
      },
    },
    UpdateWorkloadIdentity: {
      summary: 'Changes the return URLs of a workload identity.',
      request: { name: MANAGER_ID, allowedResourceOauth2ReturnUrls: [] },
      answer: {
        name: MANAGER_ID,
        workloadIdentityArn: WORKLOAD_ARN,
        allowedResourceOauth2ReturnUrls: [],
        createdTime: CREATED_SECONDS,
        lastUpdatedTime: CREATED_SECONDS,
      },
    },
    DeleteWorkloadIdentity: {
      summary: 'Deletes a workload identity; its tokens end with it.',
      request: { name: MANAGER_ID },
      answer: null,
    },
    ListWorkloadIdentities: {
      summary: 'Lists the workload identities of the deployment.',
      request: { maxResults: 10 },
      answer: { workloadIdentities: [{ name: MANAGER_ID, workloadIdentityArn: WORKLOAD_ARN }] },
    },
  },
} as const satisfies FamilyDocument<
  typeof WORKLOAD_IDENTITY_ROUTES,
  typeof WORKLOAD_IDENTITY_REQUESTS,
  typeof WORKLOAD_IDENTITY_ANSWERS
>;
