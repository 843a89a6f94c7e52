import * as v from 'valibot';
import { BODY_MAX_BYTES, CHALLENGE_HEADERS_MAX, DECLARED_TEXT_MAX_CHARS, URL_MAX_CHARS } from '../../domain/limits.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { usd } from '../fields/amounts.ts';
import { address, instant, network, said, tokenAmount, usdAmount, usdText } from '../fields/answers.ts';
import * as example from '../fields/examples.ts';
import { clientToken, instrumentId, manager, sessionId } from '../fields/names.ts';
import { text } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';
import { PAYMENT_ANSWERS, PAYMENT_DOCUMENT } from './payments.ts';

/** A seller's whole 402: what it would come to, and paying it. */
export const ASKING_ROUTES = {
  QuoteChallenge: {
    method: 'POST',
    path: '/bursar/quote',
    successStatus: 200,
    function: 'read-payments',
    roles: ['ProcessPaymentRole'],
    user: 'required',
    oauth: 'pay',
  },
  PayChallenge: {
    method: 'POST',
    path: '/bursar/payChallenge',
    successStatus: 200,
    function: 'process-payment',
    roles: ['ProcessPaymentRole'],
    user: 'required',
    oauth: 'pay',
  },
} as const satisfies OperationTable;

const NETWORKS_MAX = 20;
const WEB_URL = 'must be a URL that begins with https:// or http://';
const TOKEN = { pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, expected: 'a name as HTTP has it' };

function isWebUrl(value: string): boolean {
  return URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol);
}

/** The members of both operations. What they mean is said apart, in `MEMBERS`: functions carry these. */
const asked = /* @__PURE__ */ define(() => {
  const declared = v.optional(text(1, DECLARED_TEXT_MAX_CHARS));
  const headers = v.pipe(
    v.record(text(1, 256, TOKEN), text(0, BODY_MAX_BYTES), 'must be an object'),
    v.check(
      (value) => Object.keys(value).length <= CHALLENGE_HEADERS_MAX,
      `must hold at most ${CHALLENGE_HEADERS_MAX} headers`,
    ),
    v.check((value) => {
      const names = Object.keys(value);
      return new Set(names.map((name) => name.toLowerCase())).size === names.length;
    }, 'must name a header once, in whatever case'),
  );
  return {
    ...manager,
    paymentSessionId: sessionId,
    paymentInstrumentId: instrumentId,
    request: v.object({
      method: text(1, 32, TOKEN),
      url: v.pipe(text(1, URL_MAX_CHARS), v.check(isWebUrl, WEB_URL)),
      tool: declared,
      intent: declared,
      bodyHash: v.optional(text(64, 64, { pattern: /^[0-9a-f]+$/, expected: 'SHA-256 in lower-case hexadecimal' })),
    }),
    challenge: v.object({
      status: v.literal(402, 'must be 402'),
      headers,
      body: v.optional(text(0, BODY_MAX_BYTES)),
    }),
    networks: v.optional(
      v.pipe(
        v.array(text(1, 41), 'must be a list'),
        v.minLength(1, 'must name at least one network'),
        v.maxLength(NETWORKS_MAX, `must name at most ${NETWORKS_MAX} networks`),
      ),
    ),
    maxPrice: v.optional(usd),
    resource: v.optional(v.picklist(['related', 'same-origin', 'any'], 'must be related, same-origin or any')),
  };
});

/** For documents only. */
const MEMBERS = /* @__PURE__ */ define(() => ({
  request: v.object({
    method: said(v.string(), 'of the request that met the 402'),
    url: said(v.string(), 'of the request; the resource that the seller names must be related to it'),
    tool: v.optional(said(v.string(), "the tool that makes the request; this and the next two are the caller's word")),
    intent: v.optional(said(v.string(), 'what the purchase is for')),
    bodyHash: v.optional(said(v.string(), "SHA-256 of the request's body, hexadecimal")),
  }),
  challenge: v.object({
    status: v.literal(402),
    headers: said(v.record(v.string(), v.string()), "the seller's, as they came; names in any case"),
    body: v.optional(said(v.string(), "the seller's, as text; not looked at where a header has the terms")),
  }),
  networks: v.optional(
    said(v.array(v.string()), 'CAIP-2 ids to pay on; every network of the deployment where it is left out'),
  ),
  maxPrice: v.optional(said(usdAmount, 'the most that an offer may cost')),
  resource: v.optional(
    said(
      v.picklist(['related', 'same-origin', 'any']),
      'which resource an offer may say that it is for. related: the requested host, one above or below it, the own name of the seller for itself, or no URL of the web. same-origin: the requested scheme, host and port. any: whatever it says. related where it is left out',
    ),
  ),
}));

type Asked = v.InferOutput<ReturnType<typeof askedObject>>;
const askedObject = () => v.object(asked);

/** The words of the domain for what both operations ask. */
function toAsked({ request, challenge, networks, ...members }: Asked) {
  const { method, url, tool = null, intent = null, bodyHash = null } = request;
  return {
    manager: members.paymentManagerArn,
    sessionId: members.paymentSessionId,
    instrumentId: members.paymentInstrumentId,
    request: { method, url, tool, intent, bodyHash },
    challenge: { headers: challenge.headers, body: challenge.body ?? '' },
    networks: networks === undefined ? null : new Set(networks),
    maxPrice: members.maxPrice ?? null,
    resourceRule: members.resource ?? 'related',
  } as const;
}

export const ASKING_REQUESTS = /* @__PURE__ */ define(() => {
  const quoteId = text(1, 100, { pattern: /^q1-[0-9a-z]{1,9}-[0-9a-f]{64}$/, expected: 'the quoteId of a quote' });
  return {
    QuoteChallenge: v.pipe(askedObject(), v.transform(toAsked)),
    PayChallenge: v.pipe(
      v.object({
        ...asked,
        clientToken,
        quoteId: v.optional(quoteId),
        replayOnly: v.optional(v.boolean('must be true or false')),
      }),
      v.transform((members) => ({
        ...toAsked(members),
        clientToken: members.clientToken,
        quoteId: members.quoteId ?? null,
        replayOnly: members.replayOnly ?? false,
      })),
    ),
  } as const;
});

export const ASKING_ANSWERS = /* @__PURE__ */ define(() => {
  const offer = v.strictObject({
    index: said(v.number(), "its place in the seller's list, from 0"),
    verdict: v.picklist(['ALLOWED', 'REFUSED']),
    code: v.optional(said(v.pipe(v.string(), v.regex(/^bursar:[a-z0-9_]+$/)), 'why the offer is not paid')),
    reason: said(v.string(), 'one sentence'),
    protocol: v.optional(said(v.string(), 'this and what follows is left out where the offer cannot be read')),
    version: v.optional(v.string()),
    scheme: v.optional(v.string()),
    transferMethod: v.optional(v.string()),
    network: v.optional(network),
    asset: v.optional(address),
    token: v.optional(
      said(
        v.strictObject({ symbol: v.string(), decimals: v.number() }),
        'what amount and balance are of, in its smallest unit',
      ),
    ),
    payTo: v.optional(address),
    amount: v.optional(tokenAmount),
    amountUsd: v.optional(usdText),
    balance: v.optional(
      said(
        v.nullable(tokenAmount),
        "what the wallet holds of the offer's token, in its smallest unit; null: no chain was asked, or it did not answer",
      ),
    ),
  });
  return {
    QuoteChallenge: v.strictObject({
      quote: v.strictObject({
        chosen: said(
          v.nullable(
            v.strictObject({
              index: said(v.number(), 'of the offer'),
              quoteId: said(v.string(), 'has PayChallenge pay this offer, or nothing'),
              expiresAt: instant,
            }),
          ),
          'what would be paid: the cheapest of the allowed, between equals the one that exposes least, then the first; null: none',
        ),
        availableUsd: said(v.nullable(usdText), 'what the session has left; null: it has no limit'),
        offers: said(v.array(offer), "every offer, in the seller's order"),
      }),
    }),
    PayChallenge: v.strictObject({
      ...PAYMENT_ANSWERS.ProcessPayment.entries,
      headers: said(
        v.array(v.strictObject({ name: v.string(), value: v.string() })),
        'to be sent to the seller with the request that met the 402. Bearer instruments: keep them out of logs',
      ),
    }),
  } as const;
});

const OFFER = /* @__PURE__ */ define(
  () =>
    ({
      index: 0,
      verdict: 'ALLOWED',
      reason: 'it may be paid',
      protocol: 'x402',
      version: '2',
      scheme: 'exact',
      transferMethod: 'eip3009',
      network: example.NETWORK,
      asset: example.USDC,
      payTo: example.PAYEE,
      token: { symbol: 'USDC', decimals: 6 },
      amount: '500000',
      amountUsd: '0.50',
      balance: '12000000',
    }) as const,
);

const EXAMPLE = /* @__PURE__ */ define(
  () =>
    ({
      paymentManagerArn: example.MANAGER_ARN,
      paymentSessionId: example.SESSION_ID,
      paymentInstrumentId: example.INSTRUMENT_ID,
      request: { method: 'GET', url: 'https://api.example.com/report', tool: 'read_report' },
      challenge: {
        status: 402,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          x402Version: 2,
          accepts: [
            {
              scheme: 'exact',
              network: example.NETWORK,
              amount: '500000',
              asset: example.USDC,
              payTo: example.PAYEE,
              maxTimeoutSeconds: 60,
              extra: { name: 'USDC', version: '2' },
            },
          ],
        }),
      },
      maxPrice: { value: '1.00', currency: 'USD' },
    }) as const,
);

export const ASKING_DOCUMENT = /* @__PURE__ */ define(
  () =>
    ({
      tag: 'Asking',
      description:
        "What a seller's 402 would come to, and paying it: Bursar reads the protocol and chooses among all offers, so that a client needs none. Not in AgentCore.",
      operations: {
        QuoteChallenge: {
          summary:
            'Says of every offer of a 402 whether it would be paid, and which. Reserves nothing and signs nothing. Not in AgentCore.',
          request: EXAMPLE,
          members: MEMBERS,
          answer: {
            quote: {
              chosen: {
                index: 0,
                quoteId: `q1-mio1abcd-${example.NONCE.slice(2)}`,
                expiresAt: example.EXPIRES_AT,
              },
              availableUsd: '7.50',
              offers: [OFFER],
            },
          },
        },
        PayChallenge: {
          summary:
            'Pays the best offer of a 402, or that of a quote, and returns the headers to send. Under one client token there is one payment, here and in ProcessPayment together. Not in AgentCore.',
          request: { ...EXAMPLE, clientToken: example.CLIENT_TOKEN },
          members: {
            ...MEMBERS,
            quoteId: v.optional(said(v.string(), 'pays the offer of this quote, or nothing')),
          },
          answer: {
            ...PAYMENT_DOCUMENT.operations.ProcessPayment.answer,
            headers: [{ name: 'PAYMENT-SIGNATURE', value: 'eyJ4NDAyVmVyc2lvbiI6Mn0=' }],
          },
        },
      },
    }) as const satisfies FamilyDocument<typeof ASKING_ROUTES, typeof ASKING_REQUESTS, typeof ASKING_ANSWERS>,
);
