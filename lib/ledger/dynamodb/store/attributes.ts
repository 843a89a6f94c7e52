import { InvariantViolated } from '../../../domain/invariant.ts';
import type { Hex } from '../../../domain/payment/payment.ts';
import { toEpochMs, type EpochMs } from '../../../domain/time.ts';
import type { AttributeValue, Item } from './client.ts';

/** Version of the items' shape; see docs/reference/storage-schema.md. */
export const SCHEMA_VERSION = 1;

export function text(value: string): AttributeValue {
  return { S: value };
}

export function number(value: bigint | number): AttributeValue {
  return { N: value.toString() };
}

export function bytes(hex: Hex): AttributeValue {
  return { B: Buffer.from(hex.slice(2), 'hex') };
}

function missing(item: Item, name: string, kind: string): never {
  throw new InvariantViolated(`stored item ${item['pk']?.S ?? '?'} has no ${kind} attribute '${name}'`);
}

export function readText(item: Item, name: string): string {
  return item[name]?.S ?? missing(item, name, 'string');
}

/** Reads an N as bigint; DynamoDB's numbers never pass through a float here. */
export function readBigInt(item: Item, name: string): bigint {
  const value = item[name]?.N;
  return value === undefined ? missing(item, name, 'number') : BigInt(value);
}

/** Reads an N that is an instant, a count or a version. */
export function readInteger(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? missing(item, name, 'number'));
  return Number.isSafeInteger(value) ? value : missing(item, name, 'integer');
}

export function toHex(value: Uint8Array): Hex {
  return `0x${Buffer.from(value).toString('hex')}`;
}

export function readHex(item: Item, name: string): Hex {
  const value = item[name]?.B;
  return value === undefined ? missing(item, name, 'binary') : toHex(value);
}

/** Throws on an item written by a later schema, since reading it could give a wrong answer. */
export function assertReadable(item: Item): void {
  const version = readInteger(item, 'v');
  if (version > SCHEMA_VERSION) {
    throw new InvariantViolated(
      `stored item ${readText(item, 'pk')} has schema version ${version}; this release reads up to ${SCHEMA_VERSION}`,
    );
  }
}

/** A text that is one of those that this release knows. */
export function readOneOf<const T extends string>(item: Item, name: string, expected: readonly T[]): T {
  const value = readText(item, name);
  const found = expected.find((each) => each === value);
  if (found === undefined)
    throw new InvariantViolated(`stored item ${readText(item, 'pk')} has the unknown ${name} '${value}'`);
  return found;
}

export function readInstant(item: Item, name: string): EpochMs {
  return toEpochMs(readInteger(item, name));
}

/** A map of texts. */
export function textMap(values: Readonly<Record<string, string>>): AttributeValue {
  return { M: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)])) };
}

/** A map of texts, or `null` where there is none. */
export function readTextMap(item: Item, name: string): Readonly<Record<string, string>> | null {
  const map = item[name]?.M;
  if (map === undefined) return null;
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, value.S ?? missing(item, name, 'text map')]),
  );
}
