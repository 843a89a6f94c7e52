import * as v from 'valibot';
import { parseUsd, type MicroUsd } from '../../domain/money.ts';
import {
  POLICY_COUNT_MAX,
  POLICY_LIST_MAX,
  POLICY_NAME_MAX_CHARS,
  POLICY_VALUE_MAX_CHARS,
  POLICY_ZONE_MAX_CHARS,
  type CAP_SUBJECTS,
  type ListKind,
  type RATE_SUBJECTS,
} from '../../domain/policy/document.ts';
import { HOST_PATTERN_RULE, parseHostPattern } from '../../domain/policy/hosts.ts';
import { normalizeEntry, normalizeOnly } from '../../domain/policy/rules/lists.ts';
import { isTimeZone } from '../../domain/policy/windows.ts';
import { parsedText, text, wholeNumber } from './text.ts';

// What the rules of a spend policy are made of, as JSON.

export function said<T extends v.GenericSchema>(schema: T, description: string) {
  return v.pipe(schema, v.description(description));
}

const USD_RULE = 'must be US dollars as text, such as 0.25, with at most 18 digits before and 6 after the point';

/** Described as the text that it is written in. */
export function usdText(description: string) {
  return v.pipe(
    v.string(USD_RULE),
    v.regex(/^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,6})?$/, USD_RULE),
    v.description(description),
    parsedText<MicroUsd>((entry) => {
      const amount = parseUsd(entry);
      return amount.ok ? amount.value : null;
    }, USD_RULE),
  );
}

export const ruleName = text(1, POLICY_NAME_MAX_CHARS, {
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
  expected: 'letters, digits and inner _ . -',
});
export const value = text(1, POLICY_VALUE_MAX_CHARS, {
  pattern: /^[^\p{Cc}\p{Cs}]+$/u,
  expected: 'text without control characters',
});

export const named = {
  name: v.optional(
    said(ruleName, 'what refusals call the rule; unique in the document, and made from the rule if left out'),
  ),
};

/** Of an object that is none, and of a member that it may not have. */
export function objectProblem({ expected }: { readonly expected: string | null }): string {
  return expected === 'never'
    ? 'is no member here: expected one of those that the kind of rule has'
    : 'must be an object';
}

function listOf<T extends v.GenericSchema<string>>(entry: T) {
  return v.pipe(
    v.array(entry, 'must be a list'),
    v.minLength(1, 'must have at least one entry, or be left out'),
    v.maxLength(POLICY_LIST_MAX, `must have at most ${POLICY_LIST_MAX} entries`),
  );
}

export function lists<T extends v.GenericSchema<string>>(entry: T) {
  return {
    allow: v.optional(said(listOf(entry), 'nothing else is allowed')),
    deny: v.optional(said(listOf(entry), 'none of these is allowed')),
  };
}

/** At least one of the members of a rule, whose schema makes each of them optional. */
export function someOf<T extends object>(...names: readonly (keyof T & string)[]) {
  return v.check<T, string>(
    (rule) => names.some((name) => rule[name] !== undefined),
    `must have at least one member of ${names.join(', ')}`,
  );
}

export function listRule<K extends ListKind>(kind: K, what: string) {
  const entry = v.pipe(
    value,
    v.transform((written) => normalizeEntry(kind, written)),
  );
  const rule = v.strictObject({ kind: said(v.literal(kind), what), ...named, ...lists(entry) }, objectProblem);
  return v.pipe(rule, someOf<v.InferOutput<typeof rule>>('allow', 'deny'));
}

export const hostPattern = v.pipe(
  v.string('must be a string'),
  v.maxLength(POLICY_VALUE_MAX_CHARS, HOST_PATTERN_RULE),
  parsedText((entry) => parseHostPattern(entry)?.text ?? null, HOST_PATTERN_RULE),
);

export const maxima = {
  max: v.optional(usdText('US dollars; exactly one of max and maxCount')),
  maxCount: v.optional(said(wholeNumber(0, POLICY_COUNT_MAX), 'payments; exactly one of max and maxCount')),
};
export const only = {
  only: v.optional(said(listOf(value), 'for whom the rule holds; for each, with a counter of their own, if left out')),
};

type Measured = { readonly max?: MicroUsd | undefined; readonly maxCount?: number | undefined };
type WithMaximum<T extends Measured> = Omit<T, 'max' | 'maxCount'> &
  ({ readonly max: MicroUsd; readonly maxCount?: undefined } | { readonly max?: undefined; readonly maxCount: number });

/** Exactly one of `max` and `maxCount`, so that the type says which; and `only` in the spelling of its subjects. */
export function counted<
  T extends Measured & { readonly of: (typeof RATE_SUBJECTS | typeof CAP_SUBJECTS)[number] } & {
    readonly only?: string[] | undefined;
  },
>() {
  return v.rawTransform<T, WithMaximum<T>>(({ dataset, addIssue, NEVER }) => {
    const rule = dataset.value;
    if ((rule.max === undefined) === (rule.maxCount === undefined)) {
      addIssue({ message: 'must have exactly one member of max, maxCount' });
      return NEVER;
    }
    const names = rule.only === undefined ? {} : { only: rule.only.map((name) => normalizeOnly(rule.of, name)) };
    // The check above is what the type says.
    return { ...rule, ...names } as unknown as WithMaximum<T>;
  });
}

export const timeZone = v.pipe(
  text(1, POLICY_ZONE_MAX_CHARS),
  v.check(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin or UTC'),
);

export function kindOf<K extends string>(kind: K, what: string) {
  return said(v.literal(kind), what);
}
