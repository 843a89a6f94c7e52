import { InvariantViolated } from '../../domain/invariant.ts';
import { parsePaymentId, type PaymentId } from '../../domain/ids.ts';
import type { RepetitionGuard } from '../../domain/ports.ts';
import { SCHEMA_VERSION, number, readInstant, readText, text } from './attributes.ts';
import type { Item } from './client.ts';
import { putIf, type StoreTable } from './conditional-write.ts';

/** Terms and who has them, in the registry table; DynamoDB removes an item some time after its end. */
export function createRepetitionGuard(table: StoreTable): RepetitionGuard {
  return {
    take: async (termsKey, { paymentId, instead, now, until }) => {
      const item = {
        pk: text(`REP#${termsKey}`),
        sk: text('REP'),
        v: number(SCHEMA_VERSION),
        paymentId: text(paymentId),
        heldUntil: number(until),
        expiresAtSeconds: number(Math.ceil(until / 1_000)),
      };
      const outcome = await putIf(table, item, {
        expression: 'attribute_not_exists(pk) OR heldUntil <= :now OR paymentId IN (:payment, :instead)',
        values: { ':now': number(now), ':payment': text(paymentId), ':instead': text(instead ?? paymentId) },
      });
      if (outcome.kind === 'applied') return { paymentId, until };
      if (outcome.item === null) throw new InvariantViolated('the holder of terms vanished from the registry');
      return { paymentId: readPaymentId(outcome.item), until: readInstant(outcome.item, 'heldUntil') };
    },
  };
}

function readPaymentId(item: Item): PaymentId {
  const id = parsePaymentId(readText(item, 'paymentId'));
  if (id === null) throw new InvariantViolated(`stored item ${readText(item, 'pk')} names no payment`);
  return id;
}
