import { InvariantViolated } from '../../../domain/invariant.ts';
import type { Gate } from '../../../domain/payment/gate.ts';
import type { GateKeeper, GateReader } from '../../../domain/ports/books.ts';
import { SCHEMA_VERSION, assertReadable, number, readInstant, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

export const GATE_KEY = 'GATE';
const GATE_PLACE: Item = { pk: text(GATE_KEY) };

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
  const stored = await findGate(table);
  if (stored !== null) return stored;
  const item = toGateItem({ deploymentId: drawId(), floor: null, frozenAt: null });
  const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
  if (outcome.item === null) throw new InvariantViolated('the gate vanished from the books');
  return parseGateItem(outcome.item);
}

async function findGate({ client, tableName }: StoreTable): Promise<Gate | null> {
  const stored = await client.getItem({ TableName: tableName, Key: GATE_PLACE, ConsistentRead: true });
  return stored === null ? null : parseGateItem(stored);
}

export function createGateReader(table: StoreTable): GateReader {
  return { find: () => findGate(table) };
}

/** @param drawId 32 hexadecimal digits that nobody has drawn before, for books that are new */
export function createGateKeeper(table: StoreTable, drawId: () => string): GateKeeper {
  const change = async (expression: string, condition: string, values: Item): Promise<Gate> => {
    // Made where it is missing, so that new books can be frozen before their first payment.
    await readGate(table, drawId);
    const outcome = await table.client.updateItem({
      TableName: table.tableName,
      Key: GATE_PLACE,
      UpdateExpression: expression,
      ConditionExpression: condition,
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
    freeze: (now) =>
      change('SET fz = :now', 'attribute_exists(pk) AND (attribute_not_exists(fz) OR fz < :now)', {
        ':now': number(now),
      }),
    thaw: (since) => change('REMOVE fz', 'fz = :since', { ':since': number(since) }),
    raiseFloor: (to) =>
      change('SET fl = :to', 'attribute_exists(pk) AND (attribute_not_exists(fl) OR fl < :to)', { ':to': number(to) }),
  };
}
