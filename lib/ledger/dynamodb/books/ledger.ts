import { InvariantViolated } from '../../../domain/invariant.ts';
import { CHARGES_MAX, TRUE_UPS_MAX } from '../../../domain/limits.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import type { DecideOutcome, Ledger, Reservation, Verdict } from '../../../domain/ports/books.ts';
import type { SchemeOf } from '../../../domain/ports/schemes.ts';
import { shortCharges, toHeldCharge, type HeldCharge } from '../../../domain/payment/charge.ts';
import { sameSignatures, type Payment } from '../../../domain/payment/payment.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { assertSessionBalances, type Session } from '../../../domain/payment/session.ts';
import { number, text } from '../store/attributes.ts';
import type { Item, StoreClient, UpdateItemInput, WriteAnswer } from '../store/client.ts';
import { putIf } from '../store/conditional-write.ts';
import { repeatConflicts } from '../store/write-conflicts.ts';
import { formatEntry, parseSessionItem, SESSION_LETTERS } from './session-items.ts';
import { chargeClauses, formatHeld, releaseClauses } from './session-counters.ts';
import { returnAttribute } from './true-ups.ts';
import { readGate } from './gate-item.ts';
import { paymentPk, sessionPk, sweepShard } from './keys.ts';
import {
  formatBudget,
  formatStatus,
  parsePaymentItem,
  toPaymentItem,
  toSignatureList,
  toTermsMap,
  toTextList,
} from './payment-items.ts';
import { toDenialMap } from './denial-items.ts';

export interface LedgerStore {
  readonly tableName: string;
  /** For reads and for writes that recognise their own repetition. */
  readonly client: StoreClient;
  /** For `reserve` alone: must not retry (`maxAttempts: 1`). */
  readonly singleSendClient: StoreClient;
  readonly schemeOf: SchemeOf;
  /** 32 hexadecimal digits that name new books. */
  readonly drawDeploymentId: () => string;
}

/** The books on DynamoDB. Each method is one request; the expressions are those of docs/architecture.md. */
export function createLedger(store: LedgerStore): Ledger {
  return {
    readSession: async (key) => {
      const item = await readItem(store, sessionPk(key));
      return item === null ? null : readBalanced(item);
    },
    readGate: () => readGate(store, store.drawDeploymentId),
    readPayment: async (id) => {
      const item = await readItem(store, paymentPk(id));
      return item === null ? null : parsePaymentItem(item, store.schemeOf);
    },
    putIntent: (payment) => putIntent(store, payment),
    reserve: (request) => reserve(store, request),
    takeOver: (from) => takeOver(store, from),
    decide: (id, attempt, verdict) => decide(store, id, attempt, verdict),
    supersede: (id, attempt, at) => supersede(store, id, attempt, at),
    settle: (request) => settle(store, request),
    release: (request) => release(store, request),
  };
}

/** A session whose counters agree: nobody pays from books that do not balance, and no sweep moves money in them. */
export function readBalanced(item: Item): Session {
  const session = parseSessionItem(item);
  assertSessionBalances(session);
  return session;
}

async function readItem({ client, tableName }: LedgerStore, pk: string): Promise<Item | null> {
  return client.getItem({ TableName: tableName, Key: { pk: text(pk) }, ConsistentRead: true });
}

/** One conditional update: what it wrote, or the item that the failed condition saw. */
function update(client: StoreClient, input: UpdateItemInput): Promise<WriteAnswer> {
  return client.updateItem({ ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...input });
}

/** Reads the payment that a failed condition saw. There always is one: payments are never deleted while in use. */
function paymentSeen({ schemeOf }: LedgerStore, item: Item | null, id: PaymentId): Payment {
  if (item === null) throw new InvariantViolated(`payment ${id} vanished from the books`);
  return parsePaymentItem(item, schemeOf);
}

async function putIntent(store: LedgerStore, payment: Payment): ReturnType<Ledger['putIntent']> {
  const outcome = await putIf(store, toPaymentItem(payment, store.schemeOf), {
    expression: 'attribute_not_exists(pk)',
  });
  if (outcome.kind === 'applied') return { kind: 'created' };
  const stored = paymentSeen(store, outcome.item, payment.id);
  // The client repeats a put whose reply was lost; the repetition then meets its own item.
  const own = stored.owner === payment.owner && stored.attempt === payment.attempt && stored.status === payment.status;
  return own ? { kind: 'created' } : { kind: 'exists', payment: stored };
}

async function reserve(
  { singleSendClient, tableName }: LedgerStore,
  request: Parameters<Ledger['reserve']>[0],
): ReturnType<Ledger['reserve']> {
  const { charges = [], prune = [] } = request;
  const counted = chargeClauses(charges, prune);
  const pruned = counted.remove === '' ? '' : ` REMOVE ${counted.remove.slice(2)}`;
  const held = { ...request, charges: charges.map(toHeldCharge) };
  const result = await update(singleSendClient, {
    TableName: tableName,
    Key: { pk: text(sessionPk(request.session)) },
    UpdateExpression: `SET av = av - :a, rs = rs + :a, n = n + :one, ua = :now, o.#e = :v${counted.set}${pruned}`,
    ConditionExpression: `st = :active AND ex > :now AND ca >= :floor AND n < :cap AND av >= :a AND attribute_not_exists(o.#e)${counted.condition}`,
    ExpressionAttributeNames: { '#e': request.entry, ...counted.names },
    ExpressionAttributeValues: {
      ...counted.values,
      ':a': number(request.amount),
      ':one': number(1),
      ':now': number(request.now),
      ':v': text(formatEntry(held)),
      ':active': text(SESSION_LETTERS.open),
      ':floor': number(request.floor ?? 0),
      ':cap': number(request.inFlightMax),
    },
  });
  const session = result.item === null ? null : parseSessionItem(result.item);
  // Its own entry in the way of the condition is success: this very reservation was applied before.
  if (session !== null && (result.kind === 'applied' || session.open.has(request.entry))) {
    return { kind: 'reserved', budget: session.budget };
  }
  return { kind: 'refused', session, short: session === null ? [] : shortCharges(session, charges) };
}

async function takeOver(store: LedgerStore, from: Parameters<Ledger['takeOver']>[0]): ReturnType<Ledger['takeOver']> {
  const result = await update(store.client, {
    TableName: store.tableName,
    Key: { pk: text(paymentPk(from.id)) },
    // The visit is a new one, which has not failed yet.
    UpdateExpression: `SET k = k + :one, ow = :owner, lu = :lease, st = :pending, t = :terms, sh = :shard, sv = :lease${approvalClause(from)} REMOVE sf`,
    ConditionExpression: `k = :k AND st IN (:pending, :aborted)${from.approval ? '' : ' AND attribute_not_exists(wa)'}`,
    ExpressionAttributeValues: {
      ':one': number(1),
      ':k': number(from.attempt),
      ':owner': text(from.owner),
      ':lease': number(from.leaseUntil),
      ':pending': text(formatStatus('PENDING')),
      ':aborted': text(formatStatus('ABORTED')),
      ':terms': toTermsMap(from.offer, from.terms, store.schemeOf),
      ':shard': text(sweepShard(from.id).toString()),
      ...approvalValue(from),
    },
  });
  const payment = paymentSeen(store, result.item, from.id);
  const own = payment.owner === from.owner && payment.attempt === from.attempt + 1;
  return result.kind === 'applied' || own ? { kind: 'taken', payment } : { kind: 'lost', payment };
}

interface Approving {
  readonly approval?: string | undefined;
}

const approvalClause = ({ approval }: Approving) => (approval ? ', wa = :wa' : '');
const approvalValue = ({ approval }: Approving) => approval && { ':wa': text(approval) };

/** The attributes that a verdict adds to a payment. */
function verdictUpdate(verdict: Verdict): Pick<UpdateItemInput, 'UpdateExpression' | 'ExpressionAttributeValues'> {
  const common = { ':st': text(formatStatus(verdict.status)), ':at': number(verdict.at) };
  switch (verdict.status) {
    case 'SIGNED': {
      const { policyRecord: kept } = verdict;
      return {
        UpdateExpression: `SET st = :st, da = :at, sg = :signatures, bg = :budget${kept === undefined ? '' : ', kp = :kept'}`,
        ExpressionAttributeValues: {
          ...common,
          ...(kept === undefined ? {} : { ':kept': toTextList(kept) }),
          ':signatures': toSignatureList(verdict.signatures),
          ':budget': text(formatBudget(verdict.budget)),
        },
      };
    }
    case 'DENIED':
      return {
        UpdateExpression: 'SET st = :st, da = :at, dn = :denial',
        ExpressionAttributeValues: { ...common, ':denial': toDenialMap(verdict.denial) },
      };
    case 'ABORTED':
      return {
        UpdateExpression: `SET st = :st, da = :at${approvalClause(verdict)}`,
        ExpressionAttributeValues: { ...common, ...approvalValue(verdict) },
      };
  }
}

async function decide(store: LedgerStore, id: PaymentId, attempt: number, verdict: Verdict): Promise<DecideOutcome> {
  const expressions = verdictUpdate(verdict);
  const result = await update(store.client, {
    TableName: store.tableName,
    Key: { pk: text(paymentPk(id)) },
    ConditionExpression: 'st = :pending AND k = :k',
    ...expressions,
    ExpressionAttributeValues: {
      ...expressions.ExpressionAttributeValues,
      ':pending': text(formatStatus('PENDING')),
      ':k': number(attempt),
    },
  });
  const payment = paymentSeen(store, result.item, id);
  if (result.kind === 'applied') return { kind: 'decided', payment };
  const same =
    payment.attempt === attempt &&
    payment.status === verdict.status &&
    (verdict.status !== 'SIGNED' || sameSignatures(payment.signatures, verdict.signatures));
  return same ? { kind: 'decided', payment } : { kind: 'lost', payment };
}

async function supersede(store: LedgerStore, id: PaymentId, attempt: number, at: EpochMs): Promise<DecideOutcome> {
  const result = await update(store.client, {
    TableName: store.tableName,
    Key: { pk: text(paymentPk(id)) },
    UpdateExpression: 'SET st = :denied, da = :at, dn = :denial',
    ConditionExpression: 'k = :k AND st IN (:pending, :aborted)',
    ExpressionAttributeValues: {
      ':k': number(attempt),
      ':pending': text(formatStatus('PENDING')),
      ':aborted': text(formatStatus('ABORTED')),
      ':denied': text(formatStatus('DENIED')),
      ':denial': toDenialMap({ reason: 'superseded' }),
      ':at': number(at),
    },
  });
  const payment = paymentSeen(store, result.item, id);
  const same = payment.attempt === attempt && payment.denial?.reason === 'superseded';
  return { kind: result.kind === 'applied' || same ? 'decided' : 'lost', payment };
}

/** Where too many wait already for what was taken of them, it is settled without: nothing of it comes back then. */
async function settle(store: LedgerStore, request: Parameters<Ledger['settle']>[0]): Promise<'done' | 'absent'> {
  if (request.mayReturn === true && (await closeEntry(store, request, 'sp', [], RETURNABLE)) === 'done') return 'done';
  return (await closeEntry(store, request, 'sp', [])) === 'done' ? 'done' : 'absent';
}

/** What a settle adds where a part may come back. */
const RETURNABLE = {
  set: ', w = if_not_exists(w, :none) + :one, #w = :a',
  condition: ' AND (attribute_not_exists(w) OR w < :waiting)',
  values: { ':none': number(0), ':waiting': number(TRUE_UPS_MAX) },
} as const;

/** Gives back what an entry holds. Where a window of it has closed since, the other counters get theirs all the same. */
async function release(store: LedgerStore, request: ClosingRequest): Promise<'done' | 'absent'> {
  let charges = request.charges ?? [];
  for (let tries = 0; tries <= CHARGES_MAX; tries += 1) {
    const outcome = await closeEntry(store, request, 'av', charges);
    if (outcome === 'done' || outcome === 'absent') return outcome;
    const { windows } = outcome.seen;
    charges = charges.filter(({ kind, key }) => kind === 'session' || (windows.get(key)?.closesAt ?? 0) > request.now);
  }
  throw new InvariantViolated(`the entry ${request.entry} cannot be released`);
}

type ClosingRequest = Reservation & { readonly now: EpochMs };

/**
 * @param givenBack what goes back to the counters
 * @returns the session that was seen: nothing was written, since the entry is open and a window is not
 */
async function closeEntry(
  { client, tableName }: LedgerStore,
  request: ClosingRequest,
  target: 'sp' | 'av',
  givenBack: readonly HeldCharge[],
  returnable: typeof RETURNABLE | null = null,
): Promise<'done' | 'absent' | { readonly seen: Session }> {
  const counted = releaseClauses(givenBack);
  const held = `${formatHeld(request.amount, request.charges ?? [])}|`;
  const hasWindow = givenBack.some(({ kind }) => kind === 'window');
  const send = () =>
    update(client, {
      TableName: tableName,
      Key: { pk: text(sessionPk(request.session)) },
      UpdateExpression: `SET rs = rs - :a, ${target} = ${target} + :a, n = n - :one, ua = :now${counted.set}${returnable?.set ?? ''} REMOVE o.#e`,
      // Checks what it holds as well: an entry is only ever closed for that.
      ConditionExpression: `begins_with(o.#e, :held)${counted.condition}${returnable?.condition ?? ''}`,
      ExpressionAttributeNames: {
        '#e': request.entry,
        ...counted.names,
        ...(returnable === null ? {} : { '#w': returnAttribute(request.entry) }),
      },
      ExpressionAttributeValues: {
        ...counted.values,
        ...returnable?.values,
        ':a': number(request.amount),
        ':one': number(1),
        ':now': number(request.now),
        ':held': text(held),
      },
      ReturnValues: 'NONE',
      ReturnValuesOnConditionCheckFailure: hasWindow ? 'ALL_OLD' : 'NONE',
    });
  // What moves between sessions moves by transactions, which may have this item for a moment.
  const result = await repeatConflicts(send);
  if (result.kind === 'applied') return 'done';
  const isOpen = result.item?.['o']?.M?.[request.entry]?.S?.startsWith(held) === true;
  return hasWindow && isOpen ? { seen: parseSessionItem(result.item!) } : 'absent';
}
