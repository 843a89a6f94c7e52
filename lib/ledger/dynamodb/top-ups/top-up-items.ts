import { toMicroUsd } from '../../../domain/money.ts';
import type { SessionKey } from '../../../domain/payment/session.ts';
import type { KeptTopUp, TopUpKey } from '../../../domain/payment/top-up.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readBigInt,
  readInstant,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { listSort } from '../books/keys.ts';

// docs/reference/storage-schema.md lists every attribute.

export const TOP_UP_PREFIX = 'TOP#';

/** Neither ids of managers nor those of sessions hold a `#`. */
export function topUpPk({ managerId, sessionId, topUpId }: TopUpKey): string {
  return `${topUpListKey({ managerId, sessionId })}#${topUpId}`;
}

/** Hash key of a session's list in the `by-user` index. */
export function topUpListKey({ managerId, sessionId }: SessionKey): string {
  return `${TOP_UP_PREFIX}${managerId}#${sessionId}`;
}

export function toTopUpItem({ topUp, requestHash }: KeptTopUp): Item {
  return {
    pk: text(topUpPk(topUp)),
    v: number(SCHEMA_VERSION),
    u: text(topUp.userId),
    fr: number(topUp.from),
    to: number(topUp.to),
    at: number(topUp.at),
    by: text(topUp.by),
    rh: text(requestHash),
    lk: text(topUpListKey(topUp)),
    ls: text(listSort(topUp.at, topUp.topUpId)),
  };
}

export function parseTopUpItem(item: Item): KeptTopUp {
  assertReadable(item);
  const [, managerId = '', sessionId = '', topUpId = ''] = readText(item, 'pk').split('#');
  const topUp = {
    managerId,
    sessionId,
    topUpId,
    userId: readText(item, 'u'),
    from: toMicroUsd(readBigInt(item, 'fr')),
    to: toMicroUsd(readBigInt(item, 'to')),
    at: readInstant(item, 'at'),
    by: readText(item, 'by'),
  };
  return { topUp, requestHash: readText(item, 'rh') };
}
