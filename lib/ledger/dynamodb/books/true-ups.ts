import { InvariantViolated } from '../../../domain/invariant.ts';
import { toMicroUsd, type MicroUsd } from '../../../domain/money.ts';
import { parseEntryKey, type EntryKey } from '../../../domain/payment/payment.ts';
import type { Returns } from '../../../domain/payment/true-up.ts';
import type { TrueUps } from '../../../domain/ports/true-ups.ts';
import { number, readBigInt, text } from '../store/attributes.ts';
import type { Item, StoreClient } from '../store/client.ts';
import { repeatConflicts } from '../store/write-conflicts.ts';
import { sessionPk } from './keys.ts';

// What may come back is an attribute of its own for each entry, as a counter is: the right to give it back once.

const RETURN_MARK = '~';

export function returnAttribute(entry: EntryKey): string {
  return `${RETURN_MARK}${entry}`;
}

export function toReturnAttributes({ due, givenBack }: Returns): Item {
  if (due.size === 0 && givenBack === 0n) return {};
  return {
    ...Object.fromEntries([...due].map(([entry, counted]) => [returnAttribute(entry), number(counted)])),
    w: number(due.size),
    gb: number(givenBack),
  };
}

/** `null` where nothing was ever to come back. */
export function parseReturns(item: Item): Returns | null {
  if (item['w'] === undefined) return null;
  const due = new Map<EntryKey, MicroUsd>();
  for (const name of Object.keys(item)) {
    if (!name.startsWith(RETURN_MARK)) continue;
    const entry = name.slice(RETURN_MARK.length);
    parseEntryKey(entry);
    due.set(entry as EntryKey, toMicroUsd(readBigInt(item, name)));
  }
  return { due, givenBack: toMicroUsd(item['gb'] === undefined ? 0n : readBigInt(item, 'gb')) };
}

export function createTrueUps({
  client,
  tableName,
}: {
  readonly client: StoreClient;
  readonly tableName: string;
}): TrueUps {
  return {
    trueUp: async ({ session, entry, counted, back, now }) => {
      if (back > counted) throw new InvariantViolated(`${back} would come back of ${entry}, which counted ${counted}`);
      const result = await repeatConflicts(() =>
        client.updateItem({
          TableName: tableName,
          Key: { pk: text(sessionPk(session)) },
          UpdateExpression:
            'SET av = av + :back, sp = sp - :back, gb = if_not_exists(gb, :zero) + :back, w = w - :one, ua = :now REMOVE #w',
          // What gives the right to it goes with the same write: late, twice or by two at once it comes back once.
          ConditionExpression: '#w = :counted',
          ExpressionAttributeNames: { '#w': returnAttribute(entry) },
          ExpressionAttributeValues: {
            ':back': number(back),
            ':zero': number(0),
            ':one': number(1),
            ':now': number(now),
            ':counted': number(counted),
          },
          ReturnValues: 'NONE',
        }),
      );
      return result.kind === 'applied' ? 'done' : 'absent';
    },
  };
}
