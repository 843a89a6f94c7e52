import { createHash } from 'node:crypto';
import { toMicroUsd, type MicroUsd } from '../../../domain/money.ts';
import { BREAKER_FORGET_MS, type Failures } from '../../../domain/policy/breaker.ts';
import type {
  FailuresRef,
  PinRef,
  PriceRef,
  ReportedOutcome,
  StoredPin,
  TallyRef,
} from '../../../domain/ports/memory.ts';
import { floorToSeconds, type EpochMs } from '../../../domain/time.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readBigInt,
  readInstant,
  readInteger,
  readText,
  text,
} from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute.

/** How long the last price of a resource is remembered. */
const PRICE_KEEP_SECONDS = 400 * 86_400;
/** How long the counter of a time that has closed is kept, to answer for its denials. */
const TALLY_KEEP_SECONDS = 86_400;

/** Patterns of the partition keys, for the policies of roles. */
export const MEMORY_KEYS = { pin: 'PIN#*', price: 'PRC#*', failures: 'FLR#*', tally: 'TLY#*' } as const;

/** What a user or a seller chose is hashed: it may be long, and hold anything. */
function hashed(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

export function pinKey({ managerId, userId, origin, network }: PinRef): Item {
  return { pk: text(`PIN#${managerId}#${hashed([userId, origin, network])}`), sk: text('PIN') };
}

export function priceKey({ managerId, userId, resource }: PriceRef): Item {
  return { pk: text(`PRC#${managerId}#${hashed([userId, resource])}`), sk: text('PRICE') };
}

export function failuresKey({ managerId, userId, origin }: FailuresRef): Item {
  return { pk: text(`FLR#${managerId}#${hashed([userId, origin])}`), sk: text('FAILURES') };
}

export function tallyKey({ managerId, key }: TallyRef): Item {
  return { pk: text(`TLY#${managerId}#${key}`), sk: text('TALLY') };
}

const version = number(SCHEMA_VERSION);
const expiry = (seconds: number): AttributeValue => number(seconds);

export function toPinItem(ref: PinRef, { payee, until }: StoredPin): Item {
  return {
    ...pinKey(ref),
    v: version,
    origin: text(ref.origin),
    network: text(ref.network),
    payee: text(payee),
    heldUntil: number(until),
    expiresAtSeconds: expiry(floorToSeconds(until) + 1),
  };
}

export function parsePinItem(item: Item): StoredPin {
  assertReadable(item);
  return { payee: readText(item, 'payee'), until: readInstant(item, 'heldUntil') };
}

export function toPriceItem(ref: PriceRef, price: MicroUsd, at: EpochMs): Item {
  return {
    ...priceKey(ref),
    v: version,
    price: number(price),
    paidAt: number(at),
    expiresAtSeconds: expiry(floorToSeconds(at) + PRICE_KEEP_SECONDS),
  };
}

export function parsePriceItem(item: Item): MicroUsd {
  assertReadable(item);
  return toMicroUsd(readBigInt(item, 'price'));
}

/** The attributes of a report, besides the number of failures. */
export function toReportAttributes({ origin }: FailuresRef, { paymentId, at }: ReportedOutcome): Item {
  return {
    v: version,
    origin: text(origin),
    paymentId: text(paymentId),
    reportedAt: number(at),
    expiresAtSeconds: expiry(floorToSeconds(at) + BREAKER_FORGET_MS / 1_000),
  };
}

export function parseFailuresItem(item: Item): Failures {
  assertReadable(item);
  return { inARow: readInteger(item, 'failures'), lastAt: readInstant(item, 'reportedAt') };
}

/** The attributes of a counter, besides what it holds. */
export function toTallyAttributes(closesAt: EpochMs): Item {
  return {
    v: version,
    closesAt: number(closesAt),
    expiresAtSeconds: expiry(floorToSeconds(closesAt) + TALLY_KEEP_SECONDS),
  };
}

export function parseTallyItem(item: Item): bigint {
  assertReadable(item);
  return readBigInt(item, 'counted');
}
