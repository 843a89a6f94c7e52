import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { bestBeyondBudget, rankOffers } from '../../../lib/domain/offers/choose-offer.ts';
import type { JudgedOffer } from '../../../lib/domain/offers/verdict.ts';
import type { Offer } from '../../../lib/domain/payment/shapes.ts';
import { EXPOSURES } from '../../../lib/domain/offers/verdict.ts';

const offer = {} as Offer;
type Kind = 'allowed' | 'budget' | 'refused';

const judged = (index: number, price: bigint, exposure: (typeof EXPOSURES)[number], kind: Kind): JudgedOffer => ({
  seller: { index, priced: { offer, price: toMicroUsd(price), exposure }, flaw: null },
  verdict:
    kind === 'allowed'
      ? { allowed: true, reason: '' }
      : { allowed: false, code: kind === 'budget' ? 'budget_exceeded' : 'price_above_max', reason: '' },
});

/** Few prices, so that equals are common. */
const lists = fc
  .array(
    fc.record({
      price: fc.bigInt({ min: 1n, max: 4n }),
      exposure: fc.constantFrom(...EXPOSURES),
      kind: fc.constantFrom<Kind>('allowed', 'allowed', 'budget', 'refused'),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map(({ price, exposure, kind }, index) => judged(index, price, exposure, kind)));

const price = ({ seller }: JudgedOffer) => seller.priced!.price;
const rank = ({ seller }: JudgedOffer) => EXPOSURES.indexOf(seller.priced!.exposure);

describe('the choice among offers', () => {
  test('takes an allowed one; none is cheaper, none as cheap exposes less, and none of those comes first', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const [best, ...others] = rankOffers(list);
        expect(others.length + (best === undefined ? 0 : 1)).toBe(list.filter((each) => each.verdict.allowed).length);
        for (const other of others) {
          const isBetter =
            price(best!) < price(other) ||
            (price(best!) === price(other) &&
              (rank(best!) < rank(other) || (rank(best!) === rank(other) && best!.seller.index < other.seller.index)));
          expect(isBetter).toBe(true);
        }
      }),
    );
  });

  test('is the same in whatever order the offers come', () => {
    fc.assert(
      fc.property(
        lists.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(rankOffers(shuffled)).toEqual(rankOffers(list));
        },
      ),
    );
  });

  test('is not changed by offers that are refused', () => {
    fc.assert(
      fc.property(lists, (list) => {
        expect(rankOffers(list.filter((each) => each.verdict.allowed))).toEqual(rankOffers(list));
      }),
    );
  });

  test('beyond the budget is the cheapest of those that only the money stands in the way of', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const best = bestBeyondBudget(list);
        const beyond = list.filter(({ verdict }) => !verdict.allowed && verdict.code === 'budget_exceeded');
        expect(best === null).toBe(beyond.length === 0);
        for (const each of beyond) expect(price(best!) <= price(each)).toBe(true);
      }),
    );
  });
});

test('between equal prices the one that exposes less is chosen, though it comes later', () => {
  const list = [
    judged(0, 2n, 'prepaid', 'allowed'),
    judged(1, 2n, 'ceiling', 'allowed'),
    judged(2, 2n, 'amount', 'allowed'),
  ];
  expect(rankOffers(list).map(({ seller }) => seller.index)).toEqual([2, 1, 0]);
});
