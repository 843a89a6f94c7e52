import * as control from '@aws-sdk/client-bedrock-agentcore-control';
import * as data from '@aws-sdk/client-bedrock-agentcore';

// The clients carry AWS's model as runtime values, which say more than their types: which members an answer must have, where
// a member stands in a request, and how a timestamp is written.

export type Plane = 'data' | 'control';
const CLIENTS = { data, control } as const;

/** One operation of AWS's model. */
export interface ModelOperation {
  readonly name: string;
  readonly plane: Plane;
  readonly method: string;
  readonly path: string;
  readonly successStatus: number;
  /** Whether the client sends a clientToken, its own where the caller gives none. */
  readonly hasClientToken: boolean;
  readonly output: unknown;
}

/** Kinds of schemas, as AWS's code generator numbers them. */
const KIND = { list: 1, map: 2, structure: 3, union: 4, operation: 9, simple: 0 } as const;
const SCALAR = { text: 0, number: 1, flag: 2, instantAsText: 5, instantAsNumber: [4, 7], document: 15 } as const;
const LIST_FLAG = 64;
const MAP_FLAG = 128;
const DEPTH_MAX = 12;
/** RFC 3339 in UTC, with or without fractions. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;

type Schema = readonly unknown[];

/** Every operation of both official clients. */
export const MODEL_OPERATIONS: readonly ModelOperation[] = (['data', 'control'] as const).flatMap((plane) =>
  Object.values(CLIENTS[plane] as Readonly<Record<string, unknown>>)
    .filter((value): value is Schema => Array.isArray(value) && value[0] === KIND.operation)
    .map((schema) => toOperation(plane, schema)),
);

function toOperation(plane: Plane, [, , name, traits, input, output]: Schema): ModelOperation {
  const { http } = traits as { readonly http?: readonly [string, string, number] };
  if (http === undefined) throw new Error(`the model has no route for ${String(name)}`);
  const [method, path, successStatus] = http;
  const hasClientToken =
    ((resolve(input) as Schema)[4] as readonly string[] | undefined)?.includes('clientToken') === true;
  return { name: String(name), plane, method, path, successStatus, hasClientToken, output: resolve(output) };
}

export function findModelOperation(name: string): ModelOperation {
  const found = MODEL_OPERATIONS.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`AWS's clients have no operation ${name}`);
  return found;
}

/** The command class of an operation, and the client's own class of an error. */
export function classOf<T>(plane: Plane, name: string): T {
  const found = (CLIENTS[plane] as Readonly<Record<string, unknown>>)[name];
  if (typeof found !== 'function') throw new Error(`AWS's ${plane} client has no class ${name}`);
  return found as T;
}

/** The schema of an error's body. */
export function errorSchemaOf(plane: Plane, name: string): unknown {
  const schema = (CLIENTS[plane] as Readonly<Record<string, unknown>>)[`${name}$`];
  if (!Array.isArray(schema)) throw new Error(`AWS's ${plane} client has no error ${name}`);
  // An error is a structure by another number.
  return [KIND.structure, ...(schema as Schema).slice(1)];
}

function resolve(reference: unknown): unknown {
  return typeof reference === 'function' ? (reference as () => unknown)() : reference;
}

/**
 * What is wrong with a JSON value for a schema of the model: members that must be there, kinds, and how timestamps are
 * written. Members that the model does not know are allowed: AWS's clients drop them.
 */
export function findModelProblems(reference: unknown, value: unknown, path = 'body', depth = 0): readonly string[] {
  if (depth > DEPTH_MAX) return [`${path} is nested too deeply`];
  if (value === null) return [`${path} is null`];
  const schema = resolve(reference);
  if (typeof schema === 'number') return findScalarProblems(schema, value, path);
  if (!Array.isArray(schema)) return [`${path} has a schema that is not understood`];
  const inner = (part: unknown, of: unknown, at: string) => findModelProblems(part, of, at, depth + 1);
  // A member with traits is a pair of its schema and them.
  if (schema.length === 2) return inner(schema[0], value, path);
  switch (schema[0]) {
    case KIND.simple:
      return inner(schema[4], value, path);
    case KIND.list:
      if (!Array.isArray(value)) return [`${path} is not a list`];
      return value.flatMap((item, index) => inner(schema[4], item, `${path}[${index}]`));
    case KIND.map:
      if (!isRecord(value)) return [`${path} is not an object`];
      return Object.entries(value).flatMap(([name, item]) => inner(schema[5], item, `${path}.${name}`));
    case KIND.structure:
    case KIND.union:
      return isRecord(value) ? findMemberProblems(schema, value, path, inner) : [`${path} is not an object`];
    default:
      return [`${path} has a schema of an unknown kind ${String(schema[0])}`];
  }
}

function findMemberProblems(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: string,
  inner: (part: unknown, of: unknown, at: string) => readonly string[],
): readonly string[] {
  const names = schema[4] as readonly string[];
  const parts = schema[5] as readonly unknown[];
  const required = schema[0] === KIND.structure ? names.slice(0, (schema[6] as number | undefined) ?? 0) : [];
  const known = names.filter((name) => value[name] !== undefined);
  const union = schema[0] === KIND.union && known.length !== 1 ? [`${path} has not exactly one member of a union`] : [];
  const missing = required.filter((name) => value[name] === undefined).map((name) => `${path}.${name} is missing`);
  const wrong = names.flatMap((name, index) =>
    value[name] === undefined ? [] : inner(parts[index], value[name], `${path}.${name}`),
  );
  return [...union, ...missing, ...wrong];
}

function findScalarProblems(schema: number, value: unknown, path: string): readonly string[] {
  if (schema >= MAP_FLAG) {
    if (!isRecord(value)) return [`${path} is not an object`];
    return Object.entries(value).flatMap(([name, item]) =>
      findScalarProblems(schema - MAP_FLAG, item, `${path}.${name}`),
    );
  }
  if (schema >= LIST_FLAG) {
    if (!Array.isArray(value)) return [`${path} is not a list`];
    return value.flatMap((item, index) => findScalarProblems(schema - LIST_FLAG, item, `${path}[${index}]`));
  }
  if (schema === SCALAR.text) return typeof value === 'string' ? [] : [`${path} is not a text`];
  if (schema === SCALAR.number) return typeof value === 'number' ? [] : [`${path} is not a number`];
  if (schema === SCALAR.flag) return typeof value === 'boolean' ? [] : [`${path} is not true or false`];
  if (schema === SCALAR.instantAsText) {
    return typeof value === 'string' && INSTANT.test(value) ? [] : [`${path} is not an instant as text`];
  }
  if ((SCALAR.instantAsNumber as readonly number[]).includes(schema)) {
    return typeof value === 'number' ? [] : [`${path} is not an instant as a number`];
  }
  return schema === SCALAR.document ? [] : [`${path} has a scalar of an unknown kind ${schema}`];
}

/** Whether the client's parsed output has what JSON had: timestamps are `Date`s and nothing is `null`. */
export function findParsedProblems(reference: unknown, value: unknown, path = 'output', depth = 0): readonly string[] {
  if (depth > DEPTH_MAX) return [`${path} is nested too deeply`];
  if (value === null) return [`${path} is null`];
  if (value === undefined) return [];
  const schema = resolve(reference);
  const inner = (part: unknown, of: unknown, at: string) => findParsedProblems(part, of, at, depth + 1);
  if (typeof schema === 'number') {
    const isInstant = schema === SCALAR.instantAsText || (SCALAR.instantAsNumber as readonly number[]).includes(schema);
    const isParsed = value instanceof Date && !Number.isNaN(value.getTime());
    return isInstant && !isParsed ? [`${path} is not a Date`] : [];
  }
  if (!Array.isArray(schema)) return [];
  if (schema.length === 2) return inner(schema[0], value, path);
  if (schema[0] === KIND.list && Array.isArray(value)) {
    return value.flatMap((item, index) => inner(schema[4], item, `${path}[${index}]`));
  }
  if ((schema[0] === KIND.structure || schema[0] === KIND.union) && isRecord(value)) {
    const parts = schema[5] as readonly unknown[];
    return (schema[4] as readonly string[]).flatMap((name, index) =>
      inner(parts[index], value[name], `${path}.${name}`),
    );
  }
  return [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
