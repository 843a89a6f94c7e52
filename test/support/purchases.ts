import type { RepetitionGuard } from '../../lib/domain/ports/books.ts';

/** Of payments whose protocol gives purchases no name: asking it for one is a bug. */
export const noPurchases: RepetitionGuard = {
  take: async () => {
    throw new Error('a purchase without a name was looked up');
  },
};
