import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';

/**
 * What the readers of a release take for one kind of item. Attributes that are not named here are ignored by them.
 *
 * A need is a type of DynamoDB, then after a colon what its value must be: of `S` and `N` a pattern (of `N` a whole number in
 * any case), of `B` the number of bytes, of `M` a pattern for its texts, of `MM` the members that each map in the map must have, of `LB` the number of bytes of each element. A map with
 * attributes of its own has their needs in place of a text. `J` is a text of JSON, with the members that its object
 * must have. `-` is an attribute that must not be there. A name that ends in `?` may be missing.
 */
export interface ReadableKind {
  readonly kind: string;
  readonly table: 'books' | 'registry';
  /** By what the readers tell the kind: attributes of text, with a pattern each. */
  readonly match: Readonly<Record<string, string>>;
  readonly needs: Needs;
}

/** Of attributes by name; of a map that has attributes of its own, their needs. */
interface Needs {
  readonly [attribute: string]: string | Needs;
}

const INTEGER = /^(?:0|[1-9][0-9]{0,37})$/;

/** The first kind that the item is of, for these readers; `null` for one that they do not know. */
export function kindOf(kinds: readonly ReadableKind[], table: ReadableKind['table'], item: Item): ReadableKind | null {
  const isOf = (kind: ReadableKind): boolean =>
    kind.table === table &&
    Object.entries(kind.match).every(([name, pattern]) => new RegExp(pattern, 's').test(item[name]?.S ?? '\0'));
  return kinds.find(isOf) ?? null;
}

/** What keeps these readers from reading the item, in words; nothing where they can. */
export function problemsOf({ needs }: Pick<ReadableKind, 'needs'>, item: Item): readonly string[] {
  return Object.entries(needs).flatMap(([key, need]) => {
    const name = key.replace(/\?$/, '');
    const value = item[name];
    if (need === '-') return value === undefined ? [] : [`${name} is there`];
    if (value === undefined) return key.endsWith('?') ? [] : [`${name} is missing`];
    if (typeof need !== 'string')
      return problemsOf({ needs: need }, value.M ?? {}).map((problem) => `${name}.${problem}`);
    return isAsNeeded(value, need) ? [] : [`${name} is not ${need}`];
  });
}

function isAsNeeded(value: AttributeValue, need: string): boolean {
  const [type = '', ...rest] = need.split(':');
  const what = rest.join(':');
  const pattern = new RegExp(what, 's');
  switch (type) {
    case 'S':
      return value.S !== undefined && pattern.test(value.S);
    case 'N':
      return value.N !== undefined && INTEGER.test(value.N) && pattern.test(value.N);
    case 'B':
      return value.B !== undefined && value.B.byteLength === Number(what);
    case 'M':
      return (
        value.M !== undefined && Object.values(value.M).every((text) => text.S !== undefined && pattern.test(text.S))
      );
    case 'MM':
      return (
        value.M !== undefined &&
        Object.values(value.M).every(({ M: inner }) => what.split(' ').every((name) => inner?.[name] !== undefined))
      );
    case 'LB':
      return value.L !== undefined && value.L.every(({ B }) => B?.byteLength === Number(what));
    case 'L':
      return value.L !== undefined && value.L.every((text) => text.S !== undefined);
    case 'J': {
      const members: unknown = JSON.parse(value.S ?? 'null');
      return typeof members === 'object' && members !== null && what.split(' ').every((name) => name in members);
    }
    default:
      throw new Error(`a contract of stored items has the unknown type ${type}`);
  }
}
