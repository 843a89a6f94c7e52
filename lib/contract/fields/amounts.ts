import * as v from 'valibot';
import { parseUsd, type MicroUsd } from '../../domain/money.ts';
import { text } from './text.ts';

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

/** An amount of a token by its symbol, or of `USD` for USDC. How many decimals a token has is for who knows it to say. */
export const assetAmount = v.object({
  value: text(1, 48, {
    pattern: /^(?=.*[1-9])(0|[1-9][0-9]{0,17})(\.[0-9]{1,24})?$/,
    expected: 'a decimal number above zero',
  }),
  currency: text(1, 16, { pattern: /^[A-Za-z][A-Za-z0-9._-]*$/, expected: 'USD, or the symbol of a token' }),
});

export const usd = usdAmount(() => null);
export const usdAboveZero = usdAmount((amount) => (amount === 0n ? 'must be above zero' : null));
