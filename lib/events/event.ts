import type { WithdrawalOutcome } from '../domain/allowances/withdrawal-outcome.ts';
import { isWithdrawal } from '../domain/ids.ts';
import { formatUsd, toBaseUnits, toMicroUsd, type MicroUsd } from '../domain/money.ts';
import type { BudgetSnapshot } from '../domain/payment/payment.ts';
import type { Session, SessionKey } from '../domain/payment/session.ts';
import type { TopUp } from '../domain/payment/top-up.ts';
import { publicNames } from '../domain/payment/freeze.ts';
import type { PolicyChange } from '../domain/ports/policies.ts';
import { showDenial } from '../domain/payment/denial.ts';
import { formatInstant, type EpochMs } from '../domain/time.ts';
import { allowanceEvent } from './allowance-event.ts';
import { EVENT_VERSION } from './event-version.ts';
import type { DetailOf, EventType } from './schemas.ts';
import type { PaymentSummary } from '../ledger/dynamodb/books/payment-items.ts';
import type { FreezeChange } from '../ledger/dynamodb/books/gate-item.ts';
import type { StreamRecord } from '../ledger/dynamodb/store/stream-record.ts';
import { parseBooksChange } from '../ledger/dynamodb/books/stream-changes.ts';

/** One thing that happened, as it is sent to the event bus. */
export type BursarEvent = {
  [T in EventType]: {
    readonly type: T;
    /** When it happened, not when it was told. */
    readonly at: EpochMs;
    readonly detail: Readonly<DetailOf<T>>;
  };
}[EventType];

/**
 * What a change of an item means to listeners, or `null` where it means nothing to them. The same change always makes the
 * same event, with the same id, so that its repetition can be recognised. An event is built from named members and nothing
 * else: no signature, nonce, token or key can come into it by being stored one day.
 *
 * @throws Error for an item that this release can't read
 */
export function toEvent(record: StreamRecord): BursarEvent | null {
  const change = parseBooksChange(record);
  switch (change?.kind) {
    case undefined:
      return null;
    case 'payment_decided':
      return paymentEvent(change.payment);
    case 'session_exhausted':
      return exhausted(change.session);
    case 'session_expired':
      return expired(change.session);
    case 'session_topped_up':
      return toppedUp(change.topUp);
    case 'policy_changed':
      return policyEvent(change.change);
    case 'freeze_changed':
      return freezeEvent(change.change);
    case 'allowance_changed':
      return allowanceEvent(change.change);
    case 'withdrawal_settled':
      return settled(change.outcome);
  }
}

function paymentEvent(payment: PaymentSummary): BursarEvent {
  const at = payment.decidedAt;
  if (at === null) throw new Error(`payment ${payment.id} is decided and does not say when`);
  const decided = { createdAt: formatInstant(payment.createdAt), decidedAt: formatInstant(at) };
  if (payment.status === 'SIGNED') {
    const budget = payment.budget === null || isWithdrawal(payment) ? null : budgetDetail(payment.budget);
    const detail = { ...paymentDetail(payment, 'signed'), status: 'SIGNED' as const, ...decided, budget };
    return { type: 'payment.signed', at, detail };
  }
  if (payment.denial === null) throw new Error(`payment ${payment.id} is denied and does not say why`);
  const denial = showDenial(payment.denial);
  const detail = { ...paymentDetail(payment, 'denied'), status: 'DENIED' as const, ...decided, denial };
  return { type: 'payment.denied', at, detail };
}

/** Of the coin of a network, whose transaction Bursar sends itself: of other payments nobody tells it. */
function settled(outcome: WithdrawalOutcome): BursarEvent {
  const { paymentId: id, transaction, at, ...named } = outcome;
  const payment = { ...named, id, amount: toMicroUsd(0n), offer: { ...named, amount: toBaseUnits(named.amount) } };
  const detail = { ...paymentDetail(payment, 'settled'), status: 'SIGNED' as const };
  return { type: 'payment.settled', at, detail: { ...detail, transaction, settledAt: formatInstant(at) } };
}

type ToldPayment = Pick<
  PaymentSummary,
  'id' | 'managerId' | 'sessionId' | 'userId' | 'instrumentId' | 'agentName' | 'amount'
> & { readonly offer: Pick<PaymentSummary['offer'], 'network' | 'asset' | 'amount' | 'payTo'> };

function paymentDetail(payment: ToldPayment, what: 'signed' | 'denied' | 'settled') {
  return {
    version: EVENT_VERSION,
    id: `${payment.id}/${what}`,
    processPaymentId: payment.id,
    paymentManagerId: payment.managerId,
    paymentSessionId: payment.sessionId,
    userId: payment.userId,
    paymentInstrumentId: payment.instrumentId,
    agentName: payment.agentName,
    purpose: isWithdrawal(payment) ? 'WITHDRAWAL' : 'PAYMENT',
    amountUsd: formatUsd(payment.amount),
    network: payment.offer.network,
    asset: payment.offer.asset,
    assetAmount: payment.offer.amount.toString(),
    payTo: payment.offer.payTo,
  } as const;
}

function exhausted(session: Session): BursarEvent | null {
  // That of a withdrawal is nobody's budget, and is always spent at once.
  if (session.limit === null || isWithdrawal(session)) return null;
  const detail = {
    // One that got more may be exhausted again.
    ...sessionDetail(session, `exhausted/${formatUsd(session.limit)}`),
    limitUsd: formatUsd(session.limit),
    spentUsd: formatUsd(session.budget.spent),
    ...lifeOf(session),
    exhaustedAt: formatInstant(session.updatedAt),
  };
  return { type: 'session.exhausted', at: session.updatedAt, detail };
}

function expired(session: Session): BursarEvent {
  const detail = {
    ...sessionDetail(session, 'expired'),
    limitUsd: usdOrNull(session.limit),
    budget: budgetDetail(session.budget),
    ...lifeOf(session),
  };
  return { type: 'session.expired', at: session.expiresAt, detail };
}

function toppedUp(topUp: TopUp): BursarEvent {
  const { from, to, at, by, topUpId } = topUp;
  const detail = {
    ...sessionDetail(topUp, `topped-up/${topUpId}`),
    amountUsd: formatUsd(toMicroUsd(to - from)),
    previousLimitUsd: formatUsd(from),
    limitUsd: formatUsd(to),
    toppedUpAt: formatInstant(at),
    toppedUpBy: by,
  };
  return { type: 'session.topped_up', at, detail };
}

function policyEvent({ owner, version, at, by, oldHash, newHash }: PolicyChange): BursarEvent {
  const names = {
    ...('userId' in owner ? { userId: owner.userId } : {}),
    ...('agentName' in owner ? { agentName: owner.agentName } : {}),
    ...('sessionId' in owner ? { paymentSessionId: owner.sessionId } : {}),
  };
  const managerId = 'managerId' in owner ? owner.managerId : null;
  const detail = {
    version: EVENT_VERSION,
    id: `policy/${[owner.scope, managerId ?? '', ...Object.values(names)].join('/')}/${version}/${at}`,
    scope: owner.scope,
    paymentManagerId: managerId,
    ...names,
    revision: version,
    oldHash,
    newHash,
    changedAt: formatInstant(at),
    changedBy: by,
  } as const;
  return { type: 'policy.changed', at, detail };
}

function freezeEvent({ revision, subject, frozen, since, at, by }: FreezeChange): BursarEvent {
  const isAsset = subject?.scope === 'asset';
  const names = isAsset ? { network: subject.network, asset: subject.asset } : subject && publicNames(subject);
  const detail = {
    version: EVENT_VERSION,
    id: `freeze/${revision}/${at}`,
    scope: subject?.scope ?? 'deployment',
    paymentManagerId: subject?.managerId ?? null,
    ...names,
    frozenAt: formatInstant(since),
    changedBy: by,
  } as const;
  if (frozen) return { type: 'freeze.started', at, detail };
  return { type: 'freeze.ended', at, detail: { ...detail, endedAt: formatInstant(at) } };
}

function sessionDetail({ managerId, sessionId, userId }: SessionKey & Pick<Session, 'userId'>, what: string) {
  return {
    version: EVENT_VERSION,
    id: `${managerId}/${sessionId}/${what}`,
    paymentManagerId: managerId,
    paymentSessionId: sessionId,
    userId,
  } as const;
}

function lifeOf({ createdAt, expiresAt }: Session) {
  return { createdAt: formatInstant(createdAt), expiresAt: formatInstant(expiresAt) };
}

function budgetDetail({ available, reserved, spent }: BudgetSnapshot) {
  return { availableUsd: usdOrNull(available), reservedUsd: formatUsd(reserved), spentUsd: formatUsd(spent) };
}

function usdOrNull(amount: MicroUsd | null): string | null {
  return amount === null ? null : formatUsd(amount);
}
