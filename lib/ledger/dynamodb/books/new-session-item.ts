import type { SessionPins } from '../../../domain/payment/pins.ts';
import type { Session } from '../../../domain/payment/session.ts';
import { NO_RETURNS } from '../../../domain/payment/true-up.ts';
import { SCHEMA_VERSION, number, text } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';
import { toCounterAttributes } from './session-counters.ts';
import { toReturnAttributes } from './true-ups.ts';
import { listSort, sessionListKey, sessionPk } from './keys.ts';
import { SESSION_LETTERS, UNLIMITED, formatEntry } from './session-items.ts';

// Apart from what reads sessions, which every payment does.

export function toSessionItem(session: Session, requestHash: string): Item {
  const open = Object.fromEntries([...session.open].map(([key, entry]) => [key, text(formatEntry(entry))]));
  return {
    pk: text(sessionPk(session)),
    v: number(SCHEMA_VERSION),
    u: text(session.userId),
    st: text(session.deleted ? SESSION_LETTERS.deleted : SESSION_LETTERS.open),
    ca: number(session.createdAt),
    ua: number(session.updatedAt),
    em: number(session.expiryMinutes),
    ex: number(session.expiresAt),
    ...(session.limit === null ? {} : { lm: number(session.limit) }),
    ...(session.firstLimit === undefined ? {} : { lo: number(session.firstLimit) }),
    ...(session.pins === undefined ? {} : { pn: toPinMap(session.pins) }),
    ...(session.approvals === undefined ? {} : { ap: number(1) }),
    ...(session.balanceCheck === undefined ? {} : { bc: number(1) }),
    av: number(session.budget.available ?? UNLIMITED - session.budget.reserved - session.budget.spent),
    rs: number(session.budget.reserved),
    sp: number(session.budget.spent),
    n: number(session.inFlight),
    o: { M: open },
    ...toCounterAttributes(session),
    ...toReturnAttributes(session.returns ?? NO_RETURNS),
    rh: text(requestHash),
    lk: text(sessionListKey(session.managerId, session.userId)),
    ls: text(listSort(session.createdAt, session.sessionId)),
  };
}

function toPinMap({ instrumentId, agentName, caller }: SessionPins): AttributeValue {
  return {
    M: {
      ...(instrumentId === undefined ? {} : { i: text(instrumentId) }),
      ...(agentName === undefined ? {} : { a: text(agentName) }),
      ...(caller === undefined ? {} : { c: text(caller) }),
    },
  };
}
