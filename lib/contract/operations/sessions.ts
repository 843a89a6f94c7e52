import * as v from 'valibot';
import {
  AGENT_NAME_MAX_CHARS,
  PINNED_CALLER_MAX_CHARS,
  SESSION_MINUTES_MAX,
  SESSION_MINUTES_MIN,
} from '../../domain/limits.ts';
import { usd } from '../fields/amounts.ts';
import { clientToken, instrumentId, manager, sessionId } from '../fields/names.ts';
import { pageMembers, toPage } from '../fields/pages.ts';
import { policyDocument } from '../fields/policy.ts';
import { said as described } from '../fields/policy-members.ts';
import { plain, wholeNumber } from '../fields/text.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { digits, instant, network, nextToken, said, usdAmount } from '../fields/answers.ts';
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

/** What alone may pay within a session. */
const pins = () =>
  v.pipe(
    v.object(
      {
        paymentInstrumentId: v.optional(instrumentId),
        agentName: v.optional(described(plain(AGENT_NAME_MAX_CHARS), 'as its calls state it')),
        caller: v.optional(described(plain(PINNED_CALLER_MAX_CHARS), 'the ARN of a role, or the client id of a token')),
      },
      'must be an object',
    ),
    v.check((members) => Object.keys(members).length > 0, 'must name an instrument, an agent or a caller'),
    v.transform(({ paymentInstrumentId, ...rest }) => ({
      ...rest,
      ...(paymentInstrumentId === undefined ? {} : { instrumentId: paymentInstrumentId }),
    })),
  );

/** Whether payments within a session may have approvals of Permit2 asked for. */
const approvals = () =>
  v.pipe(
    v.object({ allowed: v.literal(true, 'must be true') }, 'must be an object'),
    v.transform(({ allowed }) => allowed),
  );

/** Whether payments within a session are made only where the wallet holds what they take. */
const balanceCheck = () =>
  v.pipe(
    v.object({ required: v.literal(true, 'must be true') }, 'must be an object'),
    v.transform(({ required }) => required),
  );

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
        pinnedTo: v.optional(pins()),
        walletApprovals: v.optional(approvals()),
        balanceCheck: v.optional(balanceCheck()),
      }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        expiryMinutes: members.expiryTimeInMinutes,
        limit: members.limits?.maxSpendAmount,
        policy: members.policy,
        pins: members.pinnedTo,
        approvals: members.walletApprovals,
        balanceCheck: members.balanceCheck,
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
      pinnedTo: v.optional(
        said(
          v.strictObject({
            paymentInstrumentId: v.optional(v.string()),
            agentName: v.optional(v.string()),
            caller: v.optional(v.string()),
          }),
          'what alone may pay within it; left out for a session that is not pinned. Not in AgentCore',
        ),
      ),
      walletApprovals: v.optional(
        said(
          v.strictObject({
            allowed: v.literal(true),
            gasPerDay: said(
              v.nullable(digits),
              'what the approvals of one wallet on one network may cost in a day, in wei; null where the deployment sends none any more',
            ),
          }),
          'PayChallenge within it may ask for an approval of Permit2, of at most what the session has left; left out for a session that allows none. Not in AgentCore',
        ),
      ),
      balanceCheck: v.optional(
        said(
          v.strictObject({ required: v.literal(true) }),
          'each payment within it waits until its chain shows that the wallet holds what it takes; left out for a session that has no chain asked. Not in AgentCore',
        ),
      ),
      status: said(v.picklist(['ACTIVE', 'EXPIRED', 'DELETED']), 'not in AgentCore'),
      expiresAt: said(instant, 'not in AgentCore'),
      spentAmount: said(usdAmount, 'what was signed for, settled or not. Not in AgentCore'),
      reservedAmount: said(usdAmount, 'held by payments in flight. Not in AgentCore'),
      spendPolicy: v.optional(
        said(
          v.strictObject({
            hash: said(v.string(), 'the same as long as all of the documents are the same'),
            documents: v.array(
              v.strictObject({
                scope: v.picklist(['deployment', 'manager', 'user', 'agent', 'session']),
                hash: v.string(),
              }),
            ),
          }),
          'the spend policies that hold within it, that of an agent where the call states its name; left out where nobody has written one. Of GetPaymentSession alone, and not in AgentCore',
        ),
      ),
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
          spendPolicy: {
            hash: '3f1d8b0d0a6f4f0d9c1b5be2a6c7a0e0f0a3b8c5d2e1f4a7b6c9d8e7f6a5b4c3',
            documents: [
              { scope: 'user', hash: '9a0364b9e99bb480dd25e1f0284c8555b5b1d0f5b2e1f1d3c3a1e4d7a9f0b2c1' },
              { scope: 'session', hash: '1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014' },
            ],
          },
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
