import { InvariantViolated } from '../../../domain/invariant.ts';
import type { Gate } from '../../../domain/payment/gate.ts';
import { SCHEMA_VERSION, assertReadable, number, readInstant, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

export const GATE_KEY = 'GATE';

export function parseGateItem(item: Item): Gate {
  assertReadable(item);
  return {
    deploymentId: readText(item, 'id'),
    floor: item['fl'] === undefined ? null : readInstant(item, 'fl'),
    frozenAt: item['fz'] === undefined ? null : readInstant(item, 'fz'),
  };
}

export function toGateItem({ deploymentId, floor, frozenAt }: Gate): Item {
  return {
    pk: text(GATE_KEY),
    v: number(SCHEMA_VERSION),
    id: text(deploymentId),
    ...(floor === null ? {} : { fl: number(floor) }),
    ...(frozenAt === null ? {} : { fz: number(frozenAt) }),
  };
}

/**
 * Reads the gate, strongly consistent. Books that have none are new: it is made then, open, under the name that is given.
 * @param drawId 32 hexadecimal digits that nobody has drawn before
 */
export async function readGate(table: StoreTable, drawId: () => string): Promise<Gate> {
  const Key = { pk: text(GATE_KEY) };
  const stored = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
  if (stored !== null) return parseGateItem(stored);
  const item = toGateItem({ deploymentId: drawId(), floor: null, frozenAt: null });
  const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
  if (outcome.item === null) throw new InvariantViolated('the gate vanished from the books');
  return parseGateItem(outcome.item);
}
