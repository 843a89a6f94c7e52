import * as v from 'valibot';
import { SESSION_MINUTES_MAX, SESSION_MINUTES_MIN } from '../../domain/limits.ts';
import { usd } from '../fields/amounts.ts';
import { clientToken, manager, sessionId } from '../fields/names.ts';
import { pageMembers, toPage } from '../fields/pages.ts';
import { wholeNumber } from '../fields/text.ts';
import { define } from '../define.ts';
import type { OperationTable } from '../route.ts';

const backend = ['ManagementRole'] as const;
const backendReads = ['ManagementRole', 'ObserverRole'] as const;
const everyoneReads = ['ManagementRole', 'ProcessPaymentRole', 'ObserverRole'] as const;

/** Sessions: budgets with an expiry; AgentCore's data plane. */
export const SESSION_ROUTES = {
  CreatePaymentSession: {
    method: 'POST',
    path: '/payments/createPaymentSession',
    successStatus: 201,
    function: 'manage-sessions',
    roles: backend,
    user: 'required',
    oauth: 'manage',
    summary: 'Opens a budget with an expiry for a user.',
  },
  GetPaymentSession: {
    method: 'POST',
    path: '/payments/getPaymentSession',
    successStatus: 200,
    function: 'read-payments',
    roles: everyoneReads,
    user: 'required',
    oauth: 'read',
    summary: 'Reads a session and what is left of its budget.',
  },
  ListPaymentSessions: {
    method: 'POST',
    path: '/payments/listPaymentSessions',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: 'manage',
    summary: 'Lists the sessions of a user.',
  },
  DeletePaymentSession: {
    method: 'POST',
    path: '/payments/deletePaymentSession',
    successStatus: 200,
    function: 'manage-sessions',
    roles: backend,
    user: 'required',
    oauth: 'manage',
    summary: 'Revokes a session: nothing more can be reserved on it.',
  },
} as const satisfies OperationTable;

export const SESSION_REQUESTS = /* @__PURE__ */ define(() => {
  const session = v.pipe(
    v.object({ ...manager, paymentSessionId: sessionId }),
    v.transform((members) => ({ manager: members.paymentManagerArn, sessionId: members.paymentSessionId })),
  );
  return {
    CreatePaymentSession: v.pipe(
      v.object({
        ...manager,
        clientToken,
        expiryTimeInMinutes: wholeNumber(SESSION_MINUTES_MIN, SESSION_MINUTES_MAX),
        limits: v.optional(v.object({ maxSpendAmount: usd })),
      }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        expiryMinutes: members.expiryTimeInMinutes,
        limit: members.limits?.maxSpendAmount,
        clientToken: members.clientToken,
      })),
    ),
    GetPaymentSession: session,
    ListPaymentSessions: v.pipe(
      v.object({ ...manager, ...pageMembers }),
      v.transform((members) => ({ manager: members.paymentManagerArn, page: toPage(members) })),
    ),
    DeletePaymentSession: session,
  } as const;
});
