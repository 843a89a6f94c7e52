import * as v from 'valibot';
import { clientToken, instrumentId, manager, paymentId, sessionId } from '../fields/names.ts';
import { pageMembersOfQuery, toPage } from '../fields/pages.ts';
import { anyObject, text } from '../fields/text.ts';
import { define } from '../define.ts';
import { RESOURCE_DESCRIPTION_MAX_CHARS, RESOURCE_URL_MAX_CHARS } from '../../domain/limits.ts';
import { toResource, type Resource } from '../../domain/payment/resource.ts';
import type { FamilyDocument } from '../document.ts';
import { address, instant, network, nextToken, said, tokenAmount, usdText } from '../fields/answers.ts';
import {
  CLIENT_TOKEN,
  CREATED_AT,
  INSTRUMENT_ID,
  MANAGER_ARN,
  NETWORK,
  NONCE,
  PAYEE,
  PAYMENT_ID,
  SESSION_ID,
  SIGNATURE,
  UPDATED_AT,
  USDC,
  WALLET,
} from '../fields/examples.ts';
import { EVIDENCE, evidence } from '../fields/evidence.ts';
import { PAID_RECEIPT, receipt } from '../fields/receipt.ts';
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
  },
  ListPayments: {
    method: 'GET',
    path: '/bursar/payments',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: 'manage',
    query: { paymentManagerArn: 'one', maxResults: 'one', nextToken: 'one' },
  },
  GetPayment: {
    method: 'GET',
    path: '/bursar/payments/{processPaymentId}',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: 'manage',
    query: { paymentManagerArn: 'one' },
  },
} as const satisfies OperationTable;

/** The challenge that a payment answers, by the protocol that `paymentType` names: exactly one member. */
export interface PaymentInput {
  /** Of the payment type CRYPTO_X402. */
  readonly cryptoX402?: {
    readonly version: '1' | '2';
    /** One entry of the seller's `accepts`, as it stands. */
    readonly payload: object;
  };
  /** Of the payment type MPP. */
  readonly mpp?: {
    readonly version: '1' | '2';
    /** The value of one `WWW-Authenticate` header with one `Payment` challenge, as it stands. */
    readonly wwwAuthenticateHeaders: readonly [string];
    /** Taken, and changes nothing: the one who settles pays for it. */
    readonly buyerPaysGasFees?: boolean;
  };
}

/** For documents only: the protocol reads what stands here, takes more than this, and says better what is wrong. */
const paymentInput = /* @__PURE__ */ define(() =>
  v.object({
    cryptoX402: v.optional(
      v.object({
        version: said(v.picklist(['1', '2']), 'the x402Version of the challenge, as text'),
        payload: said(
          v.looseObject({
            scheme: v.literal('exact'),
            network: said(v.string(), 'a CAIP-2 id, or the name that version 1 has for it'),
            amount: v.optional(said(v.string(), "in the token's smallest unit; maxAmountRequired in version 1")),
            asset: said(v.string(), 'the USDC of the network, or a token that the deployment names'),
            payTo: v.string(),
            maxTimeoutSeconds: v.number(),
            extra: v.looseObject({ name: v.string(), version: v.string() }),
          }),
          "one entry of the seller's accepts, as it stands",
        ),
      }),
    ),
    mpp: v.optional(
      v.object({
        version: said(v.picklist(['1', '2']), 'as AgentCore numbers MPP'),
        wwwAuthenticateHeaders: said(
          v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(1)),
          'the value of one WWW-Authenticate header with one Payment challenge, as it stands',
        ),
        buyerPaysGasFees: v.optional(said(v.boolean(), 'taken, and changes nothing: the one who settles pays for it')),
      }),
    ),
  }),
);

/** For documents only, as functions carry no descriptions. */
const resourceMember = /* @__PURE__ */ define(() =>
  v.optional(
    v.object({
      url: said(v.string(), 'of the web; what is kept is origin and path, cut to 120 bytes'),
      description: v.optional(said(v.string(), 'what is kept is cut to 80 bytes')),
    }),
  ),
);

/** With the URL as the caller spelt it, for a spend policy to judge; it is kept nowhere. */
export interface StatedResource extends Resource {
  readonly stated: string;
}

/** What is bought. */
const resource = /* @__PURE__ */ define(() =>
  v.pipe(
    v.object({
      url: text(1, RESOURCE_URL_MAX_CHARS),
      description: v.optional(text(0, RESOURCE_DESCRIPTION_MAX_CHARS)),
    }),
    v.rawTransform<{ url: string; description?: string | undefined }, StatedResource>(
      ({ dataset, addIssue, NEVER }) => {
        const value = toResource(dataset.value);
        if (value !== null) return { ...value, stated: dataset.value.url };
        addIssue({ message: 'must have a url of the web, such as https://api.example.com/report' });
        return NEVER;
      },
    ),
  ),
);

export const PAYMENT_REQUESTS = /* @__PURE__ */ define(() => {
  return {
    ProcessPayment: v.pipe(
      v.object({
        ...manager,
        clientToken,
        paymentSessionId: sessionId,
        paymentInstrumentId: instrumentId,
        paymentType: text(1, 64),
        paymentInput: anyObject as unknown as v.GenericSchema<PaymentInput, Readonly<Record<string, unknown>>>,
        replayOnly: v.optional(v.boolean('must be true or false')),
        resource: v.optional(resource),
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
        resource: members.resource ?? null,
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

export const PAYMENT_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      ProcessPayment: v.strictObject({
        processPaymentId: v.string(),
        paymentManagerArn: v.string(),
        paymentSessionId: v.string(),
        paymentInstrumentId: v.string(),
        paymentType: v.picklist(['CRYPTO_X402', 'MPP']),
        status: v.literal('PROOF_GENERATED'),
        paymentOutput: v.strictObject({
          cryptoX402: v.optional(
            v.strictObject({
              version: said(v.picklist(['1', '2']), 'the version of x402 that the request named'),
              payload: said(
                v.record(v.string(), v.unknown()),
                'the payload of the header that goes back to the seller, as its scheme has it. A bearer instrument: keep it out of logs',
              ),
            }),
          ),
          mpp: v.optional(
            v.strictObject({
              version: said(v.picklist(['1', '2']), 'the version of MPP that the request named'),
              selectedPaymentId: said(v.string(), 'the id of the challenge that was paid'),
              paymentCredential: said(
                v.string(),
                'the value of the Authorization header, or of Payment-Authorization where the challenge asks for that one. A bearer instrument: keep it out of logs',
              ),
            }),
          ),
        }),
        bursar: said(
          v.strictObject({
            amountUsd: usdText,
            network,
            asset: address,
            payTo: address,
            validBefore: said(v.number(), 'epoch seconds'),
            token: v.optional(
              said(
                v.strictObject({
                  symbol: v.string(),
                  amount: tokenAmount,
                  name: v.nullable(v.string()),
                  version: v.nullable(v.string()),
                }),
                'where it is not the USDC of the network: how much of what was signed for, and its EIP-712 domain',
              ),
            ),
            wantsOutcome: v.optional(
              said(v.literal(true), 'a policy goes by what becomes of payments: report it with ReportOutcome'),
            ),
          }),
          'what was paid to whom, and until when the proof is good. Not in AgentCore',
        ),
        createdAt: instant,
        updatedAt: instant,
      }),
      ListPayments: v.strictObject({ payments: said(v.array(receipt), 'newest first'), nextToken }),
      GetPayment: v.strictObject({ payment: receipt, evidence: v.optional(evidence) }),
    }) as const,
);

export const PAYMENT_DOCUMENT = {
  tag: 'Payments',
  description: 'A payment answers the challenge of a seller within a session. Receipts say what was decided, and why.',
  operations: {
    ProcessPayment: {
      summary: 'Pays a challenge within a session and returns the proof.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentSessionId: SESSION_ID,
        paymentInstrumentId: INSTRUMENT_ID,
        paymentType: 'CRYPTO_X402',
        paymentInput: {
          cryptoX402: {
            version: '2',
            payload: {
              scheme: 'exact',
              network: NETWORK,
              amount: '500000',
              asset: USDC,
              payTo: PAYEE,
              maxTimeoutSeconds: 60,
              extra: { name: 'USDC', version: '2' },
            },
          },
        },
        clientToken: CLIENT_TOKEN,
        resource: { url: 'https://api.example.com/market-data', description: 'Monthly installations by country' },
      },
      members: { paymentInput, resource: resourceMember },
      answer: {
        processPaymentId: PAYMENT_ID,
        paymentManagerArn: MANAGER_ARN,
        paymentSessionId: SESSION_ID,
        paymentInstrumentId: INSTRUMENT_ID,
        paymentType: 'CRYPTO_X402',
        status: 'PROOF_GENERATED',
        paymentOutput: {
          cryptoX402: {
            version: '2',
            payload: {
              signature: SIGNATURE,
              authorization: {
                from: WALLET,
                to: PAYEE,
                value: '500000',
                validAfter: '1795857600',
                validBefore: '1795858332',
                nonce: NONCE,
              },
            },
          },
        },
        bursar: { amountUsd: '0.50', network: NETWORK, asset: USDC, payTo: PAYEE, validBefore: 1_795_858_332 },
        createdAt: CREATED_AT,
        updatedAt: UPDATED_AT,
      },
    },
    ListPayments: {
      summary: 'Lists the receipts of a user, newest first, as `payments` with a `nextToken`. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, maxResults: '10' },
      answer: { payments: [PAID_RECEIPT] },
    },
    GetPayment: {
      summary: 'Reads one receipt, as `payment`, and what its seller signed of it. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, processPaymentId: PAYMENT_ID },
      answer: { payment: PAID_RECEIPT, evidence: EVIDENCE },
    },
  },
} as const satisfies FamilyDocument<typeof PAYMENT_ROUTES, typeof PAYMENT_REQUESTS, typeof PAYMENT_ANSWERS>;
