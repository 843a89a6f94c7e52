import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { usdAboveZero } from '../fields/amounts.ts';
import { instant, nextToken, said, usdAmount } from '../fields/answers.ts';
import { CLIENT_TOKEN, MANAGER_ARN, SESSION_ID, UPDATED_AT, USER_ID } from '../fields/examples.ts';
import { clientToken, manager, sessionId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import type { OperationTable } from '../route.ts';

const TOP_UPS = '/bursar/sessions/topups';

/** Raising the limit of a session: the backend's, as opening one is, and never of who pays from it. */
export const TOP_UP_ROUTES = {
  TopUpSession: {
    method: 'POST',
    path: TOP_UPS,
    successStatus: 200,
    function: 'manage-sessions',
    roles: ['ManagementRole'],
    user: 'required',
    oauth: 'manage',
  },
  ListSessionTopUps: {
    method: 'GET',
    path: TOP_UPS,
    successStatus: 200,
    function: 'read-payments',
    roles: ['ManagementRole', 'ObserverRole'],
    user: 'required',
    oauth: 'manage',
    query: { paymentManagerArn: 'one', paymentSessionId: 'one', maxResults: 'one', nextToken: 'one' },
  },
} as const satisfies OperationTable;

export const TOP_UP_REQUESTS = /* @__PURE__ */ define(
  () =>
    ({
      TopUpSession: v.pipe(
        v.object({ ...manager, paymentSessionId: sessionId, amount: usdAboveZero, clientToken }),
        v.transform(({ paymentManagerArn, paymentSessionId, amount, clientToken: token }) => ({
          manager: paymentManagerArn,
          sessionId: paymentSessionId,
          amount,
          clientToken: token,
        })),
      ),
      ListSessionTopUps: v.pipe(
        v.object({ ...manager, paymentSessionId: sessionId, ...pageMembersOfQuery }),
        v.transform((members) => ({
          manager: members.paymentManagerArn,
          sessionId: members.paymentSessionId,
          page: toPage(members),
        })),
      ),
    }) as const,
);

export const TOP_UP_ANSWERS = /* @__PURE__ */ define(() => {
  const topUp = v.strictObject({
    paymentManagerArn: v.string(),
    paymentSessionId: v.string(),
    userId: v.string(),
    amount: usdAmount,
    previousLimit: said(usdAmount, 'what the session might spend in all before'),
    limit: said(usdAmount, 'and from then on'),
    toppedUpAt: instant,
    toppedUpBy: said(v.string(), 'who called'),
  });
  return {
    TopUpSession: v.strictObject({ topUp }),
    ListSessionTopUps: v.strictObject({ topUps: said(v.array(topUp), 'newest first'), nextToken }),
  } as const;
});

export const TOP_UP_DOCUMENT = /* @__PURE__ */ define(() => {
  const topUp = {
    paymentManagerArn: MANAGER_ARN,
    paymentSessionId: SESSION_ID,
    userId: USER_ID,
    amount: { value: '5.00', currency: 'USD' },
    previousLimit: { value: '10.00', currency: 'USD' },
    limit: { value: '15.00', currency: 'USD' },
    toppedUpAt: UPDATED_AT,
    toppedUpBy: 'arn:aws:sts::111122223333:assumed-role/ManagementRole/backend',
  } as const;
  const named = { paymentManagerArn: MANAGER_ARN, paymentSessionId: SESSION_ID } as const;
  return {
    tag: 'Top-ups',
    description: 'Raises the limit of a session that is open. Not in AgentCore.',
    operations: {
      TopUpSession: {
        summary:
          'Raises the limit of a session by an amount, and nothing else of it. Once for each client token; refused while the session or its user is frozen. Not in AgentCore.',
        request: { ...named, amount: { value: '5.00', currency: 'USD' }, clientToken: CLIENT_TOKEN },
        answer: { topUp },
      },
      ListSessionTopUps: {
        summary: 'Lists the top-ups of a session: who raised its limit, when, from what to what. Not in AgentCore.',
        request: { ...named, maxResults: '10' },
        answer: { topUps: [topUp] },
      },
    },
  } as const satisfies FamilyDocument<typeof TOP_UP_ROUTES, typeof TOP_UP_REQUESTS, typeof TOP_UP_ANSWERS>;
});
