import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * The size of an item in bytes as DynamoDB bills it: names and values, with numbers at about one byte per two digits.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeOfItem(item: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value), 0);
}

function sizeOfValue(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
  if (value.B !== undefined) return value.B.byteLength;
  if (value.M !== undefined) {
    return (
      3 +
      Object.entries(value.M).reduce((sum, [name, inner]) => sum + 1 + Buffer.byteLength(name) + sizeOfValue(inner), 0)
    );
  }
  if (value.L !== undefined) return 3 + value.L.reduce((sum, inner) => sum + 1 + sizeOfValue(inner), 0);
  return 1;
}
