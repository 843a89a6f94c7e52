import * as v from 'valibot';
import { FEED_MAX_CHARS, POLICY_NAME_MAX_CHARS } from '../../domain/policy/document.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, said } from '../fields/answers.ts';
import { CREATED_AT } from '../fields/examples.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

const operator = { function: 'manage-connectors', roles: ['ControlPlaneRole'], user: 'none', oauth: null } as const;
const path = '/bursar/feeds';
const query = { feedName: 'one' } as const;

/** Lists of payees and hosts that nobody may pay, which rules of a spend policy name. */
export const FEED_ROUTES = {
  PutDenyFeed: { ...operator, method: 'PUT', path, successStatus: 200 },
  GetDenyFeed: {
    ...operator,
    roles: ['ControlPlaneRole', 'ObserverRole'],
    method: 'GET',
    path,
    successStatus: 200,
    query,
  },
  DeleteDenyFeed: { ...operator, method: 'DELETE', path, successStatus: 200, query },
} as const satisfies OperationTable;

export const FEED_REQUESTS = /* @__PURE__ */ define(() => {
  const named = {
    feedName: text(1, POLICY_NAME_MAX_CHARS, {
      pattern: /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
      expected: 'letters, digits and inner _ . -',
    }),
  };
  return {
    PutDenyFeed: v.object({ ...named, file: text(0, FEED_MAX_CHARS) }),
    GetDenyFeed: v.object(named),
    DeleteDenyFeed: v.object(named),
  } as const;
});

/** For documents only. */
const MEMBERS = /* @__PURE__ */ define(() => ({
  file: said(
    v.string(),
    `the list: a line is an address, a host (which stands for its subdomains too), empty, or a remark after #; at most ${FEED_MAX_CHARS} characters`,
  ),
}));

export const FEED_ANSWERS = /* @__PURE__ */ define(() => {
  const feed = v.strictObject({
    denyFeed: v.strictObject({
      feedName: v.string(),
      hash: said(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), 'SHA-256 of the file, as receipts name it'),
      payees: said(v.number(), 'addresses on the list'),
      hosts: said(v.number(), 'hosts on the list'),
      importedAt: instant,
      importedBy: said(v.string(), "who called: a role's ARN"),
    }),
  });
  return {
    PutDenyFeed: feed,
    GetDenyFeed: feed,
    DeleteDenyFeed: v.strictObject({ status: v.literal('DELETED') }),
  } as const;
});

const ANSWER = {
  denyFeed: {
    feedName: 'sanctions',
    hash: '157e9694eec8f4b4370ab9fc90d7ddc80dc4b90eb52dc85033fa9f2c2b64f432',
    payees: 1,
    hosts: 1,
    importedAt: CREATED_AT,
    importedBy: 'arn:aws:sts::111122223333:assumed-role/Finance/grace',
  },
} as const;

export const FEED_DOCUMENT = {
  tag: 'Deny feeds',
  description:
    'Imported lists of payees and hosts that nobody may pay: sanctioned addresses, sellers known to be bad. A rule of a spend policy names one (`denyFeed`); where the list is not there, that rule refuses everything. Not in AgentCore.',
  operations: {
    PutDenyFeed: {
      summary:
        'Imports a list, in place of the one of that name. It counts ten seconds later at the latest. Not in AgentCore.',
      request: { feedName: 'sanctions', file: '0x1111111111111111111111111111111111111111 # known\nbad.example.com\n' },
      members: MEMBERS,
      answer: ANSWER,
    },
    GetDenyFeed: {
      summary: 'Reads which state of a list holds. Not in AgentCore.',
      request: { feedName: 'sanctions' },
      answer: ANSWER,
    },
    DeleteDenyFeed: {
      summary: 'Removes a list: rules that name it refuse everything from then on. Not in AgentCore.',
      request: { feedName: 'sanctions' },
      answer: { status: 'DELETED' },
    },
  },
} as const satisfies FamilyDocument<typeof FEED_ROUTES, typeof FEED_REQUESTS, typeof FEED_ANSWERS>;
