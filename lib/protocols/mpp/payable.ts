import { formatUsd, type MicroUsd } from '../../domain/money.ts';
import { REJECTIONS_TOLD_MAX } from '../../domain/limits.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import { assetOf, usdValueOf } from '../../domain/tokens/token.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { TokenFinder } from '../../domain/tokens/finder.ts';
import { formatChallenge, readCharges } from './charges.ts';

/** One challenge that can be paid, with what Bursar is asked to pay it by. */
export interface PayableCharge {
  readonly offer: Offer;
  readonly entry: object;
  readonly request: {
    readonly paymentType: 'MPP';
    readonly paymentInput: {
      readonly mpp: { readonly version: '1'; readonly wwwAuthenticateHeaders: readonly [string] };
    };
  };
}

type Choice = {
  readonly networks?: ReadonlySet<string> | undefined;
  readonly maxAmount?: MicroUsd | null;
  readonly tokens?: TokenFinder | undefined;
};

/** Adds what a buyer lets pass of the challenges of a 402 to what it lets pass otherwise. The cheapest first; between equals the others come first. */
export function withCharges<P extends { readonly price: MicroUsd }>(
  authenticate: string,
  choice: Choice,
  others: {
    readonly rejection: string | null;
    readonly payments: readonly P[];
    readonly toPayment: (charge: PayableCharge) => P;
  },
): Result<readonly [P, ...P[]], { readonly reason: 'no_payable_offer'; readonly message: string }> {
  const { payable, rejections } = payableCharges(authenticate, choice);
  const [cheapest, ...dearer] = [...others.payments, ...payable.map(others.toPayment)].toSorted((a, b) =>
    Number(a.price - b.price),
  );
  if (cheapest !== undefined) return ok([cheapest, ...dearer]);
  const reasons = others.rejection === null ? rejections : [others.rejection, ...rejections];
  return refuse({ reason: 'no_payable_offer', message: reasons.join('; ') });
}

/** What a buyer lets pass of the challenges of a 402, in the seller's order, and why not of the others. */
function payableCharges(
  authenticate: string,
  choice: Choice,
): { readonly payable: readonly PayableCharge[]; readonly rejections: readonly string[] } {
  const payable: PayableCharge[] = [];
  const rejections: string[] = [];
  for (const [index, { entry, offer, flaw }] of readCharges(authenticate, choice.tokens).entries()) {
    const reason = flaw?.reason ?? (offer === null ? null : rejectionOf(offer, choice));
    if (offer === null || entry === null || reason !== null) rejections.push(`challenge ${index}: ${reason}`);
    else {
      const mpp = { version: '1', wwwAuthenticateHeaders: [formatChallenge(entry)] } as const;
      payable.push({ offer, entry, request: { paymentType: 'MPP', paymentInput: { mpp } } });
    }
  }
  return { payable, rejections: rejections.slice(0, REJECTIONS_TOLD_MAX) };
}

function rejectionOf(offer: Offer, { networks, maxAmount }: Choice): string | null {
  const { network: id, amount } = offer;
  if (networks?.has(id) === false) return `it is on ${id}, where nothing may be paid`;
  const price = usdValueOf(amount, assetOf(offer));
  if (maxAmount == null || price <= maxAmount) return null;
  return `it costs USD ${formatUsd(price)}, more than the USD ${formatUsd(maxAmount)} that may be paid`;
}
