import type { Item } from '../store/client.ts';

/** An attribute as a stream record writes it in JSON: bytes are base64. */
export interface StreamValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
  readonly M?: StreamImage;
  readonly [other: string]: unknown;
}
export type StreamImage = Readonly<Record<string, StreamValue>>;

/**
 * One change of an item, as Lambda hands it over.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
export interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly OldImage?: StreamImage;
    readonly NewImage?: StreamImage;
  };
}

/** The signature and the nonce are of no use to an event, so nothing that makes one ever holds them. */
const WITHHELD: ReadonlySet<string> = new Set(['sg', 'nc']);
/** Stands for the nonce, which every stored payment has. */
const NO_NONCE = new Uint8Array(32);

/** The item of an image as the parsers of `lib/ledger/dynamodb` read it, without what must not leave the books. */
export function toItem(image: StreamImage): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(image)) {
    if (!WITHHELD.has(name)) item[name] = toAttribute(value);
  }
  if (image['nc'] !== undefined) item['nc'] = { B: NO_NONCE };
  return item;
}

function toAttribute(value: StreamValue): Item[string] {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.B !== undefined) return { B: Buffer.from(value.B, 'base64') };
  if (value.M !== undefined) {
    return { M: Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, toAttribute(inner)])) };
  }
  // The books have no other kinds; whoever reads the attribute says that it is missing.
  return { NULL: true };
}
