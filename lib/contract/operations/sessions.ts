import * as v from 'valibot';
import { SESSION_MINUTES_MAX, SESSION_MINUTES_MIN } from '../../domain/limits.ts';
import { usd } from '../fields/amounts.ts';
import { clientToken, manager, sessionId } from '../fields/names.ts';
import { pageMembers, toPage } from '../fields/pages.ts';
import { policyDocument } from '../fields/policy.ts';
import { wholeNumber } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, network, nextToken, said, usdAmount } from '../fields/answers.ts';
import {
  CLIENT_TOKEN,
  CREATED_AT,
  EXPIRES_AT,
  MANAGER_ARN,
  NETWORK,
  SESSION_ID,
  UPDATED_AT,
  USER_ID,
} from '../fields/examples.ts';
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
  },
  GetPaymentSession: {
    method: 'POST',
    path: '/payments/getPaymentSession',
    successStatus: 200,
    function: 'read-payments',
    roles: everyoneReads,
    user: 'required',
    oauth: 'read',
  },
  ListPaymentSessions: {
    method: 'POST',
    path: '/payments/listPaymentSessions',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: 'manage',
  },
  DeletePaymentSession: {
    method: 'POST',
    path: '/payments/deletePaymentSession',
    successStatus: 200,
    function: 'manage-sessions',
    roles: backend,
    user: 'required',
    oauth: 'manage',
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
        policy: v.optional(policyDocument),
      }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        expiryMinutes: members.expiryTimeInMinutes,
        limit: members.limits?.maxSpendAmount,
        policy: members.policy,
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

export const SESSION_ANSWERS = /* @__PURE__ */ define(() => {
  const summary = {
    paymentSessionId: v.string(),
    paymentManagerArn: v.string(),
    userId: v.string(),
    expiryTimeInMinutes: v.number(),
    createdAt: instant,
    updatedAt: instant,
  };
  const answer = v.strictObject({
    paymentSession: v.strictObject({
      ...summary,
      limits: v.optional(said(v.strictObject({ maxSpendAmount: usdAmount }), 'left out for a session without a limit')),
      availableLimits: v.optional(
        said(
          v.strictObject({ availableSpendAmount: usdAmount, updatedAt: instant }),
          'what may still be reserved; left out for a session without a limit',
        ),
      ),
      status: said(v.picklist(['ACTIVE', 'EXPIRED', 'DELETED']), 'not in AgentCore'),
      expiresAt: said(instant, 'not in AgentCore'),
      spentAmount: said(usdAmount, 'what was signed for, settled or not. Not in AgentCore'),
      reservedAmount: said(usdAmount, 'held by payments in flight. Not in AgentCore'),
      networks: v.optional(
        said(v.array(network), 'where this deployment pays. Of GetPaymentSession alone, and not in AgentCore'),
      ),
    }),
  });
  return {
    CreatePaymentSession: answer,
    GetPaymentSession: answer,
    ListPaymentSessions: v.strictObject({ paymentSessions: v.array(v.strictObject(summary)), nextToken }),
    DeletePaymentSession: v.strictObject({ status: v.literal('DELETED') }),
  } as const;
});

export const SESSION_DOCUMENT = {
  tag: 'Sessions',
  description: 'A session is a budget with an expiry: the financial boundary of an agent.',
  operations: {
    CreatePaymentSession: {
      summary: 'Opens a budget with an expiry for a user.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        expiryTimeInMinutes: 60,
        limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
        clientToken: CLIENT_TOKEN,
      },
      answer: {
        paymentSession: {
          paymentSessionId: SESSION_ID,
          paymentManagerArn: MANAGER_ARN,
          userId: USER_ID,
          expiryTimeInMinutes: 60,
          createdAt: CREATED_AT,
          updatedAt: CREATED_AT,
          limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
          availableLimits: { availableSpendAmount: { value: '10.00', currency: 'USD' }, updatedAt: CREATED_AT },
          status: 'ACTIVE',
          expiresAt: EXPIRES_AT,
          spentAmount: { value: '0.00', currency: 'USD' },
          reservedAmount: { value: '0.00', currency: 'USD' },
        },
      },
    },
    GetPaymentSession: {
      summary: 'Reads a session and what is left of its budget.',
      request: { paymentManagerArn: MANAGER_ARN, paymentSessionId: SESSION_ID },
      answer: {
        paymentSession: {
          paymentSessionId: SESSION_ID,
          paymentManagerArn: MANAGER_ARN,
          userId: USER_ID,
          expiryTimeInMinutes: 60,
          createdAt: CREATED_AT,
          updatedAt: UPDATED_AT,
          limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
          availableLimits: { availableSpendAmount: { value: '7.50', currency: 'USD' }, updatedAt: UPDATED_AT },
          status: 'ACTIVE',
          expiresAt: EXPIRES_AT,
          spentAmount: { value: '2.50', currency: 'USD' },
          reservedAmount: { value: '0.00', currency: 'USD' },
          networks: [NETWORK],
        },
      },
    },
    ListPaymentSessions: {
      summary: 'Lists the sessions of a user.',
      request: { paymentManagerArn: MANAGER_ARN, maxResults: 10 },
      answer: {
        paymentSessions: [
          {
            paymentSessionId: SESSION_ID,
            paymentManagerArn: MANAGER_ARN,
            userId: USER_ID,
            expiryTimeInMinutes: 60,
            createdAt: CREATED_AT,
            updatedAt: CREATED_AT,
          },
        ],
      },
    },
    DeletePaymentSession: {
      summary: 'Revokes a session: nothing more can be reserved on it.',
      request: { paymentManagerArn: MANAGER_ARN, paymentSessionId: SESSION_ID },
      answer: { status: 'DELETED' },
    },
  },
} as const satisfies FamilyDocument<typeof SESSION_ROUTES, typeof SESSION_REQUESTS, typeof SESSION_ANSWERS>;
