import { InvariantViolated } from '../../../domain/invariant.ts';
import { EXPIRY_SHARDS } from '../../../domain/limits.ts';
import { toMicroUsd, type MicroUsd } from '../../../domain/money.ts';
import { parseEntryKey, type BudgetSnapshot, type EntryKey } from '../../../domain/payment/payment.ts';
import type { SessionPins } from '../../../domain/payment/pins.ts';
import type { OpenEntry, Session } from '../../../domain/payment/session.ts';
import { toEpochMs, type EpochMs } from '../../../domain/time.ts';
import { assertReadable, number, readBigInt, readInteger, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { formatHeld, parseCounters, parseHeldCharges } from './session-counters.ts';
import { parseReturns } from './true-ups.ts';
import { expiryShardKey, parseSessionPk, shardOf } from './keys.ts';

// docs/reference/storage-schema.md lists every attribute. Names are short because a write is billed on the whole item.

/** What `av` starts from where a session has no limit, so that one expression serves both kinds. */
export const UNLIMITED = 10n ** 30n;

/**
 * What `st` of a session holds. An ended session is one whose expiry the sweeper has told: from then on no reserve gets in, not
 * even one that was sent in time and arrives late.
 */
export const SESSION_LETTERS = { open: 'A', ended: 'E', deleted: 'D' } as const;

/** `amount|leaseUntil`, or `amount;charges|leaseUntil`: what it holds first, so that a condition can check it with begins_with. */
export function formatEntry(entry: OpenEntry): string {
  return `${formatHeld(entry.amount, entry.charges)}|${entry.leaseUntil}`;
}

function parseEntry(value: string): OpenEntry {
  const match = /^([0-9]{1,38})(?:;([^|]{1,2000}))?\|([0-9]{1,15})$/.exec(value);
  if (match === null) throw new InvariantViolated('an open entry of a session is not of the form amount|leaseUntil');
  const amount = toMicroUsd(BigInt(match[1]!));
  return { amount, charges: parseHeldCharges(match[2], amount), leaseUntil: toEpochMs(Number(match[3])) };
}

function parsePins(map: Item): SessionPins {
  const { i, a, c } = map;
  return {
    ...(i === undefined ? {} : { instrumentId: readText(map, 'i') }),
    ...(a === undefined ? {} : { agentName: readText(map, 'a') }),
    ...(c === undefined ? {} : { caller: readText(map, 'c') }),
  };
}

/** Where a session stands in the index of visits: at its expiry, then at its audit, then nowhere. */
export function toExpiryPlace(sessionId: string, dueAt: EpochMs): Item {
  return { sh: text(expiryShardKey(shardOf(sessionId, EXPIRY_SHARDS))), sv: number(dueAt) };
}

export function parseSessionItem(item: Item): Session {
  assertReadable(item);
  const open = new Map<EntryKey, OpenEntry>();
  for (const [key, value] of Object.entries(item['o']?.M ?? {})) {
    parseEntryKey(key);
    open.set(key as EntryKey, parseEntry(value.S ?? ''));
  }
  const returns = parseReturns(item);
  const limit = item['lm'] === undefined ? null : toMicroUsd(readBigInt(item, 'lm'));
  return {
    ...parseSessionPk(readText(item, 'pk')),
    userId: readText(item, 'u'),
    deleted: readText(item, 'st') === SESSION_LETTERS.deleted,
    createdAt: toEpochMs(readInteger(item, 'ca')),
    updatedAt: toEpochMs(readInteger(item, 'ua')),
    expiryMinutes: readInteger(item, 'em'),
    expiresAt: toEpochMs(readInteger(item, 'ex')),
    limit,
    ...(item['lo'] === undefined ? {} : { firstLimit: toMicroUsd(readBigInt(item, 'lo')) }),
    ...(item['pn'] === undefined ? {} : { pins: parsePins(item['pn'].M ?? {}) }),
    ...(item['ap'] && { approvals: true }),
    ...(item['bc'] && { balanceCheck: true }),
    budget: parseBudget(item, limit),
    inFlight: readInteger(item, 'n'),
    open,
    ...parseCounters(item),
    ...(returns === null ? {} : { returns }),
  };
}

function parseBudget(item: Item, limit: MicroUsd | null): BudgetSnapshot {
  return {
    available: limit === null ? null : toMicroUsd(readBigInt(item, 'av')),
    reserved: toMicroUsd(readBigInt(item, 'rs')),
    spent: toMicroUsd(readBigInt(item, 'sp')),
  };
}
