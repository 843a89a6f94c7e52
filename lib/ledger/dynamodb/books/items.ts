import { createHash } from 'node:crypto';
import { InvariantViolated } from '../../../domain/invariant.ts';
import { toChecksumAddress } from '../../../chains/evm/address.ts';
import { EXPIRY_SHARDS, SWEEP_SHARDS } from '../../../domain/limits.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import { toBaseUnits, toMicroUsd, type MicroUsd } from '../../../domain/money.ts';
import type { NetworkId } from '../../../domain/assets.ts';
import {
  parseEntryKey,
  type BudgetSnapshot,
  type Denial,
  type EntryKey,
  type Offer,
  type Payment,
  type PaymentStatus,
} from '../../../domain/payment/payment.ts';
import type { OpenEntry, Session, SessionKey } from '../../../domain/payment/session.ts';
import { toEpochMs, toEpochSeconds, type EpochMs } from '../../../domain/time.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  bytes,
  number,
  readBigInt,
  readHex,
  readInteger,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute. Names are short because a write is billed on the whole item.

/** What `av` starts from where a session has no limit, so that one expression serves both kinds. */
export const UNLIMITED = 10n ** 30n;

/** Manager ids hold no `#`, so the key reads back unambiguously. */
export function sessionPk(key: SessionKey): string {
  return `SES#${key.managerId}#${key.sessionId}`;
}

/** The session that a partition key names. Does not check that it is one. */
export function parseSessionPk(pk: string): SessionKey {
  const [, managerId = '', sessionId = ''] = pk.split('#');
  return { managerId, sessionId };
}

export function paymentPk(id: PaymentId): string {
  return `PAY#${id}`;
}

/** Hash key of a user's list in the `by-user` index. */
export function sessionListKey(managerId: string, userId: string): string {
  return `SES#${managerId}#${userId}`;
}

export function paymentListKey(managerId: string, userId: string): string {
  return `PAY#${managerId}#${userId}`;
}

// Thirteen digits of milliseconds sort as text until the year 2286.
function listSort(createdAt: EpochMs, id: string): string {
  return `${createdAt.toString().padStart(13, '0')}#${id}`;
}

export function sweepShard(id: PaymentId): number {
  return shardOf(id, SWEEP_SHARDS);
}

/** Sessions share the payments' index, in shards of their own: the letter keeps them apart. */
export function expiryShardKey(shard: number): string {
  return `E${shard}`;
}

function shardOf(id: string, count: number): number {
  return createHash('sha256').update(id).digest().readUInt16BE(0) % count;
}

/** `amount|leaseUntil`: the amount first, so that a condition can check it with begins_with. */
export function formatEntry(entry: OpenEntry): string {
  return `${entry.amount}|${entry.leaseUntil}`;
}

function parseEntry(value: string): OpenEntry {
  const match = /^([0-9]{1,38})\|([0-9]{1,15})$/.exec(value);
  if (match === null) throw new InvariantViolated('an open entry of a session is not of the form amount|leaseUntil');
  return { amount: toMicroUsd(BigInt(match[1]!)), leaseUntil: toEpochMs(Number(match[2])) };
}

export function toSessionItem(session: Session, requestHash: string): Item {
  const open = Object.fromEntries([...session.open].map(([key, entry]) => [key, text(formatEntry(entry))]));
  return {
    pk: text(sessionPk(session)),
    v: number(SCHEMA_VERSION),
    u: text(session.userId),
    st: text(session.deleted ? 'D' : 'A'),
    ca: number(session.createdAt),
    ua: number(session.updatedAt),
    em: number(session.expiryMinutes),
    ex: number(session.expiresAt),
    ...(session.limit === null ? {} : { lm: number(session.limit) }),
    av: number(session.budget.available ?? UNLIMITED - session.budget.reserved - session.budget.spent),
    rs: number(session.budget.reserved),
    sp: number(session.budget.spent),
    n: number(session.inFlight),
    o: { M: open },
    rh: text(requestHash),
    lk: text(sessionListKey(session.managerId, session.userId)),
    ls: text(listSort(session.createdAt, session.sessionId)),
  };
}

/** Where a new session stands in the index of visits, until its expiry was told or it is deleted. */
export function toExpiryPlace({ sessionId, expiresAt }: Session): Item {
  return { sh: text(expiryShardKey(shardOf(sessionId, EXPIRY_SHARDS))), sv: number(expiresAt) };
}

export function parseSessionItem(item: Item): Session {
  assertReadable(item);
  const open = new Map<EntryKey, OpenEntry>();
  for (const [key, value] of Object.entries(item['o']?.M ?? {})) {
    parseEntryKey(key);
    open.set(key as EntryKey, parseEntry(value.S ?? ''));
  }
  const limit = item['lm'] === undefined ? null : toMicroUsd(readBigInt(item, 'lm'));
  return {
    ...parseSessionPk(readText(item, 'pk')),
    userId: readText(item, 'u'),
    deleted: readText(item, 'st') === 'D',
    createdAt: toEpochMs(readInteger(item, 'ca')),
    updatedAt: toEpochMs(readInteger(item, 'ua')),
    expiryMinutes: readInteger(item, 'em'),
    expiresAt: toEpochMs(readInteger(item, 'ex')),
    limit,
    budget: parseBudget(item, limit),
    inFlight: readInteger(item, 'n'),
    open,
  };
}

function parseBudget(item: Item, limit: MicroUsd | null): BudgetSnapshot {
  return {
    available: limit === null ? null : toMicroUsd(readBigInt(item, 'av')),
    reserved: toMicroUsd(readBigInt(item, 'rs')),
    spent: toMicroUsd(readBigInt(item, 'sp')),
  };
}

const STATUS_LETTERS = { PENDING: 'P', SIGNED: 'S', DENIED: 'D', ABORTED: 'A' } as const;
const STATUS_BY_LETTER: Readonly<Record<string, PaymentStatus>> = {
  P: 'PENDING',
  S: 'SIGNED',
  D: 'DENIED',
  A: 'ABORTED',
};

export function formatStatus(status: PaymentStatus): string {
  return STATUS_LETTERS[status];
}

export function formatBudget(budget: BudgetSnapshot): string {
  return `${budget.available ?? ''}|${budget.reserved}|${budget.spent}`;
}

function parseBudgetText(value: string): BudgetSnapshot {
  const [available = '', reserved = '', spent = ''] = value.split('|');
  return {
    available: available === '' ? null : toMicroUsd(BigInt(available)),
    reserved: toMicroUsd(BigInt(reserved)),
    spent: toMicroUsd(BigInt(spent)),
  };
}

export function formatDenial(denial: Denial): string {
  return `${denial.reason}|${denial.requested}|${denial.available}|${denial.reserved}`;
}

function parseDenialText(value: string): Denial {
  const [reason = '', requested = '', available = '', reserved = ''] = value.split('|');
  if (reason !== 'budget_exceeded') throw new InvariantViolated(`a stored denial has the unknown reason '${reason}'`);
  return {
    reason,
    requested: toMicroUsd(BigInt(requested)),
    available: toMicroUsd(BigInt(available)),
    reserved: toMicroUsd(BigInt(reserved)),
  };
}

/** A payment as it is written once, by the intent. Later writes change single attributes. */
export function toPaymentItem(payment: Payment): Item {
  const { offer, terms } = payment;
  return {
    pk: text(paymentPk(payment.id)),
    v: number(SCHEMA_VERSION),
    st: text(formatStatus(payment.status)),
    k: number(payment.attempt),
    ow: text(payment.owner),
    lu: number(payment.leaseUntil),
    rh: bytes(payment.requestHash),
    m: text(payment.managerId),
    u: text(payment.userId),
    s: text(payment.sessionId),
    i: text(payment.instrumentId),
    ...(payment.agentName === null ? {} : { ag: text(payment.agentName) }),
    am: number(payment.amount),
    pv: text(offer.version),
    nw: text(offer.network),
    ast: bytes(offer.asset),
    ba: number(offer.amount),
    pt: bytes(offer.payTo),
    mt: number(offer.maxTimeoutSeconds),
    fr: bytes(terms.from),
    nc: bytes(terms.nonce),
    va: number(terms.validAfter),
    vb: number(terms.validBefore),
    ca: number(payment.createdAt),
    ...(payment.decidedAt === null ? {} : { da: number(payment.decidedAt) }),
    ...(payment.signature === null ? {} : { sg: bytes(payment.signature) }),
    ...(payment.budget === null ? {} : { bg: text(formatBudget(payment.budget)) }),
    ...(payment.denial === null ? {} : { dn: text(formatDenial(payment.denial)) }),
    lk: text(paymentListKey(payment.managerId, payment.userId)),
    ls: text(listSort(payment.createdAt, payment.id)),
    sh: text(sweepShard(payment.id).toString()),
    sv: number(payment.leaseUntil),
  };
}

function parseOffer(item: Item): Offer {
  const version = readText(item, 'pv');
  if (version !== '1' && version !== '2')
    throw new InvariantViolated(`a stored payment has the unknown x402 version '${version}'`);
  return {
    protocol: 'x402',
    version,
    scheme: 'exact',
    network: readText(item, 'nw') as NetworkId,
    asset: toChecksumAddress(readHex(item, 'ast')),
    amount: toBaseUnits(readBigInt(item, 'ba')),
    payTo: toChecksumAddress(readHex(item, 'pt')),
    maxTimeoutSeconds: readInteger(item, 'mt'),
  };
}

export function parsePaymentItem(item: Item): Payment {
  assertReadable(item);
  const status = STATUS_BY_LETTER[readText(item, 'st')];
  if (status === undefined)
    throw new InvariantViolated(`a stored payment has the unknown status '${readText(item, 'st')}'`);
  return {
    id: readText(item, 'pk').slice('PAY#'.length) as PaymentId,
    managerId: readText(item, 'm'),
    userId: readText(item, 'u'),
    sessionId: readText(item, 's'),
    instrumentId: readText(item, 'i'),
    agentName: item['ag']?.S ?? null,
    requestHash: readHex(item, 'rh'),
    offer: parseOffer(item),
    amount: toMicroUsd(readBigInt(item, 'am')),
    terms: {
      from: toChecksumAddress(readHex(item, 'fr')),
      nonce: readHex(item, 'nc'),
      validAfter: toEpochSeconds(readInteger(item, 'va')),
      validBefore: toEpochSeconds(readInteger(item, 'vb')),
    },
    attempt: readInteger(item, 'k'),
    owner: readText(item, 'ow'),
    leaseUntil: toEpochMs(readInteger(item, 'lu')),
    status,
    createdAt: toEpochMs(readInteger(item, 'ca')),
    decidedAt: item['da'] === undefined ? null : toEpochMs(readInteger(item, 'da')),
    signature: item['sg'] === undefined ? null : readHex(item, 'sg'),
    denial: item['dn']?.S === undefined ? null : parseDenialText(item['dn'].S),
    budget: item['bg']?.S === undefined ? null : parseBudgetText(item['bg'].S),
  };
}
