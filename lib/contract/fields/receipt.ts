import * as v from 'valibot';
import { define } from '../define.ts';
import { address, digits, hex32, instant, network, said, signature, tokenAmount, usdText } from './answers.ts';
import * as example from './examples.ts';

/** A transfer's authorization and its signature, as a token contract and a facilitator take it. */
export const transferPayload = /* @__PURE__ */ define(() =>
  v.strictObject({
    signature,
    authorization: v.strictObject({
      from: address,
      to: address,
      value: tokenAmount,
      validAfter: said(digits, 'epoch seconds, as text'),
      validBefore: said(digits, 'epoch seconds, as text'),
      nonce: hex32,
    }),
  }),
);

/** Imported lists that a payment was held against. */
const feeds = /* @__PURE__ */ define(() =>
  said(
    v.array(
      v.strictObject({
        feed: said(v.string(), 'its name'),
        hash: said(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), 'SHA-256 of the file'),
        importedAt: instant,
        checked: said(v.array(v.picklist(['payee', 'origin'])), 'what was looked up; the origin is the caller’s word'),
      }),
    ),
    'imported lists that a rule of the spend policy held the payment against, and it was on none',
  ),
);

/** The record of one payment. It holds no signature. */
export const receipt = /* @__PURE__ */ define(() =>
  v.strictObject({
    receiptVersion: v.literal(0),
    processPaymentId: v.string(),
    paymentManagerArn: v.string(),
    paymentSessionId: v.string(),
    paymentInstrumentId: v.string(),
    userId: v.string(),
    agentName: said(v.nullable(v.string()), "the caller's word"),
    resource: said(
      v.nullable(v.strictObject({ url: v.string(), description: v.nullable(v.string()) })),
      'the caller’s word on what was bought, as ProcessPayment was told it: nobody has looked at it',
    ),
    purpose: said(
      v.picklist(['PAYMENT', 'WITHDRAWAL']),
      'a withdrawal takes money out to an address of the deployment’s list, and counts against no budget',
    ),
    decision: v.picklist(['PAID', 'DENIED', 'PENDING', 'ABORTED']),
    denial: said(
      v.nullable(
        v.strictObject({
          code: v.pipe(v.string(), v.regex(/^bursar:[a-z0-9_]+$/)),
          requestedUsd: v.optional(said(usdText, 'this and the next two: only of a denial by the budget')),
          availableUsd: v.optional(usdText),
          reservedUsd: v.optional(usdText),
          key: v.optional(
            said(v.string(), 'of a limit of the spend policy: its counter, in whose unit max, used and asked are'),
          ),
          max: v.optional(v.string()),
          used: v.optional(v.string()),
          asked: v.optional(v.string()),
          policy: v.optional(
            said(
              v.record(v.string(), v.union([v.string(), v.boolean()])),
              'the rule that decided: code, scope, rule, and where it has them limit, asked, remaining and what would help',
            ),
          ),
        }),
      ),
      'why it was refused for good, with the figures of that moment',
    ),
    amountUsd: usdText,
    offer: v.strictObject({
      protocol: said(v.string(), 'such as x402; that of a withdrawal is treasury'),
      version: v.string(),
      scheme: v.string(),
      transferMethod: v.string(),
      network,
      asset: address,
      symbol: v.nullable(v.string()),
      decimals: v.nullable(v.number()),
      usdRate: said(
        v.nullable(v.strictObject({ usd: v.string(), asOf: v.string() })),
        'what one whole token cost the budget, as the deployment said it on a day; null for USDC, which counts as dollars',
      ),
      amount: tokenAmount,
      payTo: address,
    }),
    authorization: said(
      v.record(v.string(), v.union([v.string(), v.number()])),
      'whose money, until when, and by what the chain can be asked; each scheme has its own members',
    ),
    budget: said(
      v.nullable(v.strictObject({ availableUsd: v.nullable(usdText), reservedUsd: usdText, spentUsd: usdText })),
      'the session right after the reservation of this payment',
    ),
    feeds,
    requestHash: hex32,
    attempt: v.number(),
    createdAt: instant,
    decidedAt: v.nullable(instant),
  }),
);

export const PAID_RECEIPT = /* @__PURE__ */ define(
  () =>
    ({
      receiptVersion: 0,
      processPaymentId: example.PAYMENT_ID,
      paymentManagerArn: example.MANAGER_ARN,
      paymentSessionId: example.SESSION_ID,
      paymentInstrumentId: example.INSTRUMENT_ID,
      userId: example.USER_ID,
      agentName: 'assistant',
      resource: { url: 'https://api.example.com/market-data', description: 'Monthly installations by country' },
      purpose: 'PAYMENT',
      decision: 'PAID',
      denial: null,
      amountUsd: '0.50',
      offer: {
        protocol: 'x402',
        version: '2',
        scheme: 'exact',
        transferMethod: 'eip3009',
        network: example.NETWORK,
        asset: example.USDC,
        symbol: 'USDC',
        decimals: 6,
        usdRate: null,
        amount: '500000',
        payTo: example.PAYEE,
      },
      authorization: {
        from: example.WALLET,
        nonce: example.NONCE,
        validAfter: 1_795_857_600,
        validBefore: 1_795_858_332,
      },
      budget: { availableUsd: '7.50', reservedUsd: '0.50', spentUsd: '2.00' },
      feeds: [
        {
          feed: 'sanctions',
          hash: '157e9694eec8f4b4370ab9fc90d7ddc80dc4b90eb52dc85033fa9f2c2b64f432',
          importedAt: example.CREATED_AT,
          checked: ['payee', 'origin'],
        },
      ],
      requestHash: example.NONCE,
      attempt: 1,
      createdAt: example.CREATED_AT,
      decidedAt: example.UPDATED_AT,
    }) as const,
);

export const WITHDRAWAL_RECEIPT = /* @__PURE__ */ define(
  () =>
    ({
      ...PAID_RECEIPT,
      paymentSessionId: 'withdrawal-Z6Emdn5jxFEC87s',
      resource: null,
      purpose: 'WITHDRAWAL',
      amountUsd: '12.50',
      offer: { ...PAID_RECEIPT.offer, amount: '12500000' },
      budget: null,
      feeds: [],
    }) as const,
);
