import * as v from 'valibot';
import { RETURN_URLS_MAX, URL_MAX_CHARS } from '../../domain/limits.ts';
import { tags, workloadName } from '../fields/names.ts';
import { identityPageMembers, toIdentityPage } from '../fields/pages.ts';
import { text } from '../fields/text.ts';
import { define } from '../define.ts';
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
    summary: 'Creates a workload identity, the name under which tokens are asked for.',
  },
  GetWorkloadIdentity: {
    method: 'POST',
    path: '/identities/GetWorkloadIdentity',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Reads a workload identity.',
  },
  UpdateWorkloadIdentity: {
    method: 'POST',
    path: '/identities/UpdateWorkloadIdentity',
    successStatus: 200,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Changes the return URLs of a workload identity.',
  },
  DeleteWorkloadIdentity: {
    method: 'POST',
    path: '/identities/DeleteWorkloadIdentity',
    successStatus: 204,
    function: 'manage-identities',
    roles: operator,
    user: 'none',
    oauth: null,
    summary: 'Deletes a workload identity; its tokens end with it.',
  },
  ListWorkloadIdentities: {
    method: 'POST',
    path: '/identities/ListWorkloadIdentities',
    successStatus: 200,
    function: 'manage-identities',
    roles: operatorReads,
    user: 'none',
    oauth: null,
    summary: 'Lists the workload identities of the deployment.',
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
