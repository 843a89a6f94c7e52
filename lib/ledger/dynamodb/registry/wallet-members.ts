import { InvariantViolated } from '../../../domain/invariant.ts';
import type { StoredField } from '../../../domain/ports/wallets.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';

// Members of a wallet are attributes of the connector's or instrument's own item, under the names that the wallet gives them.

/** @param fields of the wallet whose value it is. Throws where a member is not of the kind that they say. */
export function packMembers(fields: object, value: object): Item {
  return Object.fromEntries(
    toEntries(fields).flatMap(([member, field]) => {
      const given: unknown = Reflect.get(value, member);
      return pack(member, field, given);
    }),
  );
}

/** Throws `InvariantViolated` for a member that the item does not have. */
export function unpackMembers(fields: object, item: Item): object {
  return Object.fromEntries(toEntries(fields).map(([member, field]) => [member, unpack(field, item)]));
}

function toEntries(fields: object): readonly (readonly [member: string, field: StoredField])[] {
  return Object.entries(fields);
}

function pack(member: string, field: StoredField, given: unknown): readonly (readonly [string, AttributeValue])[] {
  if ('text' in field) return [[field.text, packText(member, given)]];
  if ('integer' in field) return [[field.integer, packInteger(member, given)]];
  return given === null ? [] : [[field.optionalText, packText(member, given)]];
}

function unpack(field: StoredField, item: Item): string | number | null {
  if ('text' in field) return readText(item, field.text);
  if ('integer' in field) return readInteger(item, field.integer);
  return item[field.optionalText] === undefined ? null : readText(item, field.optionalText);
}

function packText(member: string, value: unknown): AttributeValue {
  if (typeof value !== 'string') throw new InvariantViolated(`member '${member}' of a wallet is no text`);
  return text(value);
}

function packInteger(member: string, value: unknown): AttributeValue {
  if (!Number.isSafeInteger(value)) throw new InvariantViolated(`member '${member}' of a wallet is no integer`);
  return number(value as number);
}
