import * as v from 'valibot';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import { EVIDENCE_MAX_CHARS } from '../../domain/payment/evidence.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, said } from '../fields/answers.ts';
import { MANAGER_ARN, PAYMENT_ID, UPDATED_AT } from '../fields/examples.ts';
import { manager, paymentId } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

/** What became of a payment, as its client says. In a function that cannot pay: a report moves no money. */
export const OUTCOME_ROUTES = {
  ReportOutcome: {
    method: 'POST',
    path: '/bursar/outcome',
    successStatus: 200,
    function: 'read-payments',
    roles: ['ProcessPaymentRole'],
    user: 'required',
    oauth: 'pay',
  },
} as const satisfies OperationTable;

export const OUTCOME_REQUESTS = /* @__PURE__ */ define(
  () =>
    ({
      ReportOutcome: v.pipe(
        v.object({
          ...manager,
          processPaymentId: paymentId,
          url: text(1, URL_MAX_CHARS),
          outcome: v.picklist(['DELIVERED', 'FAILED'], 'must be DELIVERED or FAILED'),
          signedReceipt: v.optional(text(1, EVIDENCE_MAX_CHARS)),
        }),
        v.transform(({ paymentManagerArn, processPaymentId, url, outcome, signedReceipt }) => ({
          manager: paymentManagerArn,
          paymentId: processPaymentId,
          url,
          delivered: outcome === 'DELIVERED',
          signedReceipt,
        })),
      ),
    }) as const,
);

/** For documents only. */
const MEMBERS = /* @__PURE__ */ define(() => ({
  processPaymentId: said(v.string(), 'a payment of the user that is signed'),
  url: said(v.string(), 'of the request that was paid for; its origin is what counts'),
  outcome: said(v.picklist(['DELIVERED', 'FAILED']), 'whether the seller delivered, or took the payment and failed'),
  signedReceipt: v.optional(
    said(
      v.string(),
      'the receipt that the seller signed, by the extension offer-receipt of x402, as JSON text of what came with the settlement',
    ),
  ),
}));

export const OUTCOME_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      ReportOutcome: v.strictObject({
        status: said(
          v.picklist(['RECORDED', 'IGNORED']),
          'IGNORED: the URL has no origin in the plain form that rules compare',
        ),
        failuresInARow: v.optional(said(v.number(), "of the user's payments at the origin")),
        pausedUntil: v.optional(said(instant, 'until then a breaker refuses payments at the origin')),
        signedReceipt: v.optional(
          said(
            v.picklist(['KEPT', 'IGNORED']),
            'whether it is one for the payment, and is kept with it; left out where none was sent',
          ),
        ),
      }),
    }) as const,
);

export const OUTCOME_DOCUMENT = {
  tag: 'Outcomes',
  description:
    "What became of a payment, as the client that paid says. Its word alone: it may keep the user's next payments off an origin, where a policy has a breaker, and never gives money back. Not in AgentCore.",
  operations: {
    ReportOutcome: {
      summary: 'Reports whether a payment brought what it was for. Not in AgentCore.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        processPaymentId: PAYMENT_ID,
        url: 'https://api.example.com/report',
        outcome: 'FAILED',
      },
      members: MEMBERS,
      answer: { status: 'RECORDED', failuresInARow: 3, pausedUntil: UPDATED_AT },
    },
  },
} as const satisfies FamilyDocument<typeof OUTCOME_ROUTES, typeof OUTCOME_REQUESTS, typeof OUTCOME_ANSWERS>;
