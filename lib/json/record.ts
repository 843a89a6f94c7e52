/** Whether a parsed value is a JSON object: not `null`, not a list. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member of a JSON object; `undefined` for anything else, so that nothing is inherited from a prototype. */
export function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
