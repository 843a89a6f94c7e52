import { InvariantViolated } from '../../../domain/invariant.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import type { DecideOutcome, Ledger, Reservation, Verdict } from '../../../domain/ports/books.ts';
import type { SchemeOf } from '../../../domain/ports/schemes.ts';
import { sameSignatures, type Payment } from '../../../domain/payment/payment.ts';
import type { EpochMs } from '../../../domain/time.ts';
import { assertSessionBalances, type Session } from '../../../domain/payment/session.ts';
import { number, text } from '../store/attributes.ts';
import type { Item, StoreClient, UpdateItemInput, WriteAnswer } from '../store/client.ts';
import { putIf } from '../store/conditional-write.ts';
import { formatEntry, parseSessionItem, SESSION_LETTERS } from './session-items.ts';
import { readGate } from './gate-item.ts';
import { paymentPk, sessionPk, sweepShard } from './keys.ts';
import {
  formatBudget,
  formatStatus,
  parsePaymentItem,
  toPaymentItem,
  toSignatureList,
  toTermsMap,
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
    settle: (request) => closeEntry(store, request, 'sp'),
    release: (request) => closeEntry(store, request, 'av'),
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
  const result = await update(singleSendClient, {
    TableName: tableName,
    Key: { pk: text(sessionPk(request.session)) },
    UpdateExpression: 'SET av = av - :a, rs = rs + :a, n = n + :one, ua = :now, o.#e = :v',
    ConditionExpression:
      'st = :active AND ex > :now AND ca >= :floor AND n < :cap AND av >= :a AND attribute_not_exists(o.#e)',
    ExpressionAttributeNames: { '#e': request.entry },
    ExpressionAttributeValues: {
      ':a': number(request.amount),
      ':one': number(1),
      ':now': number(request.now),
      ':v': text(formatEntry(request)),
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
  return { kind: 'refused', session };
}

async function takeOver(store: LedgerStore, from: Parameters<Ledger['takeOver']>[0]): ReturnType<Ledger['takeOver']> {
  const result = await update(store.client, {
    TableName: store.tableName,
    Key: { pk: text(paymentPk(from.id)) },
    // The visit is a new one, which has not failed yet.
    UpdateExpression:
      'SET k = k + :one, ow = :owner, lu = :lease, st = :pending, t = :terms, sh = :shard, sv = :lease REMOVE sf',
    ConditionExpression: 'k = :k AND st IN (:pending, :aborted)',
    ExpressionAttributeValues: {
      ':one': number(1),
      ':k': number(from.attempt),
      ':owner': text(from.owner),
      ':lease': number(from.leaseUntil),
      ':pending': text(formatStatus('PENDING')),
      ':aborted': text(formatStatus('ABORTED')),
      ':terms': toTermsMap(from.offer, from.terms, store.schemeOf),
      ':shard': text(sweepShard(from.id).toString()),
    },
  });
  const payment = paymentSeen(store, result.item, from.id);
  const own = payment.owner === from.owner && payment.attempt === from.attempt + 1;
  return result.kind === 'applied' || own ? { kind: 'taken', payment } : { kind: 'lost', payment };
}

/** The attributes that a verdict adds to a payment. */
function verdictUpdate(verdict: Verdict): Pick<UpdateItemInput, 'UpdateExpression' | 'ExpressionAttributeValues'> {
  const common = { ':st': text(formatStatus(verdict.status)), ':at': number(verdict.at) };
  switch (verdict.status) {
    case 'SIGNED':
      return {
        UpdateExpression: 'SET st = :st, da = :at, sg = :signatures, bg = :budget',
        ExpressionAttributeValues: {
          ...common,
          ':signatures': toSignatureList(verdict.signatures),
          ':budget': text(formatBudget(verdict.budget)),
        },
      };
    case 'DENIED':
      return {
        UpdateExpression: 'SET st = :st, da = :at, dn = :denial',
        ExpressionAttributeValues: { ...common, ':denial': toDenialMap(verdict.denial) },
      };
    case 'ABORTED':
      return { UpdateExpression: 'SET st = :st, da = :at', ExpressionAttributeValues: common };
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

async function closeEntry(
  { client, tableName }: LedgerStore,
  request: Reservation & { readonly now: number },
  target: 'sp' | 'av',
): Promise<'done' | 'absent'> {
  const result = await update(client, {
    TableName: tableName,
    Key: { pk: text(sessionPk(request.session)) },
    UpdateExpression: `SET rs = rs - :a, ${target} = ${target} + :a, n = n - :one, ua = :now REMOVE o.#e`,
    // Checks the amount as well: an entry is only ever closed for what it holds.
    ConditionExpression: 'begins_with(o.#e, :held)',
    ExpressionAttributeNames: { '#e': request.entry },
    ExpressionAttributeValues: {
      ':a': number(request.amount),
      ':one': number(1),
      ':now': number(request.now),
      ':held': text(`${request.amount}|`),
    },
    ReturnValues: 'NONE',
    ReturnValuesOnConditionCheckFailure: 'NONE',
  });
  return result.kind === 'applied' ? 'done' : 'absent';
}
