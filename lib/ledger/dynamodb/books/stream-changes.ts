import type { WithdrawalOutcome } from '../../../domain/allowances/withdrawal-outcome.ts';
import type { Session } from '../../../domain/payment/session.ts';
import type { TopUp } from '../../../domain/payment/top-up.ts';
import type { Item } from '../store/client.ts';
import { GATE_KEY, parseFreezeChange, revisionOf, type FreezeChange } from './gate-item.ts';
import { PAYMENT_PREFIX, SESSION_PREFIX } from './keys.ts';
import { formatStatus, parsePaymentSummary, type PaymentSummary } from './payment-items.ts';
import { parseSessionItem, SESSION_LETTERS } from './session-items.ts';
import { ALLOWANCE_PREFIX } from '../allowances/allowance-items.ts';
import { parseAllowanceChange, type AllowanceChange } from '../allowances/allowance-changes.ts';
import { OUTCOME_PREFIX, parseOutcomeItem } from '../allowances/withdrawal-outcomes.ts';
import { parseTopUpItem, TOP_UP_PREFIX } from '../top-ups/top-up-items.ts';
import { NOTICE_PREFIX, parseNoticeItem } from '../policies/policy-notices.ts';
import type { StreamImage, StreamRecord, StreamValue } from '../store/stream-record.ts';
import type { PolicyChange } from '../../../domain/ports/policies.ts';

/** What a change of an item means. Nothing that could be used to take money is in it: no terms and no signatures. */
export type BooksChange =
  | { readonly kind: 'payment_decided'; readonly payment: PaymentSummary }
  /** All of the session's limit is spent. */
  | { readonly kind: 'session_exhausted'; readonly session: Session }
  /** The session's time has come, and nobody deleted it before. */
  | { readonly kind: 'session_expired'; readonly session: Session }
  /** A session's limit was raised. */
  | { readonly kind: 'session_topped_up'; readonly topUp: TopUp }
  /** A spend policy was put, replaced or removed. */
  | { readonly kind: 'policy_changed'; readonly change: PolicyChange }
  /** Something was frozen or thawed. */
  | { readonly kind: 'freeze_changed'; readonly change: FreezeChange }
  /** An approval of a wallet's was asked for, sent or ended, or waits for something. */
  | { readonly kind: 'allowance_changed'; readonly change: AllowanceChange }
  /** A withdrawal of a network's own coin came to its chain. */
  | { readonly kind: 'withdrawal_settled'; readonly outcome: WithdrawalOutcome };

/**
 * Reads what a change tells, or `null` where it tells nothing. What is removed tells nothing, and of what is new only a record, and
 * a payment that is denied already. Throws for an item that this release can't read.
 */
export function parseBooksChange(record: StreamRecord): BooksChange | null {
  const { OldImage: before, NewImage: after } = record.dynamodb;
  if (after === undefined) return null;
  const pk = after['pk']?.S ?? '';
  if (pk.startsWith(ALLOWANCE_PREFIX)) {
    const change = parseAllowanceChange(record);
    return change && { kind: 'allowance_changed', change };
  }
  if (record.eventName === 'INSERT') return newItem(pk, after);
  if (record.eventName !== 'MODIFY' || before === undefined) return null;
  if (pk.startsWith(PAYMENT_PREFIX)) return paymentChange(before, after);
  if (pk.startsWith(SESSION_PREFIX)) return sessionChange(before, after);
  return pk === GATE_KEY ? gateChange(before, after) : null;
}

/** The floor moves without a change of this kind. */
function gateChange(before: StreamImage, after: StreamImage): BooksChange | null {
  const [old, now] = [toItem(before), toItem(after)];
  return revisionOf(now) > revisionOf(old) ? { kind: 'freeze_changed', change: parseFreezeChange(now) } : null;
}

const UNDECIDED = formatStatus('PENDING');
const DENIED = formatStatus('DENIED');
const DECIDED: ReadonlySet<string | undefined> = new Set([formatStatus('SIGNED'), DENIED]);

function paymentChange(before: StreamImage, after: StreamImage): BooksChange | null {
  if (before['st']?.S !== UNDECIDED || !DECIDED.has(after['st']?.S)) return null;
  return { kind: 'payment_decided', payment: parsePaymentSummary(toItem(after)) };
}

function newItem(pk: string, image: StreamImage): BooksChange | null {
  if (pk.startsWith(PAYMENT_PREFIX)) return newPayment(image);
  if (pk.startsWith(TOP_UP_PREFIX)) return { kind: 'session_topped_up', topUp: parseTopUpItem(toItem(image)).topUp };
  if (pk.startsWith(OUTCOME_PREFIX)) return withdrawalEnd(image);
  return pk.startsWith(NOTICE_PREFIX) ? { kind: 'policy_changed', change: parseNoticeItem(toItem(image)) } : null;
}

/** One that moved nothing settled nothing. */
function withdrawalEnd(image: StreamImage): BooksChange | null {
  const outcome = parseOutcomeItem(toItem(image));
  return outcome.succeeded ? { kind: 'withdrawal_settled', outcome } : null;
}

function newPayment(image: StreamImage): BooksChange | null {
  return image['st']?.S === DENIED ? { kind: 'payment_decided', payment: parsePaymentSummary(toItem(image)) } : null;
}

function sessionChange(before: StreamImage, after: StreamImage): BooksChange | null {
  // A deleted session has had its event at its deletion.
  if (after['st']?.S === SESSION_LETTERS.deleted) return null;
  if (isSpent(after) && !isSpent(before))
    return { kind: 'session_exhausted', session: parseSessionItem(toItem(after)) };
  if (before['st']?.S !== SESSION_LETTERS.open || after['st']?.S !== SESSION_LETTERS.ended) return null;
  return { kind: 'session_expired', session: parseSessionItem(toItem(after)) };
}

function isSpent(image: StreamImage): boolean {
  return image['av']?.N === '0' && image['rs']?.N === '0';
}

/** Terms and signatures stay behind, so that nothing that is made of a change ever holds them. */
const WITHHELD: ReadonlySet<string> = new Set(['sg', 't', 'of']);

function toItem(image: StreamImage): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(image)) {
    if (!WITHHELD.has(name)) item[name] = toAttribute(value);
  }
  return item;
}

function toAttribute(value: StreamValue): Item[string] {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.B !== undefined) return { B: Buffer.from(value.B, 'base64') };
  if (value.M !== undefined) {
    return { M: Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, toAttribute(inner)])) };
  }
  // Of lists no change tells anything. As NULL, the code that reads the attribute takes it for missing.
  return { NULL: true };
}
