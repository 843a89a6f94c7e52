import * as v from 'valibot';

// The constraints of AgentCore's models. Names of wrong members are added by the caller; the texts say what was expected.

/** A string of bounded length, optionally of a form. */
export function text(
  minChars: number,
  maxChars: number,
  form?: { readonly pattern: RegExp; readonly expected: string },
) {
  const length = minChars === maxChars ? `${minChars} characters` : `${minChars} to ${maxChars} characters`;
  const expected = form === undefined ? `must have ${length}` : `must be ${form.expected}, ${length}`;
  return v.pipe(
    v.string('must be a string'),
    v.minLength(minChars, expected),
    v.maxLength(maxChars, expected),
    v.regex(form?.pattern ?? /(?:)/, expected),
  );
}

/** Text that is read where it is checked: what comes out is the value. `null` is a problem, worded by `expected`. */
export function parsedText<T>(parse: (value: string) => T | null, expected: string) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    const value = parse(dataset.value);
    if (value !== null) return value;
    addIssue({ message: expected });
    return NEVER;
  });
}

/** An object whose members are somebody else's to check. */
export const anyObject = v.record(v.string(), v.unknown(), 'must be an object');

/** A member of AgentCore's that would change what the caller gets, so that ignoring it would mislead. */
export function unsupported(why: string) {
  return v.optional(v.never(`is not supported: ${why}`));
}

/** A whole number within bounds; no fraction, no text. */
export function wholeNumber(min: number, max: number) {
  const expected = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected));
}

/** Text of a caller's, of any script. */
export const plain = (maxChars: number) =>
  text(1, maxChars, { pattern: /^[^\p{Cc}]+$/u, expected: 'text without control characters' });

/** Exactly one of the named members. */
export function oneMember<T extends object>(names: readonly string[]) {
  const expected = `must have exactly one member of ${names.join(', ')}`;
  return v.check(
    (value: T) => names.filter((name) => (value as Record<string, unknown>)[name] !== undefined).length === 1,
    expected,
  );
}
