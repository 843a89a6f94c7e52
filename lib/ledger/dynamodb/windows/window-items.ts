import { assertWindowBalances, type Granted, type Window, type WindowRef } from '../../../domain/payment/window.ts';
import { WINDOW_KEEP_SECONDS } from '../../../domain/limits.ts';
import { floorToSeconds, type EpochMs } from '../../../domain/time.ts';
import { assertReadable, number, readBigInt, readInstant, readInteger } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute.

export const WINDOW_PREFIX = 'WIN#';

export function windowPk({ managerId, key }: WindowRef): string {
  return `${WINDOW_PREFIX}${managerId}#${key}`;
}

/** When DynamoDB may remove the item. A window that has closed is read only by people who look into a denial. */
export function expiryOf(closesAt: EpochMs): AttributeValue {
  return number(floorToSeconds(closesAt) + WINDOW_KEEP_SECONDS);
}

export function toGrantedMap({ amount, number: grantNumber }: Granted): AttributeValue {
  return { M: { a: number(amount), n: number(grantNumber) } };
}

/** Throws where the window does not balance. */
export function parseWindowItem(item: Item, ref: WindowRef): Window {
  assertReadable(item);
  const grants = new Map<string, Granted>();
  for (const [sessionId, { M: map = {} }] of Object.entries(item['g']?.M ?? {})) {
    grants.set(sessionId, { amount: readBigInt(map, 'a'), number: readInteger(map, 'n') });
  }
  const window: Window = {
    ...ref,
    limit: readBigInt(item, 'lm'),
    available: readBigInt(item, 'av'),
    spent: readBigInt(item, 'sp'),
    version: readInteger(item, 've'),
    closesAt: readInstant(item, 'x'),
    grants,
  };
  assertWindowBalances(window);
  return window;
}
