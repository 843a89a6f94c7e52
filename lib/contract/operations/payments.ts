import * as v from 'valibot';
import { clientToken, instrumentId, manager, paymentId, sessionId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { anyObject, text } from '../fields/text.ts';
import { define } from '../define.ts';
import type { OperationTable } from '../route.ts';

const agent = ['ProcessPaymentRole'] as const;
const backendReads = ['ManagementRole', 'ObserverRole'] as const;

/** Payments, and the receipts of them. */
export const PAYMENT_ROUTES = {
  ProcessPayment: {
    method: 'POST',
    path: '/payments/processPayment',
    successStatus: 200,
    function: 'process-payment',
    roles: agent,
    user: 'required',
    oauth: 'pay',
    summary: 'Pays a challenge within a session and returns the proof.',
  },
  ListPayments: {
    method: 'GET',
    path: '/bursar/payments',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: null,
    query: { paymentManagerArn: 'one', maxResults: 'one', nextToken: 'one' },
    summary: 'Lists the receipts of a user, newest first, as `payments` with a `nextToken`. Not in AgentCore.',
  },
  GetPayment: {
    method: 'GET',
    path: '/bursar/payments/{processPaymentId}',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: null,
    query: { paymentManagerArn: 'one' },
    summary: 'Reads one receipt, as `payment`. Not in AgentCore.',
  },
} as const satisfies OperationTable;

export const PAYMENT_REQUESTS = /* @__PURE__ */ define(() => {
  return {
    ProcessPayment: v.pipe(
      v.object({
        ...manager,
        clientToken,
        paymentSessionId: sessionId,
        paymentInstrumentId: instrumentId,
        paymentType: text(1, 64),
        paymentInput: anyObject,
        replayOnly: v.optional(v.boolean('must be true or false')),
        paymentConnectorId: v.optional(
          v.never('is not a member of this request: the wallet says which connector it belongs to'),
        ),
      }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        sessionId: members.paymentSessionId,
        instrumentId: members.paymentInstrumentId,
        paymentType: members.paymentType,
        paymentInput: members.paymentInput,
        replayOnly: members.replayOnly ?? false,
        clientToken: members.clientToken,
      })),
    ),
    ListPayments: v.pipe(
      v.object({ ...manager, ...pageMembersOfQuery }),
      v.transform((members) => ({ manager: members.paymentManagerArn, page: toPage(members) })),
    ),
    GetPayment: v.pipe(
      v.object({ ...manager, processPaymentId: paymentId }),
      v.transform((members) => ({ manager: members.paymentManagerArn, paymentId: members.processPaymentId })),
    ),
  } as const;
});
