import type { AttributeValue, Item } from './client.ts';

/** An item as JSON has it: the same, but that bytes are base64. */
export type JsonItem = Readonly<Record<string, object>>;

export function encodeItem(item: Readonly<Item>): JsonItem {
  let encoded: Record<string, object> | null = null;
  for (const name of Object.keys(item)) {
    const value = item[name]!;
    const written = encodeValue(value);
    if (written === value) continue;
    encoded ??= { ...item };
    encoded[name] = written;
  }
  return encoded ?? item;
}

/** The very value where it holds no bytes, so that most are not copied. */
function encodeValue(value: AttributeValue): object {
  if (value.B !== undefined) return { B: toBase64(value.B) };
  if (value.M !== undefined) return { M: encodeItem(value.M) };
  if (value.L !== undefined) return { L: value.L.map(encodeValue) };
  if (value.BS !== undefined) return { BS: value.BS.map(toBase64) };
  return value;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Makes an item of what DynamoDB's JSON held, in place. What is not shaped like an item is left for its reader to refuse. */
export function decodeItem(json: unknown): Item {
  const item = json as Record<string, AttributeValue>;
  for (const name of Object.keys(item)) decodeValue(item[name]!);
  return item;
}

function decodeValue(value: AttributeValue): void {
  const json = value as { B?: unknown; M?: unknown; L?: unknown; BS?: unknown };
  if (typeof json.B === 'string') json.B = fromBase64(json.B);
  else if (json.M !== undefined) decodeItem(json.M);
  else if (Array.isArray(json.L)) for (const each of json.L) decodeValue(each as AttributeValue);
  else if (Array.isArray(json.BS)) json.BS = json.BS.map((each) => fromBase64(String(each)));
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
