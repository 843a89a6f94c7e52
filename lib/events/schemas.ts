import * as v from 'valibot';
import { EVENT_VERSION } from './event-version.ts';

// What an event may say, and nothing else: the shapes are strict, and what makes events builds them member by member.

const text = v.pipe(v.string(), v.minLength(1));
const usd = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,30}\.[0-9]{2,6}$/),
  v.description('US dollars, with two to six decimals.'),
);
const instant = v.pipe(
  v.string(),
  v.regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/),
  v.description('RFC 3339, UTC, with milliseconds.'),
);
const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const network = v.pipe(v.string(), v.regex(/^eip155:[0-9]{1,20}$/), v.description('CAIP-2.'));
const orNone = <T extends v.GenericSchema>(schema: T) => v.nullable(schema);

const head = {
  version: v.literal(EVENT_VERSION),
  id: v.pipe(text, v.description('The same for every delivery of this event: keep it to recognise repetitions.')),
};

const session = {
  paymentManagerId: text,
  paymentSessionId: text,
  userId: text,
};

const payment = {
  ...head,
  processPaymentId: text,
  ...session,
  paymentInstrumentId: text,
  agentName: v.pipe(orNone(v.string()), v.description('As the caller gave it: text of strangers.')),
  purpose: v.pipe(
    v.picklist(['PAYMENT', 'WITHDRAWAL']),
    v.description('A withdrawal brings money home to its owner: it is on no budget and no spending.'),
  ),
  amountUsd: usd,
  network,
  asset: v.pipe(address, v.description('The token contract.')),
  assetAmount: v.pipe(v.string(), v.regex(/^[0-9]{1,78}$/), v.description('Base units of the token.')),
  payTo: address,
};

const budget = v.strictObject({ availableUsd: orNone(usd), reservedUsd: usd, spentUsd: usd });

const figure = v.optional(v.pipe(text, v.description('Dollars, or a whole number, as `unit` says.')));

/** The rule of a spend policy that decided. */
const policyRule = v.strictObject({
  code: v.pipe(v.string(), v.regex(/^bursar:policy_[a-z_]{1,40}$/)),
  scope: v.picklist(['deployment', 'manager', 'user', 'agent', 'session']),
  rule: v.pipe(text, v.description('Its name in that policy.')),
  fact: v.optional(v.pipe(text, v.description('What it looked at.'))),
  found: v.optional(v.pipe(v.string(), v.description('What that was: text of strangers, shortened.'))),
  unit: v.optional(v.picklist(['usd', 'count', 'seconds', 'percent'])),
  limit: figure,
  asked: figure,
  remaining: figure,
  waitUntil: v.optional(instant),
  atMostUsd: v.optional(usd),
  otherSeller: v.optional(v.literal(true)),
  otherOffer: v.optional(v.literal(true)),
  state: v.optional(v.pipe(text, v.description('The fact that the call has to state.'))),
});

/** An authorization was signed. Whether the seller settled it is not known yet. */
export const PaymentSigned = v.strictObject({
  ...payment,
  status: v.literal('SIGNED'),
  createdAt: instant,
  decidedAt: instant,
  budget: v.pipe(orNone(budget), v.description('Right after the reservation; availableUsd is null without a limit.')),
});

/** A payment was refused for good. Refusals before the books were asked, such as of a wrong request, are none. */
export const PaymentDenied = v.strictObject({
  ...payment,
  status: v.literal('DENIED'),
  createdAt: instant,
  decidedAt: instant,
  denial: v.variant('reason', [
    v.strictObject({
      reason: v.literal('budget_exceeded'),
      requestedUsd: usd,
      availableUsd: usd,
      reservedUsd: usd,
    }),
    v.pipe(
      v.strictObject({
        reason: v.literal('policy_exceeded'),
        key: v.string(),
        max: v.string(),
        used: v.string(),
        asked: v.string(),
        policy: v.optional(policyRule),
      }),
      v.description(
        'A rule of the spend policy, by its counter. Figures are micro-dollars of a sum, and counts otherwise.',
      ),
    ),
    v.pipe(
      v.strictObject({ reason: v.literal('policy_refused'), policy: policyRule }),
      v.description('A rule of the spend policy does not allow such a payment, whatever is left of anything.'),
    ),
    v.pipe(
      v.strictObject({ reason: v.literal('superseded') }),
      v.description('It was never signed, and its client token was used for other terms since.'),
    ),
    v.pipe(
      v.strictObject({ reason: v.picklist(['approval_rejected', 'approval_lapsed']) }),
      v.description("People who were to approve it at its wallet's provider said no, or nothing in time."),
    ),
  ]),
});

/** All of a session's limit is spent: nothing is available, and nothing reserved could come back. Once for each limit it has had. */
export const SessionExhausted = v.strictObject({
  ...head,
  ...session,
  limitUsd: usd,
  spentUsd: usd,
  createdAt: instant,
  expiresAt: instant,
  exhaustedAt: instant,
});

/** A session that nobody deleted has reached its end. Payments in flight at that moment may still be signed. */
export const SessionExpired = v.strictObject({
  ...head,
  ...session,
  limitUsd: orNone(usd),
  budget,
  createdAt: instant,
  expiresAt: instant,
});

/** The limit of a session was raised. */
export const SessionToppedUp = v.strictObject({
  ...head,
  ...session,
  amountUsd: usd,
  previousLimitUsd: usd,
  limitUsd: usd,
  toppedUpAt: instant,
  toppedUpBy: v.pipe(text, v.description('Who called: the ARN of a role, or the subject of a token.')),
});

/** The chain has the transfer of a payment that was signed. Sent of withdrawals of a network's own coin: of others nothing sends it yet. */
export const PaymentSettled = v.strictObject({
  ...payment,
  status: v.literal('SIGNED'),
  transaction: v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/), v.description('Hash of the transaction.')),
  settledAt: instant,
});

/** A spend policy was put, replaced or removed. It counts from the next payment on, a second later at most. */
export const PolicyChanged = v.strictObject({
  ...head,
  scope: v.picklist(['deployment', 'manager', 'user', 'agent', 'session']),
  paymentManagerId: v.pipe(orNone(text), v.description('Null where it is the policy of the deployment.')),
  userId: v.optional(text),
  agentName: v.optional(v.pipe(text, v.description('As its calls state it.'))),
  paymentSessionId: v.optional(text),
  revision: v.pipe(v.number(), v.description('Counts the changes of this policy.')),
  oldHash: v.pipe(orNone(text), v.description('Null where there was none.')),
  newHash: v.pipe(orNone(text), v.description('Null where it was removed.')),
  changedAt: instant,
  changedBy: v.pipe(text, v.description('Who called: the ARN of a role, or the client of a token.')),
});

const freeze = {
  ...head,
  scope: v.picklist(['deployment', 'manager', 'user', 'agent', 'session', 'instrument', 'payee', 'asset']),
  paymentManagerId: v.pipe(orNone(text), v.description('Null where it is the deployment.')),
  userId: v.optional(text),
  agentName: v.optional(v.pipe(text, v.description('As its calls state it.'))),
  paymentSessionId: v.optional(text),
  paymentInstrumentId: v.optional(text),
  payTo: v.optional(text),
  network: v.optional(v.pipe(text, v.description('CAIP-2, of an asset.'))),
  asset: v.optional(v.pipe(text, v.description('The token contract.'))),
  frozenAt: instant,
  changedBy: v.pipe(text, v.description('Who called: the ARN of a role.')),
};

/** Nothing new is reserved or signed there. Frozen again, it is told again, with the later instant. */
export const FreezeStarted = v.strictObject(freeze);

/** Payments go on there, unless something else that they fall under is frozen. */
export const FreezeEnded = v.strictObject({ ...freeze, endedAt: instant });

const transaction = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/), v.description('Hash of the transaction.'));
const assetAmount = v.pipe(v.string(), v.regex(/^[0-9]{1,78}$/), v.description('Base units of the token.'));

/** Of a wallet on one network, which lets Permit2 take of its tokens. */
const allowance = {
  ...head,
  paymentManagerId: text,
  userId: text,
  paymentInstrumentId: text,
  network,
  walletAddress: address,
  asset: v.pipe(address, v.description('The token contract.')),
};

/** An approval is asked for, by the owner's backend or by a payment within a session that allows it. It costs the wallet gas. */
export const AllowanceRequested = v.strictObject({
  ...allowance,
  paymentSessionId: v.pipe(orNone(text), v.description('Of the payment; null where the backend asked.')),
  assetAmountMax: v.pipe(orNone(assetAmount), v.description('Null: as much as open sessions may still need.')),
  requestedAt: instant,
});

/** The chain was given the transaction; told again for each copy with a higher fee, of which the chain takes one. */
export const AllowanceSent = v.strictObject({ ...allowance, assetAmount, transaction, sentAt: instant });

/** The transaction is in a block: Permit2 may take so much. */
export const AllowanceMined = v.strictObject({ ...allowance, assetAmount, transaction, minedAt: instant });

/** The chain showed enough already, and nothing was sent. */
export const AllowanceSufficient = v.strictObject({ ...allowance, assetAmount, seenAt: instant });

/** Nothing was approved. With GAS, GAS_BUDGET, NONCE and FEE it is tried again by itself. */
export const AllowanceFailed = v.strictObject({
  ...allowance,
  reason: v.pipe(
    v.picklist(['GAS', 'GAS_BUDGET', 'NONCE', 'FEE', 'REVERTED', 'NOT_NEEDED']),
    v.description(
      'GAS: the wallet lacks the coin. GAS_BUDGET: the budget of the day is used up. NONCE: another transaction of the wallet is under way. FEE: the chain takes no fee that is allowed. REVERTED: the token refused. NOT_NEEDED: open sessions need nothing of it.',
    ),
  ),
  transaction: v.pipe(orNone(transaction), v.description('The one that was reverted.')),
  failedAt: instant,
});

/** By detail type. */
export const EVENT_SCHEMAS = {
  'payment.signed': PaymentSigned,
  'payment.denied': PaymentDenied,
  'payment.settled': PaymentSettled,
  'session.exhausted': SessionExhausted,
  'session.expired': SessionExpired,
  'session.topped_up': SessionToppedUp,
  'policy.changed': PolicyChanged,
  'freeze.started': FreezeStarted,
  'freeze.ended': FreezeEnded,
  'allowance.requested': AllowanceRequested,
  'allowance.sent': AllowanceSent,
  'allowance.mined': AllowanceMined,
  'allowance.sufficient': AllowanceSufficient,
  'allowance.failed': AllowanceFailed,
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
export type DetailOf<T extends EventType> = v.InferOutput<(typeof EVENT_SCHEMAS)[T]>;
