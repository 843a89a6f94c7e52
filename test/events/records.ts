import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StreamImage, StreamRecord, StreamValue } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import type { Allowance } from '../../lib/domain/allowances/allowance.ts';
import { toAllowanceItem } from '../../lib/ledger/dynamodb/allowances/allowance-items.ts';
import type { WithdrawalOutcome } from '../../lib/domain/allowances/withdrawal-outcome.ts';
import { toOutcomeItem } from '../../lib/ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { SESSION_LETTERS, toExpiryPlace } from '../../lib/ledger/dynamodb/books/session-items.ts';
import { toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';

/** What must be in no event. */
export const SECRETS = { signature: `0x${'5ec2e7'.repeat(21)}5e1b` } as const;

let sequence = 100;

/** A change as the stream has it, in JSON. */
function change(before: StreamImage, after: StreamImage): StreamRecord {
  sequence += 1;
  return {
    eventName: 'MODIFY',
    dynamodb: { SequenceNumber: String(sequence), OldImage: before, NewImage: after },
  };
}

export function paymentChange(before: Payment, after: Payment): StreamRecord {
  return change(toImage(toPaymentItem(before, schemeOf)), toImage(toPaymentItem(after, schemeOf)));
}

/** A payment that was not there before. */
export function newPayment(payment: Payment): StreamRecord {
  const { eventName: _modified, dynamodb } = paymentChange(payment, payment);
  const { OldImage: _before, ...born } = dynamodb;
  return { eventName: 'INSERT', dynamodb: born };
}

/** A change of a wallet's approvals; `null`: it was not there before. */
export function allowanceChange(before: Allowance | null, after: Allowance): StreamRecord {
  const image = (allowance: Allowance) => toImage(toAllowanceItem(allowance));
  if (before !== null) return change(image(before), image(after));
  const { dynamodb } = change({}, image(after));
  const { OldImage: _none, ...born } = dynamodb;
  return { eventName: 'INSERT', dynamodb: born };
}

/** What became of a withdrawal of a coin, which was not there before. */
export function newOutcome(outcome: WithdrawalOutcome): StreamRecord {
  const { dynamodb } = change({}, toImage(toOutcomeItem(outcome)));
  const { OldImage: _none, ...born } = dynamodb;
  return { eventName: 'INSERT', dynamodb: born };
}

export function sessionChange(
  before: Session,
  after: Session,
  { ended = [] }: { readonly ended?: readonly ('before' | 'after')[] } = {},
): StreamRecord {
  const image = (session: Session, when: 'before' | 'after') =>
    toImage({
      ...toSessionItem(session, 'hash'),
      ...toExpiryPlace(session.sessionId, session.expiresAt),
      ...(ended.includes(when) && !session.deleted ? { st: { S: SESSION_LETTERS.ended } } : {}),
    });
  return change(image(before, 'before'), image(after, 'after'));
}

function toImage(item: Readonly<Record<string, AttributeValue>>): StreamImage {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toValue(value)]));
}

function toValue(value: AttributeValue): StreamValue {
  if (value.B !== undefined) return { B: Buffer.from(value.B).toString('base64') };
  if (value.M !== undefined) return { M: toImage(value.M) };
  if (value.L !== undefined) return { L: value.L.map(toValue) };
  return JSON.parse(JSON.stringify(value)) as StreamValue;
}
