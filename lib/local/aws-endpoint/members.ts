import { validationError } from './aws-error.ts';

/** The body of a request: untrusted JSON. */
export type Input = Readonly<Record<string, unknown>>;

export interface Tag {
  readonly key: string;
  readonly value: string;
}

const TAGS_MAX = 50;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** AWS names members in its messages with a small first letter. */
function memberName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Reads a text; `undefined` where the member is absent. Throws ValidationException on another type or length. */
export function readText(
  input: Input,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw validationError(`Value at '${memberName(name)}' must be a string`);
  if (value.length < bounds.min) throw outOfBounds(name, `greater than or equal to ${bounds.min}`);
  if (value.length > bounds.max) throw outOfBounds(name, `less than or equal to ${bounds.max}`);
  return value;
}

/** Reads a text that must be there. */
export function requireText(
  input: Input,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): string {
  const value = readText(input, name, bounds);
  if (value !== undefined) return value;
  throw validationError(
    `1 validation error detected: Value null at '${memberName(name)}' failed to satisfy constraint: Member must not be null`,
  );
}

/** Reads one of a set of texts; `undefined` where the member is absent. */
export function readChoice<T extends string>(input: Input, name: string, choices: readonly T[]): T | undefined {
  const value = readText(input, name, { min: 0, max: 256 });
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw validationError(
    `1 validation error detected: Value '${value}' at '${memberName(name)}' failed to satisfy constraint: ` +
      `Member must satisfy enum value set: [${choices.join(', ')}]`,
  );
}

/** Reads bytes from base64 that must be there. */
export function requireBytes(
  input: Input,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): Uint8Array {
  // Base64 is at most 4/3 of its bytes and some padding; whatever is longer is too long.
  const text = requireText(input, name, { min: 0, max: 2 * bounds.max + 4 });
  if (!BASE64.test(text)) throw validationError(`Value at '${memberName(name)}' must be base64`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < bounds.min) throw outOfBounds(name, `greater than or equal to ${bounds.min}`);
  if (bytes.length > bounds.max) throw outOfBounds(name, `less than or equal to ${bounds.max}`);
  return bytes;
}

/**
 * Reads tags in the form of one of the services; an absent member is no tags.
 * @param form the names of the two members of a tag: `TagKey` and `TagValue`, or `Key` and `Value`
 */
export function readTags(input: Input, form: { readonly key: string; readonly value: string }): readonly Tag[] {
  const value = input['Tags'];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > TAGS_MAX) {
    throw validationError(`Value at 'tags' must be a list of at most ${TAGS_MAX} tags`);
  }
  const tags = value.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) throw validationError("Value at 'tags' must be a list of tags");
    const tag = entry as Input;
    return {
      key: requireText(tag, form.key, { min: 1, max: 128 }),
      value: requireText(tag, form.value, { min: 0, max: 256 }),
    };
  });
  if (new Set(tags.map(({ key }) => key)).size !== tags.length) throw validationError('Duplicate tag keys found');
  return tags;
}

/** Tags as a map. */
export function toTagMap(tags: readonly Tag[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

function outOfBounds(name: string, bound: string): Error {
  return validationError(
    `1 validation error detected: Value at '${memberName(name)}' failed to satisfy constraint: Member must have length ${bound}`,
  );
}
