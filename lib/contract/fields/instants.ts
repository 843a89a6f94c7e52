import * as v from 'valibot';
import { toEpochMs } from '../../domain/time.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;
const EXPECTED = 'must be an instant in UTC such as 2026-11-28T12:00:00Z';

/** An instant that a request names. */
export function instantText() {
  return v.pipe(
    v.string(EXPECTED),
    v.regex(INSTANT, EXPECTED),
    v.check((value) => !Number.isNaN(Date.parse(value)), EXPECTED),
    v.transform((value) => toEpochMs(Date.parse(value))),
  );
}
