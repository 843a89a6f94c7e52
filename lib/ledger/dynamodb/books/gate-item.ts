import { InvariantViolated } from '../../../domain/invariant.ts';
import { parseFreezeKey, type FreezeSubject } from '../../../domain/payment/freeze.ts';
import { OPEN_GATE, type Gate } from '../../../domain/payment/gate.ts';
import type { GateReader } from '../../../domain/ports/gate.ts';
import type { EpochMs } from '../../../domain/time.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readInstant,
  readInteger,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

export const GATE_KEY = 'GATE';
export const GATE_PLACE: Item = { pk: text(GATE_KEY) };

/** Before the key of what is frozen: each freeze is an attribute of its own, so that two are never written over each other. */
export const FREEZE_PREFIX = 'f#';

export function parseGateItem(item: Item): Gate {
  assertReadable(item);
  return {
    deploymentId: readText(item, 'id'),
    floor: item['fl'] === undefined ? null : readInstant(item, 'fl'),
    frozenAt: item['fz'] === undefined ? null : readInstant(item, 'fz'),
    freezes: readFreezes(item),
  };
}

function readFreezes(item: Item): ReadonlyMap<string, EpochMs> {
  const freezes = new Map<string, EpochMs>();
  for (const name of Object.keys(item)) {
    if (name.startsWith(FREEZE_PREFIX)) freezes.set(name.slice(FREEZE_PREFIX.length), readInstant(item, name));
  }
  return freezes;
}

export function toGateItem({ deploymentId, floor, frozenAt, freezes }: Gate): Item {
  return {
    pk: text(GATE_KEY),
    v: number(SCHEMA_VERSION),
    id: text(deploymentId),
    ...(floor === null ? {} : { fl: number(floor) }),
    ...(frozenAt === null ? {} : { fz: number(frozenAt) }),
    ...Object.fromEntries([...freezes].map(([key, since]) => [FREEZE_PREFIX + key, number(since)])),
  };
}

/** The last change of what is frozen, as the stream tells it. */
export interface FreezeChange {
  /** Counts the changes. */
  readonly revision: number;
  /** `null`: the whole deployment. */
  readonly subject: FreezeSubject | null;
  readonly frozen: boolean;
  /** When the freeze began. */
  readonly since: EpochMs;
  readonly at: EpochMs;
  readonly by: string;
}

/** How many changes an item has seen. */
export function revisionOf(item: Item): number {
  return item['rv'] === undefined ? 0 : readInteger(item, 'rv');
}

/** Throws for an item without a change, and for one of what this release cannot freeze. */
export function parseFreezeChange(item: Item): FreezeChange {
  assertReadable(item);
  const last = item['lc']?.M;
  if (last === undefined) throw new InvariantViolated('the gate does not say what was changed last');
  const subject = last['k'] === undefined ? null : parseFreezeKey(readText(last, 'k'));
  if (last['k'] !== undefined && subject === null) throw new InvariantViolated('the gate has a freeze of another kind');
  return {
    revision: revisionOf(item),
    subject,
    frozen: readText(last, 'st') === FREEZE_LETTERS.frozen,
    since: readInstant(last, 'si'),
    at: readInstant(last, 'at'),
    by: readText(last, 'by'),
  };
}

/** What the last change did. */
export const FREEZE_LETTERS = { frozen: 'F', thawed: 'T' } as const;

/**
 * Reads the gate, strongly consistent. Books that have none are new: it is made then, open, under the name that is given.
 * @param drawId 32 hexadecimal digits that nobody has drawn before
 */
export async function readGate(table: StoreTable, drawId: () => string): Promise<Gate> {
  const stored = await findGate(table);
  if (stored !== null) return stored;
  const item = toGateItem({ ...OPEN_GATE, deploymentId: drawId() });
  const outcome = await putIf(table, item, { expression: 'attribute_not_exists(pk)' });
  if (outcome.item === null) throw new InvariantViolated('the gate vanished from the books');
  return parseGateItem(outcome.item);
}

export async function findGate({ client, tableName }: StoreTable): Promise<Gate | null> {
  const stored = await client.getItem({ TableName: tableName, Key: GATE_PLACE, ConsistentRead: true });
  return stored === null ? null : parseGateItem(stored);
}

export function createGateReader(table: StoreTable): GateReader {
  return { find: () => findGate(table) };
}
