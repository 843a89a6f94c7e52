import * as agentCore from '@aws-sdk/client-bedrock-agentcore';
import { isRecord } from '../../lib/json/record.ts';

// The model that AWS publishes of its service, as its SDK for JavaScript carries it.

/** How the SDK writes a shape: a number for a simple one, else its kind, its name and what it is made of. */
type Schema = number | (() => Schema) | readonly unknown[] | undefined;

const [LIST, STRUCTURE, UNION, OPERATION] = [1, 3, 4, 9];

/** An operation of AWS's service, by its name. `null`: AWS has none of that name. */
export function findAwsOperation(name: string): { readonly input: Schema; readonly output: Schema } | null {
  const schema = (agentCore as unknown as Readonly<Record<string, Schema>>)[`${name}$`];
  if (!Array.isArray(schema) || schema[0] !== OPERATION) return null;
  const [, , , , input, output] = schema as readonly Schema[];
  return { input, output };
}

/** A value without the members that AWS's model does not know. */
export function pruneToModel(value: unknown, schema: Schema): unknown {
  const shape = resolve(schema);
  if (!Array.isArray(shape)) return value;
  const [kind, , , , names, members] = shape as [number, string, string, unknown, unknown, readonly Schema[]];
  if (kind === LIST && Array.isArray(value)) return value.map((each: unknown) => pruneToModel(each, names as Schema));
  if ((kind !== STRUCTURE && kind !== UNION) || !isRecord(value)) return value;
  const known = (names as readonly string[]).flatMap((name, index) =>
    Object.hasOwn(value, name)
      ? [[name, pruneToModel((value as Record<string, unknown>)[name], members[index])] as const]
      : [],
  );
  return Object.fromEntries(known);
}

/** A member's shape may be late, and may stand beside what the wire calls it. */
function resolve(schema: Schema): Schema {
  if (typeof schema === 'function') return resolve(schema());
  const isWithTraits = Array.isArray(schema) && schema.length === 2;
  return isWithTraits ? resolve((schema as readonly Schema[])[0]) : schema;
}
