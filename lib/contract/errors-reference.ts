import { ERROR_CODES } from './error-codes.ts';
import { WIRE_ERRORS, errorOfCode } from './errors.ts';

/** The reference of the errors as Markdown, made from the table of codes. */
export function formatErrorReference(): string {
  const errors = Object.entries(WIRE_ERRORS).map(
    ([name, { status, description, newClientToken }]) =>
      `| \`${name}\` | ${status} | ${description} | ${newClientToken} |`,
  );
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { when, remedy, newClientToken }]) =>
      `| \`${code}\` | \`${errorOfCode(code)}\` | ${when} | ${remedy} | ${newClientToken} |`,
  );
  return [
    '# Errors',
    '',
    'Made from `lib/contract/errors.ts` and `lib/contract/error-codes.ts` by `npm run reference`; a test keeps it current.',
    '',
    'An error has its name in the header `x-amzn-errortype` and in `__type`, and a `message` for people. A `ValidationException` has a',
    '`reason` and a `fieldList` as well, and an `AccessDeniedException` or a `ThrottlingException` with a code a `fieldList`. An entry of `fieldList` is named after a wrong member, or after a code that begins with',
    '`bursar:`. Codes are stable: programs decide by them, and never by the words of a message.',
    '',
    '## Wire errors',
    '',
    '| error | status | when | is a new client token safe? |',
    '| --- | --- | --- | --- |',
    ...errors,
    '',
    '## Codes',
    '',
    '| code | wire error | when | what to do | is a new client token safe? |',
    '| --- | --- | --- | --- | --- |',
    ...codes,
    '',
    'The client library has one code of its own, `bursar:invalid_token`: the application gave it a token with characters that no',
    'bearer token has, and nothing was sent. The command line has codes of its own too; see [its page](../cli.md).',
    '',
  ].join('\n');
}
