import type { RoleDefinition } from '../template/roles.ts';

/** What a role's conditions can tell of the values that a request has for a condition key. */
export interface ConditionClasses {
  /**
   * The same text for values between which no condition of the role can tell. With every new item comes a new key, and IAM
   * need not be asked again for each. @returns `null` where only the values themselves will do
   */
  classify(key: string, values: readonly string[]): string | null;
}

interface Condition {
  readonly operator: string;
  readonly values: readonly string[];
}

/** Those that look at nothing but whether a value equals, or fits a pattern with, one of the strings. */
const PLAIN_OPERATOR = /^(?:ForAllValues:|ForAnyValue:)?String(?:Not)?(?:Equals|Like)(?:IfExists)?$/;

/** Reads the conditions of a role's policies once. */
export function readConditionClasses({ policies }: RoleDefinition): ConditionClasses {
  const text = JSON.stringify(policies).toLowerCase();
  const byKey = Map.groupBy(readConditions(policies.map(({ document }) => document)), ({ key }) => key);
  const testsByKey = new Map([...byKey].map(([key, conditions]) => [key, toTests(conditions)]));
  return {
    classify: (key, values) => {
      const tests = testsByKey.get(key.toLowerCase());
      if (tests === undefined || tests === null || text.includes(`\${${key.toLowerCase()}}`)) return null;
      const classes = values.map((value) => tests.map((test) => (test(value) ? '1' : '0')).join(''));
      return [...new Set(classes)].toSorted().join(',');
    },
  };
}

/** `null` where a condition looks at more, or a value stands for something that is known later only. */
function toTests(conditions: readonly Condition[]): readonly ((value: string) => boolean)[] | null {
  const understood = ({ operator, values }: Condition): boolean =>
    PLAIN_OPERATOR.test(operator) && values.every((value) => !value.includes('$'));
  if (!conditions.every(understood)) return null;
  return [...new Set(conditions.flatMap(({ values }) => values))].flatMap((expected) => {
    const pattern = toPattern(expected);
    return [(value: string) => value === expected, (value: string) => pattern.test(value)];
  });
}

function toPattern(text: string): RegExp {
  const source = text
    .replaceAll(/[\\^$.+()[\]{}|]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

/** The conditions of policies, wherever they stand in them; keys in lower case, as IAM reads them. */
function readConditions(value: unknown): (Condition & { readonly key: string })[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    if (name !== 'Condition') return readConditions(member);
    return Object.entries(member as Record<string, Record<string, unknown>>).flatMap(([operator, byKey]) =>
      Object.entries(byKey).map(([key, values]) => ({
        key: key.toLowerCase(),
        operator,
        values: [values].flat().map(String),
      })),
    );
  });
}
