import * as v from 'valibot';
import {
  CLIENT_TOKEN_MAX_CHARS,
  CLIENT_TOKEN_MIN_CHARS,
  NEXT_TOKEN_MAX_CHARS,
  PAGE_SIZE_MAX,
  TAGS_MAX,
} from '../../domain/limits.ts';

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

// https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_ProcessPayment.html
export const requiredClientToken = text(CLIENT_TOKEN_MIN_CHARS, CLIENT_TOKEN_MAX_CHARS, {
  pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/,
  expected: 'letters, digits and inner hyphens',
});
export const clientToken = v.optional(requiredClientToken);

/** The form of any manager's ARN; one of another deployment is "not found", like every foreign id. */
export const managerArn = text(66, 2_048, {
  pattern:
    /^arn:aws(?:-[a-z0-9-]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:payment-manager\/[a-z0-9](?:[a-z0-9-]{0,47}[a-z0-9])?-[a-z0-9]{10}$/,
  expected: 'an ARN such as arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/mymanager-0123456789',
});
/** The underscore is of newer models: names of connectors may have one. */
export const connectorId = text(12, 211, {
  pattern: /^(?:[0-9a-z_]-?){1,100}-[0-9a-z]{10}$/,
  expected: 'a connector id such as myconnector-0123456789',
});
export const managerId = text(12, 211, {
  pattern: /^(?:[0-9a-z]-?){1,100}-[0-9a-z]{10}$/,
  expected: 'a manager id such as mymanager-0123456789',
});
export const instrumentId = text(34, 34, {
  pattern: /^payment-instrument-[0-9a-zA-Z-]{15}$/,
  expected: 'an id such as payment-instrument-0123456789abcde',
});
export const sessionId = text(31, 31, {
  pattern: /^payment-session-[0-9a-zA-Z-]{15}$/,
  expected: 'an id such as payment-session-0123456789abcde',
});
export const paymentId = text(36, 36, { pattern: /^[0-9a-f-]{36}$/, expected: 'a UUID in lower case' });

export const tagKey = text(1, 128, {
  pattern: /^(?!aws:)[\p{L}\p{Z}\p{N}\s_.:/=+\-@]*$/u,
  expected: 'letters, digits, spaces and _ . : / = + - @, not beginning with aws:',
});
export const tags = v.optional(
  v.pipe(
    v.record(
      tagKey,
      text(0, 256, {
        pattern: /^[\p{L}\p{Z}\p{N}\s_.:/=+\-@]*$/u,
        expected: 'letters, digits, spaces and _ . : / = + - @',
      }),
      'must be an object',
    ),
    v.check((value) => Object.keys(value).length <= TAGS_MAX, `must hold at most ${TAGS_MAX} tags`),
  ),
);

export const page = {
  maxResults: v.optional(wholeNumber(1, PAGE_SIZE_MAX)),
  nextToken: v.optional(text(1, NEXT_TOKEN_MAX_CHARS, { pattern: /^\S*$/, expected: 'a token without spaces' })),
};

/** The same from a query string, where numbers are text. */
export const pageOfQuery = {
  maxResults: v.optional(
    v.pipe(
      text(1, 3, { pattern: /^[0-9]+$/, expected: 'decimal digits' }),
      v.transform(Number),
      wholeNumber(1, PAGE_SIZE_MAX),
    ),
  ),
  nextToken: page.nextToken,
};

/** Exactly one of the named members. */
export function oneMember<T extends object>(names: readonly string[]) {
  const expected = `must have exactly one member of ${names.join(', ')}`;
  return v.check(
    (value: T) => names.filter((name) => (value as Record<string, unknown>)[name] !== undefined).length === 1,
    expected,
  );
}
