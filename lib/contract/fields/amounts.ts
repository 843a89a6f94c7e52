import * as v from 'valibot';
import { parseUsd, type MicroUsd } from '../../domain/money.ts';

const EXPECTED =
  'must be US dollars as a decimal number such as 10.00, with at most 18 digits before and 6 after the point';

/** An amount of dollars, read where it is checked. */
function usdAmount(problemOf: (amount: MicroUsd) => string | null) {
  return v.pipe(
    v.object({
      value: v.pipe(
        v.string('must be a string'),
        v.rawTransform<string, MicroUsd>(({ dataset, addIssue, NEVER }) => {
          const amount = parseUsd(dataset.value);
          const message = amount.ok ? problemOf(amount.value) : EXPECTED;
          if (amount.ok && message === null) return amount.value;
          addIssue({ message: message ?? EXPECTED });
          return NEVER;
        }),
      ),
      currency: v.literal('USD', 'must be USD'),
    }),
    v.transform(({ value }) => value),
  );
}

export const usd = usdAmount(() => null);
export const positiveUsd = usdAmount((amount) => (amount > 0n ? null : 'must be more than zero'));
