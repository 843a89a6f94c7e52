import { InvariantViolated } from '../../../domain/invariant.ts';
import { parsePaymentId, type PaymentId } from '../../../domain/ids.ts';
import type { RepetitionGuard } from '../../../domain/ports/books.ts';
import { SCHEMA_VERSION, number, readInstant, readInteger, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

/** Terms and who has them, in the registry table; DynamoDB removes an item some time after its end. */
export function createRepetitionGuard(table: StoreTable): RepetitionGuard {
  return {
    take: async (termsKey, { paymentId, attempt, until, now }, instead) => {
      const item = {
        pk: text(`REP#${termsKey}`),
        sk: text('REP'),
        v: number(SCHEMA_VERSION),
        paymentId: text(paymentId),
        attempt: number(attempt),
        heldUntil: number(until),
        expiresAtSeconds: number(Math.ceil(until / 1_000)),
      };
      const outcome = await putIf(table, item, {
        expression:
          'attribute_not_exists(pk) OR heldUntil <= :now OR paymentId = :payment OR (paymentId = :instead AND (attribute_not_exists(attempt) OR attempt = :seen))',
        values: {
          ':now': number(now),
          ':payment': text(paymentId),
          ':instead': text(instead?.paymentId ?? paymentId),
          ':seen': number(instead?.attempt ?? attempt),
        },
      });
      if (outcome.kind === 'applied') return { paymentId, attempt, until };
      if (outcome.item === null) throw new InvariantViolated('the holder of terms vanished from the registry');
      return {
        paymentId: readPaymentId(outcome.item),
        // Earlier releases did not write it.
        attempt: outcome.item['attempt'] === undefined ? 1 : readInteger(outcome.item, 'attempt'),
        until: readInstant(outcome.item, 'heldUntil'),
      };
    },
  };
}

function readPaymentId(item: Item): PaymentId {
  const id = parsePaymentId(readText(item, 'paymentId'));
  if (id === null) throw new InvariantViolated(`stored item ${readText(item, 'pk')} names no payment`);
  return id;
}
