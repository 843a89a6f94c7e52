import { toBaseUnits } from '../../domain/money.ts';
import { formatTokenAmount } from '../../domain/token-amount.ts';
import { parseEntryKey, type Payment } from '../../domain/payment/payment.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import { ChainUnavailable, type ChainReader } from '../../domain/ports/chains.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { assetOf } from '../../domain/tokens/token.ts';

export interface ShortageDeps {
  /** By CAIP-2 id. */
  readonly chains: ReadonlyMap<string, Pick<ChainReader, 'balanceOf'>>;
  readonly ledger: Pick<Ledger, 'readPayment'>;
}

/** What is to be paid, or its ceiling, from which address and within which session. */
export interface CheckedPurchase {
  readonly payment: Pick<Payment, 'id' | 'offer'>;
  readonly owner: Hex;
  readonly session: Session;
}

/**
 * Why a wallet cannot be expected to cover a payment: it holds less of the token than the payment may take, beside what other payments
 * in flight within the session take of it; or no endpoint says what it holds. `null` where it holds enough. Counts no payment that is
 * signed and done with in the books, since the books do not hear of its settlement, none of other sessions, and nothing that leaves the
 * wallet in another way: a second look of the seller's facilitator may still find too little.
 */
export async function findShortage(deps: ShortageDeps, purchase: CheckedPurchase): Promise<Refusal | null> {
  const { owner, payment } = purchase;
  const { network, asset, amount } = payment.offer;
  const reader = deps.chains.get(network);
  if (reader === undefined) throw new Error(`no RPC endpoint for ${network}`);
  let held: bigint;
  let promised: bigint;
  try {
    [held, promised] = await Promise.all([reader.balanceOf(asset, owner), readPromised(deps, purchase)]);
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error;
    const message =
      `Rate exceeded: no endpoint of ${network} says what the wallet holds, which the session has looked at before each payment. ` +
      'Nothing was signed or reserved: retry with the same clientToken';
    return { reason: 'chain_unavailable', message };
  }
  if (held - promised >= amount) return null;
  const { decimals, symbol } = assetOf(payment.offer);
  const say = (units: bigint): string => `${formatTokenAmount(toBaseUnits(units), decimals)} ${symbol}`;
  const inFlight = promised === 0n ? '' : `, of which payments in flight take ${say(promised)}`;
  const message =
    `Insufficient balance in the payer wallet ${owner}: it holds ${say(held)} on ${network}${inFlight}, and the payment takes ` +
    `${say(amount)}. Nothing was signed or reserved: fund the wallet and retry with the same clientToken`;
  return { reason: 'insufficient_funds', message };
}

/** What other payments of the session that are in flight take of the same token of the wallet. */
async function readPromised(
  { ledger }: ShortageDeps,
  { session, owner, payment: { id, offer } }: CheckedPurchase,
): Promise<bigint> {
  const ids = new Set([...session.open.keys()].map((key) => parseEntryKey(key).paymentId));
  ids.delete(id);
  const others = await Promise.all([...ids].map((other) => ledger.readPayment(other)));
  return others
    .filter((other) => other !== null)
    .filter(({ status, terms, offer: { network, asset } }) => {
      const isAlive = status === 'PENDING' || status === 'SIGNED';
      return isAlive && terms.from === owner && network === offer.network && asset === offer.asset;
    })
    .reduce((sum, other) => sum + other.offer.amount, 0n);
}
