type Members = Readonly<Record<string, unknown>>;

/** Patterns nested deeper are no filters. */
const DEPTH_MAX = 10;
const OPERATORS: ReadonlySet<string> = new Set(['anything-but', 'exists', 'prefix']);

/**
 * Whether a filter of Lambda fits an event: texts, `anything-but`, `prefix` and `exists`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export function fits(pattern: object, event: unknown): boolean {
  const members = isMembers(event) ? event : {};
  return Object.entries(pattern).every(([name, expected]) => {
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    return Array.isArray(expected) ? expected.some((rule: unknown) => fitsRule(rule, value)) : fits(expected, value);
  });
}

function fitsRule(rule: unknown, value: unknown): boolean {
  if (!isMembers(rule)) return rule === value;
  const [[operator, operand] = ['', null]] = Object.entries(rule);
  switch (operator) {
    case 'exists':
      return (value !== undefined) === operand;
    case 'prefix':
      return typeof value === 'string' && value.startsWith(String(operand));
    case 'anything-but':
      return value !== undefined && !(operand as readonly unknown[]).includes(value);
    default:
      return false;
  }
}

/** Gives the pattern back. Throws on what `fits` does not know, rather than let it fit nothing. */
export function assertPattern(pattern: unknown, depth = 0): object {
  if (!isMembers(pattern) || depth > DEPTH_MAX)
    throw new Error('a pattern is an object of patterns and lists of rules');
  for (const [name, expected] of Object.entries(pattern)) {
    if (!Array.isArray(expected)) assertPattern(expected, depth + 1);
    else if (!expected.every(isRule)) throw new Error(`${name} has a rule that the local stack does not know`);
  }
  return pattern;
}

function isRule(rule: unknown): boolean {
  if (!isMembers(rule)) return ['string', 'number', 'boolean'].includes(typeof rule) || rule === null;
  const [[operator, operand] = ['', null], ...others] = Object.entries(rule);
  return others.length === 0 && OPERATORS.has(operator) && (operator !== 'anything-but' || Array.isArray(operand));
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
