import { InvariantViolated } from '../../../domain/invariant.ts';
import type { SessionKey } from '../../../domain/payment/session.ts';
import { neededOf, type Shift, type WindowChange, type WindowRef } from '../../../domain/payment/window.ts';
import type { WindowBooks } from '../../../domain/ports/windows.ts';
import { sessionPk } from '../books/keys.ts';
import { toGrantMap, windowAttribute } from '../books/session-counters.ts';
import { SESSION_LETTERS } from '../books/session-items.ts';
import { SCHEMA_VERSION, number, text } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';
import type { StoreTable } from '../store/conditional-write.ts';
import { transactIf, type TransactionPart } from '../store/transaction.ts';
import { expiryOf, parseWindowItem, toGrantedMap, windowPk } from './window-items.ts';

type Part = Extract<TransactionPart, { kind: 'expressed' }>;

/** Windows in the books table: what moves between a window and sessions is one transaction, off the usual payment's path. */
export function createWindowBooks(table: StoreTable): WindowBooks {
  const apply = async (parts: readonly Part[]): Promise<'changed' | 'stale'> => {
    const outcome = await transactIf(table, parts);
    return outcome.kind === 'applied' ? 'changed' : 'stale';
  };
  return {
    readWindow: async (ref) => {
      const Key = { pk: text(windowPk(ref)) };
      const item = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
      return item === null ? null : parseWindowItem(item, ref);
    },
    change: (ref, change) => apply([windowPart(ref, change), ...change.shifts.map((shift) => sessionPart(ref, change, shift))]),
    fold: async (session, key) => {
      const grant = session.windows.get(key);
      if (grant === undefined) return 'stale';
      const ref = { managerId: session.managerId, key };
      const values = { ':f': number(grant.free), ':u': number(grant.used), ':n': number(grant.number) };
      return apply([
        {
          kind: 'expressed',
          key: { pk: text(windowPk(ref)) },
          update: 'SET av = av + :f, sp = sp + :u, ve = ve + :one REMOVE g.#s',
          condition: 'g.#s.n = :n',
          names: { '#s': session.sessionId },
          values: { ...values, ':one': number(1) },
        },
        {
          kind: 'expressed',
          key: sessionKeyOf(session),
          update: 'REMOVE #w',
          condition: '#w.n = :n AND #w.f = :f AND #w.u = :u',
          names: { '#w': windowAttribute(key) },
          values,
        },
      ]);
    },
  };
}

function sessionKeyOf(key: SessionKey): Item {
  return { pk: text(sessionPk(key)) };
}

function windowPart(ref: WindowRef, change: WindowChange): Part {
  const key = { pk: text(windowPk(ref)) };
  return change.seenLimit === null ? newWindowPart(key, change) : changedWindowPart(key, change, change.seenLimit);
}

function newWindowPart(key: Item, { limit, closesAt, shifts }: WindowChange): Part {
  const [first, ...others] = shifts;
  if (first === undefined || others.length > 0) throw new InvariantViolated('a new window has granted nothing to others');
  return {
    kind: 'expressed',
    key,
    update: 'SET v = :v, lm = :lm, av = :av, sp = :zero, ve = :one, x = :x, xs = :xs, g = :g',
    condition: 'attribute_not_exists(pk)',
    names: {},
    values: {
      ':v': number(SCHEMA_VERSION),
      ':lm': number(limit),
      ':av': number(limit - first.by),
      ':zero': number(0),
      ':one': number(1),
      ':x': number(closesAt),
      ':xs': expiryOf(closesAt),
      ':g': { M: { [first.sessionId]: toGrantedMap({ amount: first.by, number: 1 }) } },
    },
  };
}

function changedWindowPart(key: Item, change: WindowChange, seenLimit: bigint): Part {
  const needed = neededOf(change);
  const sets = ['lm = :lm', 'av = av - :needed', 've = ve + :one'];
  const conditions = ['lm = :seen', ...(change.settles === null ? [] : ['av >= :needed'])];
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {
    ':lm': number(change.limit),
    ':seen': number(seenLimit),
    ':needed': number(needed),
    ':one': number(1),
  };
  for (const [at, { sessionId, seen, by }] of change.shifts.entries()) {
    names[`#s${at}`] = sessionId;
    if (seen === null) {
      sets.push(`g.#s${at} = :g${at}`);
      conditions.push(`attribute_not_exists(g.#s${at})`);
      values[`:g${at}`] = toGrantedMap({ amount: by, number: 1 });
      continue;
    }
    sets.push(`g.#s${at}.a = g.#s${at}.a + :by${at}`, `g.#s${at}.n = g.#s${at}.n + :one`);
    conditions.push(`g.#s${at}.n = :n${at}`);
    values[`:by${at}`] = number(by);
    values[`:n${at}`] = number(seen.number);
  }
  return { kind: 'expressed', key, update: `SET ${sets.join(', ')}`, condition: conditions.join(' AND '), names, values };
}

function sessionPart({ managerId, key }: WindowRef, change: WindowChange, { sessionId, seen, by }: Shift): Part {
  const part = { kind: 'expressed', key: sessionKeyOf({ managerId, sessionId }), names: { '#w': windowAttribute(key) } } as const;
  const open = text(SESSION_LETTERS.open);
  const { limit, closesAt, settles } = change;
  if (seen === null) {
    const grant = toGrantMap({ free: by, used: 0n, number: 1, limit, closesAt });
    const values = { ':grant': grant, ':open': open };
    return { ...part, update: 'SET #w = :grant', condition: 'attribute_not_exists(#w) AND st = :open', values };
  }
  const settled = settles === sessionId;
  return {
    ...part,
    update: `SET #w.f = #w.f + :by, #w.n = #w.n + :one${settled ? ', #w.m = :limit' : ''}`,
    condition: `#w.n = :n AND #w.f >= :least${by > 0n ? ' AND st = :open' : ''}`,
    values: {
      ':by': number(by),
      ':one': number(1),
      ':n': number(seen.number),
      // So that nothing falls below zero that was spent meanwhile.
      ':least': number(by < 0n ? -by : 0n),
      ...(settled ? { ':limit': number(limit) } : {}),
      ...(by > 0n ? { ':open': open } : {}),
    },
  };
}
