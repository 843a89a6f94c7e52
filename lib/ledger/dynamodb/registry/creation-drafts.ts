import { randomBytes } from 'node:crypto';
import { InvariantViolated } from '../../../domain/invariant.ts';
import { CREATE_LEASE_MS } from '../../../domain/limits.ts';
import type { BeginOutcome } from '../../../domain/ports/registry.ts';
import { addMs, type EpochMs } from '../../../domain/time.ts';
import { assertReadable, number, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';
import { transactIf, type TransactionPart } from '../store/transaction.ts';

/** Attributes of a draft; completing or deleting the resource removes them. */
export const DRAFT_ATTRIBUTES = ['claimedUntil', 'claimMark'] as const;
const DRAFT_MARK_BYTES = 12;

export interface Creation<T> {
  /** The item as begun, with its status. */
  readonly draft: Item;
  readonly requestHash: string;
  readonly now: EpochMs;
  readonly parse: (item: Item) => T;
  /** The write that counts the new resource at what it belongs to; none where completing it does. */
  readonly place?: Extract<TransactionPart, { kind: 'update' }>;
}

/**
 * Begins a resource that takes more than one step to make, with its place at what it belongs to. A draft
 * that is not completed within `CREATE_LEASE_MS` may be taken over by the same request alone, and keeps its place; another
 * request under its id finds it `in_progress` with the first one's hash, for ever.
 */
export async function begin<T>(table: StoreTable, request: Creation<T>): Promise<BeginOutcome<T>> {
  // Tells this very call, which the SDK may repeat, from others with the same request at the same time.
  const mark = randomBytes(DRAFT_MARK_BYTES).toString('base64url');
  const item = {
    ...request.draft,
    requestHash: text(request.requestHash),
    claimedUntil: number(addMs(request.now, CREATE_LEASE_MS)),
    claimMark: text(mark),
  };
  const outcome = await transactIf(table, [
    { kind: 'put', item, condition: { expression: 'attribute_not_exists(pk)' } },
    ...(request.place === undefined ? [] : [request.place]),
  ]);
  if (outcome.kind === 'applied') return { kind: 'begun' };
  // A resource that exists keeps its answer, whatever became of what it belongs to.
  if (outcome.failed.has(0)) return takeOver(table, request, item, mark);
  const parent = outcome.failed.get(1);
  const ready = parent?.['status']?.S === 'READY';
  return { kind: 'no_place', why: ready ? 'full' : 'missing' };
}

async function takeOver<T>(
  table: StoreTable,
  { requestHash, now, parse, draft }: Creation<T>,
  item: Item,
  mark: string,
): Promise<BeginOutcome<T>> {
  const begun = readText(draft, 'status');
  const outcome = await putIf(table, item, {
    expression: '#status = :begun AND requestHash = :request AND claimedUntil <= :now',
    names: ['status'],
    values: { ':begun': text(begun), ':request': text(requestHash), ':now': number(now) },
  });
  if (outcome.kind === 'applied') return { kind: 'begun' };
  if (outcome.item === null) throw new InvariantViolated('a begun resource vanished from the registry');
  assertReadable(outcome.item);
  if (outcome.item['claimMark']?.S === mark) return { kind: 'begun' };
  const storedHash = readText(outcome.item, 'requestHash');
  return readText(outcome.item, 'status') === begun
    ? { kind: 'in_progress', requestHash: storedHash }
    : { kind: 'exists', resource: parse(outcome.item), requestHash: storedHash };
}

/** Whether an item holds what was to be written: then the write is the repetition of one whose reply was lost. */
export function isWritten(stored: Item | null, written: Item): boolean {
  return Object.entries(written).every(([name, value]) => JSON.stringify(stored?.[name]) === JSON.stringify(value));
}
