import type { PagePaymentOptions, PageResource } from './options.ts';

/** Purchases that were not delivered yet; the oldest is forgotten beyond it. */
const OPEN_PURCHASES_MAX = 256;

/** The ids of purchases by what is bought: whoever opens the same page again after a failure presents the same proof, and pays nothing. */
export interface OpenPurchases {
  readonly idOf: (resource: PageResource) => string;
  /** From now on the same resource is another purchase. */
  readonly end: (purchaseId: string) => void;
}

export function createOpenPurchases({ purchaseIdOf }: Pick<PagePaymentOptions, 'purchaseIdOf'>): OpenPurchases {
  if (purchaseIdOf !== undefined) return { idOf: purchaseIdOf, end: () => undefined };
  const ids = new Map<string, string>();
  return {
    idOf: ({ method, url }) => {
      const bought = `${method} ${url}`;
      const id = ids.get(bought) ?? crypto.randomUUID();
      ids.set(bought, id);
      const [oldest] = ids.keys();
      if (ids.size > OPEN_PURCHASES_MAX) ids.delete(oldest!);
      return id;
    },
    end: (purchaseId) => {
      for (const [bought, id] of ids) if (id === purchaseId) ids.delete(bought);
    },
  };
}
