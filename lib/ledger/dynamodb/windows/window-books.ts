import { InvariantViolated } from '../../../domain/invariant.ts';
import type { SessionKey } from '../../../domain/payment/session.ts';
import { neededOf, type Taking, type WindowChange, type WindowRef } from '../../../domain/payment/window.ts';
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
    change: async (ref, change) => {
      // A session without a part has nothing to give back.
      if (change.seenNumber === null && change.by < 0n) return 'stale';
      return apply([
        windowPart(ref, change),
        askingPart(ref, change),
        ...change.takings.map((taking) => takenPart(ref, taking)),
      ]);
    },
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

function newWindowPart(key: Item, { limit, closesAt, sessionId, by, takings }: WindowChange): Part {
  if (takings.length > 0) throw new InvariantViolated('a new window has granted nothing to others');
  return {
    kind: 'expressed',
    key,
    update: 'SET v = :v, lm = :lm, av = :av, sp = :zero, ve = :one, x = :x, xs = :xs, g = :g',
    condition: 'attribute_not_exists(pk)',
    names: {},
    values: {
      ':v': number(SCHEMA_VERSION),
      ':lm': number(limit),
      ':av': number(limit - by),
      ':zero': number(0),
      ':one': number(1),
      ':x': number(closesAt),
      ':xs': expiryOf(closesAt),
      ':g': { M: { [sessionId]: toGrantedMap({ amount: by, number: 1 }) } },
    },
  };
}

function changedWindowPart(key: Item, change: WindowChange, seenLimit: bigint): Part {
  const { limit, sessionId, seenNumber, by, takings, settles } = change;
  const sets = ['lm = :lm', 'av = av - :needed', 've = ve + :one'];
  const conditions = ['lm = :seen', ...(settles ? ['av >= :needed'] : [])];
  const names: Record<string, string> = { '#s': sessionId };
  const values: Record<string, AttributeValue> = {
    ':lm': number(limit),
    ':seen': number(seenLimit),
    ':needed': number(neededOf(change)),
    ':one': number(1),
  };
  if (seenNumber === null) {
    sets.push('g.#s = :grant');
    conditions.push('attribute_not_exists(g.#s)');
    values[':grant'] = toGrantedMap({ amount: by, number: 1 });
  } else {
    sets.push('g.#s.a = g.#s.a + :by', 'g.#s.n = g.#s.n + :one');
    conditions.push('g.#s.n = :n');
    values[':by'] = number(by);
    values[':n'] = number(seenNumber);
  }
  for (const [at, taking] of takings.entries()) {
    names[`#s${at}`] = taking.sessionId;
    values[`:t${at}`] = number(taking.amount);
    sets.push(`g.#s${at}.a = g.#s${at}.a - :t${at}`);
    conditions.push(`attribute_exists(g.#s${at})`);
  }
  return {
    kind: 'expressed',
    key,
    update: `SET ${sets.join(', ')}`,
    condition: conditions.join(' AND '),
    names,
    values,
  };
}

/** The grant of the session that asks. */
function askingPart({ managerId, key }: WindowRef, change: WindowChange): Part {
  const { limit, closesAt, sessionId, seenNumber, by, settles } = change;
  const part = {
    kind: 'expressed',
    key: sessionKeyOf({ managerId, sessionId }),
    names: { '#w': windowAttribute(key) },
  } as const;
  const open = text(SESSION_LETTERS.open);
  if (seenNumber === null) {
    const grant = toGrantMap({ free: by, used: 0n, number: 1, limit, closesAt });
    const values = { ':grant': grant, ':open': open };
    return { ...part, update: 'SET #w = :grant', condition: 'attribute_not_exists(#w) AND st = :open', values };
  }
  return {
    ...part,
    update: `SET #w.f = #w.f + :by, #w.n = #w.n + :one${settles ? ', #w.m = :limit' : ''}`,
    condition: '#w.n = :n AND #w.f >= :least AND st = :open',
    values: {
      ':by': number(by),
      ':one': number(1),
      ':n': number(seenNumber),
      // So that nothing falls below zero that was spent meanwhile. What is given asks for nothing.
      ':least': number(-by),
      ':open': open,
      ...(settles ? { ':limit': number(limit) } : {}),
    },
  };
}

/** What is taken must be free still; whether its session is open does not matter. */
function takenPart({ managerId, key }: WindowRef, { sessionId, amount }: Taking): Part {
  return {
    kind: 'expressed',
    key: sessionKeyOf({ managerId, sessionId }),
    update: 'SET #w.f = #w.f - :amount',
    condition: '#w.f >= :amount',
    names: { '#w': windowAttribute(key) },
    values: { ':amount': number(amount) },
  };
}
