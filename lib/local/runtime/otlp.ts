/** A span as it was sent, for people and tests to read. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED';
  readonly traceId: string;
  readonly spanId: string;
  /** `null` for one that nothing called. */
  readonly parentId: string | null;
  /** Epoch, with fractions. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  readonly attributes: Readonly<Record<string, AttributeText>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly state: string }[];
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, AttributeText>>;
}

export type AttributeText = string | number | boolean | null;

/** A field's number and its value: a number, eight bytes, or a text, a message or plain bytes. */
type Field = readonly [number: number, value: bigint | Uint8Array];

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;
const NANOS_PER_MS = 1_000_000;
const WIRE = { varint: 0, eightBytes: 1, bytes: 2, fourBytes: 5 } as const;

/**
 * Reads OTLP's `ExportTraceServiceRequest` in protobuf. Written for what one sender sends: lists and maps in attributes are
 * `null`. Throws on bytes that are no such message.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export function parseSpans(request: Uint8Array): ReceivedSpan[] {
  return messagesOf(request, 1).flatMap((resourceSpans) => {
    const resource = messagesOf(resourceSpans, 1).flatMap((message) => attributesOf(message, 1));
    return messagesOf(resourceSpans, 2).flatMap((scopeSpans) =>
      messagesOf(scopeSpans, 2).map((span) => parseSpan(span, Object.fromEntries(resource))),
    );
  });
}

function parseSpan(span: Uint8Array, resource: ReceivedSpan['resource']): ReceivedSpan {
  const start = numberOf(span, 7);
  const parentId = hexOf(span, 4);
  const [status] = messagesOf(span, 15);
  return {
    name: textOf(span, 5),
    kind: KINDS[Number(numberOf(span, 6))] ?? 'UNSPECIFIED',
    traceId: hexOf(span, 1),
    spanId: hexOf(span, 2),
    parentId: parentId === '' ? null : parentId,
    startMs: Number(start) / NANOS_PER_MS,
    durationMs: Number(numberOf(span, 8) - start) / NANOS_PER_MS,
    status: STATUSES[status === undefined ? 0 : Number(numberOf(status, 3))] ?? 'UNSET',
    attributes: Object.fromEntries(attributesOf(span, 9)),
    links: messagesOf(span, 13).map((link) => ({
      traceId: hexOf(link, 1),
      spanId: hexOf(link, 2),
      state: textOf(link, 3),
    })),
    resource,
  };
}

function attributesOf(message: Uint8Array, number: number): [string, AttributeText][] {
  return messagesOf(message, number).map((pair) => [textOf(pair, 1), valueOf(messagesOf(pair, 2)[0])]);
}

function valueOf(value: Uint8Array | undefined): AttributeText {
  const [number, found] = value === undefined ? [] : (fieldsOf(value)[0] ?? []);
  if (found instanceof Uint8Array) {
    if (number === 1) return Buffer.from(found).toString('utf8');
    return null;
  }
  if (number === 2) return found === 1n;
  if (number === 3) return Number(BigInt.asIntN(64, found ?? 0n));
  if (number === 4) return toDouble(found ?? 0n);
  return null;
}

function toDouble(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return bytes.readDoubleLE();
}

function messagesOf(message: Uint8Array, number: number): Uint8Array[] {
  return fieldsOf(message).flatMap(([found, value]) =>
    found === number && value instanceof Uint8Array ? [value] : [],
  );
}

function numberOf(message: Uint8Array, number: number): bigint {
  const value = fieldsOf(message).find(([found]) => found === number)?.[1];
  return typeof value === 'bigint' ? value : 0n;
}

function textOf(message: Uint8Array, number: number): string {
  return Buffer.from(messagesOf(message, number)[0] ?? []).toString('utf8');
}

function hexOf(message: Uint8Array, number: number): string {
  return Buffer.from(messagesOf(message, number)[0] ?? []).toString('hex');
}

/** @see https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(bytes: Uint8Array): Field[] {
  const message = Buffer.from(bytes);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('a field beyond the end of its message');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = Number(varint());
    const number = key >> 3;
    switch (key & 7) {
      case WIRE.varint:
        fields.push([number, varint()]);
        break;
      case WIRE.eightBytes:
        fields.push([number, take(8).readBigUInt64LE()]);
        break;
      case WIRE.bytes:
        fields.push([number, take(Number(varint()))]);
        break;
      case WIRE.fourBytes:
        fields.push([number, BigInt(take(4).readUInt32LE())]);
        break;
      default:
        throw new RangeError(`a field of the unknown wire type ${key & 7}`);
    }
  }
  return fields;
}
