import type { Answer } from '../../contract/client-types.ts';
import { formatUsd, type BaseUnits, type MicroUsd } from '../../domain/money.ts';
import type { JudgedOffer, SellerOffer } from '../../domain/offers/verdict.ts';
import { formatInstant, type EpochMs } from '../../domain/time.ts';
import { assetOf } from '../../domain/tokens/token.ts';

type QuoteView = Answer<'QuoteChallenge'>;
type OfferView = QuoteView['quote']['offers'][number];

/** An offer of a 402 with what was made of it. */
export function toOfferView({ seller: { index, priced }, verdict }: JudgedOffer): OfferView {
  return {
    index,
    verdict: verdict.allowed ? 'ALLOWED' : 'REFUSED',
    ...(verdict.allowed ? {} : { code: `bursar:${verdict.code}` }),
    reason: verdict.reason,
    ...(priced === null ? {} : toTerms(priced)),
  };
}

function toTerms({ offer, price }: NonNullable<SellerOffer['priced']>) {
  const { protocol, version, scheme, transferMethod, network, asset, payTo, amount } = offer;
  const { symbol, decimals } = assetOf(offer);
  return {
    protocol,
    version,
    scheme,
    transferMethod,
    network,
    asset,
    token: { symbol, decimals },
    payTo,
    amount: amount.toString(),
    amountUsd: formatUsd(price),
  };
}

export function toQuoteView({
  offers,
  chosen,
  available,
}: {
  readonly offers: readonly (JudgedOffer & { readonly balance: BaseUnits | null })[];
  readonly chosen: { readonly index: number; readonly quoteId: string; readonly expiresAt: EpochMs } | null;
  readonly available: MicroUsd | null;
}): QuoteView {
  return {
    quote: {
      chosen: chosen === null ? null : { ...chosen, expiresAt: formatInstant(chosen.expiresAt) },
      availableUsd: available === null ? null : formatUsd(available),
      offers: offers.map((each) => {
        const view = toOfferView(each);
        return each.seller.priced === null ? view : { ...view, balance: each.balance?.toString() ?? null };
      }),
    },
  };
}
