import { InvariantViolated } from '../../../domain/invariant.ts';
import type { MicroUsd } from '../../../domain/money.ts';
import type { Charge, CounterKey, HeldCharge, SessionCounters, WindowGrant } from '../../../domain/payment/charge.ts';
import type { AttributeValue, Item } from '../store/client.ts';
import { number, readBigInt, readInstant, readInteger } from '../store/attributes.ts';

// A counter is an attribute of its own, and not a member of a map: a session that was made without a map takes it as well.

const COUNTER_MARK = '#';
const WINDOW_MARK = '@';

export function counterAttribute(key: CounterKey): string {
  return `${COUNTER_MARK}${key}`;
}

export function windowAttribute(key: CounterKey): string {
  return `${WINDOW_MARK}${key}`;
}

export function toGrantMap({ free, used, number: grantNumber, limit, closesAt }: WindowGrant): AttributeValue {
  return {
    M: { f: number(free), u: number(used), n: number(grantNumber), m: number(limit), x: number(closesAt) },
  };
}

function parseGrant(item: Item): WindowGrant {
  return {
    free: readBigInt(item, 'f'),
    used: readBigInt(item, 'u'),
    number: readInteger(item, 'n'),
    limit: readBigInt(item, 'm'),
    closesAt: readInstant(item, 'x'),
  };
}

export function toCounterAttributes({ counters, windows }: SessionCounters): Item {
  return Object.fromEntries([
    ...[...counters].map(([key, used]) => [counterAttribute(key), number(used)] as const),
    ...[...windows].map(([key, grant]) => [windowAttribute(key), toGrantMap(grant)] as const),
  ]);
}

export function parseCounters(item: Item): SessionCounters {
  const counters = new Map<CounterKey, bigint>();
  const windows = new Map<CounterKey, WindowGrant>();
  for (const name of Object.keys(item)) {
    if (name.startsWith(COUNTER_MARK)) counters.set(name.slice(1), readBigInt(item, name));
    if (name.startsWith(WINDOW_MARK)) windows.set(name.slice(1), parseGrant(item[name]?.M ?? {}));
  }
  return { counters, windows };
}

/**
 * What stands in an entry before its lease: `amount`, and where it took something of counters `amount;key,@key,key=1`. Windows
 * have an `@`, and a quantity is named where it is not the amount.
 */
export function formatHeld(amount: MicroUsd, charges: readonly HeldCharge[]): string {
  if (charges.length === 0) return amount.toString();
  const taken = charges.map(({ kind, key, quantity }) => {
    const name = kind === 'window' ? windowAttribute(key) : key;
    return quantity === amount ? name : `${name}=${quantity}`;
  });
  return `${amount};${taken.join(',')}`;
}

const TAKEN = /^(@?)([A-Za-z0-9_-]{1,64})(?:=([0-9]{1,38}))?$/;

export function parseHeldCharges(text: string | undefined, amount: MicroUsd): readonly HeldCharge[] {
  if (text === undefined) return [];
  return text.split(',').map((taken) => {
    const match = TAKEN.exec(taken);
    if (match === null) throw new InvariantViolated('an open entry of a session names what is no counter');
    const [, mark, key = '', quantity] = match;
    return {
      kind: mark === '' ? 'session' : 'window',
      key,
      quantity: quantity === undefined ? amount : BigInt(quantity),
    };
  });
}

/** Clauses that are added to an update of a session; all of them empty where nothing is counted. */
export interface CounterClauses {
  /** Each begins with a comma. */
  readonly set: string;
  readonly remove: string;
  /** Each begins with AND. */
  readonly condition: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

const NOTHING: CounterClauses = { set: '', remove: '', condition: '', names: {}, values: {} };

/** Adds what is charged to the session's counters, where each can still bear it. */
export function chargeClauses(charges: readonly Charge[], prune: readonly CounterKey[]): CounterClauses {
  const parts = charges.map((charge, at): CounterClauses => {
    const [name, asked, max] = [`#c${at}`, `:q${at}`, `:m${at}`];
    if (charge.kind === 'window') {
      return {
        ...NOTHING,
        set: `, ${name}.f = ${name}.f - ${asked}, ${name}.u = ${name}.u + ${asked}`,
        condition: ` AND ${name}.f >= ${asked} AND ${name}.m <= ${max}`,
        names: { [name]: windowAttribute(charge.key) },
        values: { [asked]: number(charge.quantity), [max]: number(charge.max) },
      };
    }
    const room = charge.max - charge.quantity;
    const holds = `${name} <= ${max}`;
    return {
      ...NOTHING,
      set: `, ${name} = if_not_exists(${name}, :zero) + ${asked}`,
      // What is more than the whole limit fits nowhere, not even in a counter that is not there yet.
      condition: room < 0n ? ` AND ${holds}` : ` AND (attribute_not_exists(${name}) OR ${holds})`,
      names: { [name]: counterAttribute(charge.key) },
      values: { [asked]: number(charge.quantity), [max]: number(room), ':zero': number(0) },
    };
  });
  const pruned = prune.map((key, at): CounterClauses => {
    return { ...NOTHING, remove: `, #p${at}`, names: { [`#p${at}`]: windowAttribute(key) } };
  });
  return joined([...parts, ...pruned]);
}

/** Gives back what an entry took, where the window that it took it from is still open. */
export function releaseClauses(charges: readonly HeldCharge[]): CounterClauses {
  const parts = charges.map(({ kind, key, quantity }, at): CounterClauses => {
    const [name, given] = [`#c${at}`, `:q${at}`];
    const values = { [given]: number(quantity) };
    if (kind === 'session') {
      const names = { [name]: counterAttribute(key) };
      return { ...NOTHING, set: `, ${name} = ${name} - ${given}`, names, values };
    }
    return {
      ...NOTHING,
      set: `, ${name}.f = ${name}.f + ${given}, ${name}.u = ${name}.u - ${given}`,
      condition: ` AND ${name}.x > :now`,
      names: { [name]: windowAttribute(key) },
      values,
    };
  });
  return joined(parts);
}

function joined(parts: readonly CounterClauses[]): CounterClauses {
  const remove = parts.map((part) => part.remove).join('');
  return {
    set: parts.map((part) => part.set).join(''),
    remove,
    condition: parts.map((part) => part.condition).join(''),
    names: Object.assign({}, ...parts.map((part) => part.names)) as Record<string, string>,
    values: Object.assign({}, ...parts.map((part) => part.values)) as Item,
  };
}
