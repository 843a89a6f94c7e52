import { InvariantViolated } from '../../../domain/invariant.ts';
import type { StoredField } from '../../../domain/ports/wallets.ts';
import { number, readInteger, readText, text } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';

// Members of a wallet are attributes of the connector's or instrument's own item, under the names that the wallet gives them.

/** @param fields of the wallet whose value it is. Throws where a member is not of the kind that they say. */
export function packMembers(fields: object, value: object): Item {
  return Object.fromEntries(
    toEntries(fields).map(([member, field]) => {
      const given: unknown = Reflect.get(value, member);
      return 'text' in field ? [field.text, packText(member, given)] : [field.integer, packInteger(member, given)];
    }),
  );
}

/** Throws `InvariantViolated` for a member that the item does not have. */
export function unpackMembers(fields: object, item: Item): object {
  return Object.fromEntries(
    toEntries(fields).map(([member, field]) => [
      member,
      'text' in field ? readText(item, field.text) : readInteger(item, field.integer),
    ]),
  );
}

function toEntries(fields: object): readonly (readonly [member: string, field: StoredField])[] {
  return Object.entries(fields);
}

function packText(member: string, value: unknown): AttributeValue {
  if (typeof value !== 'string') throw new InvariantViolated(`member '${member}' of a wallet is no text`);
  return text(value);
}

function packInteger(member: string, value: unknown): AttributeValue {
  if (!Number.isSafeInteger(value)) throw new InvariantViolated(`member '${member}' of a wallet is no integer`);
  return number(value as number);
}
