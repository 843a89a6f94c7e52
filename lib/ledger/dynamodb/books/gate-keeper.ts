import { InvariantViolated } from '../../../domain/invariant.ts';
import { freezeKey } from '../../../domain/payment/freeze.ts';
import type { Gate } from '../../../domain/payment/gate.ts';
import type { Freezable, GateKeeper } from '../../../domain/ports/gate.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { number, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { findGate, FREEZE_LETTERS, FREEZE_PREFIX, GATE_PLACE, parseGateItem, readGate } from './gate-item.ts';

interface Change {
  readonly update: string;
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** @param drawId 32 hexadecimal digits that nobody has drawn before, for books that are new */
export function createGateKeeper(table: StoreTable, drawId: () => string): GateKeeper {
  const change = async ({ update, condition, names, values }: Change): Promise<Gate> => {
    // Made where it is missing, so that new books can be frozen before their first payment.
    await readGate(table, drawId);
    const outcome = await table.client.updateItem({
      TableName: table.tableName,
      Key: GATE_PLACE,
      UpdateExpression: update,
      ConditionExpression: condition,
      ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    // A condition that failed found the gate changed further, or so already.
    if (outcome.item === null) throw new InvariantViolated('the gate vanished from the books');
    return parseGateItem(outcome.item);
  };
  return {
    find: () => findGate(table),
    freeze: (what, { at, by }) => {
      const last = toLastChange({ what, is: 'frozen', since: at, at, by });
      return change({
        update: `SET #f = :at, ${TELL}`,
        condition: 'attribute_exists(pk) AND (attribute_not_exists(#f) OR #f < :at)',
        names: { '#f': attributeOf(what) },
        values: { ':at': number(at), ':last': last, ...COUNTED },
      });
    },
    thaw: (what, { since, at, by }) => {
      const last = toLastChange({ what, is: 'thawed', since, at, by });
      return change({
        update: `REMOVE #f SET ${TELL}`,
        condition: '#f = :since',
        names: { '#f': attributeOf(what) },
        values: { ':since': number(since), ':last': last, ...COUNTED },
      });
    },
    raiseFloor: (to) =>
      change({
        update: 'SET fl = :to',
        condition: 'attribute_exists(pk) AND (attribute_not_exists(fl) OR fl < :to)',
        values: { ':to': number(to) },
      }),
  };
}

/** What the stream tells of: the number of the change, and what it was. */
const TELL = 'lc = :last, rv = if_not_exists(rv, :none) + :one';
const COUNTED: Item = { ':none': number(0), ':one': number(1) };

function attributeOf(what: Freezable): string {
  return what === null ? 'fz' : FREEZE_PREFIX + freezeKey(what);
}

function toLastChange({
  what,
  is,
  since,
  at,
  by,
}: {
  readonly what: Freezable;
  readonly is: 'frozen' | 'thawed';
  readonly since: EpochMs;
  readonly at: EpochMs;
  readonly by: string;
}): Item[string] {
  return {
    M: {
      ...(what === null ? {} : { k: text(freezeKey(what)) }),
      st: text(FREEZE_LETTERS[is]),
      si: number(since),
      at: number(at),
      by: text(by),
    },
  };
}
