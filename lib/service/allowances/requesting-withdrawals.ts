import { newAllowance, type AllowanceKey } from '../../domain/allowances/allowance.ts';
import { askToWithdraw, isBusyWith, withdrawalOf } from '../../domain/allowances/withdrawal-steps.ts';
import { APPROVAL_WRITES_MAX } from '../../domain/limits.ts';
import type { Hex, Payment } from '../../domain/payment/payment.ts';
import type { AllowanceBooks, WithdrawalOutcomes } from '../../domain/ports/allowances.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { toEpochMs, type Clock } from '../../domain/time.ts';
import { signsTransactions } from '../../wallets/abilities.ts';

export interface CoinWithdrawalDeps {
  readonly books: AllowanceBooks;
  readonly outcomes: WithdrawalOutcomes;
  readonly clock: Clock;
}

/** Why a wallet's coin cannot be withdrawn now, before anything is decided; `null`: it can. */
export async function refusalOfCoin(
  coins: CoinWithdrawalDeps | null,
  wallet: { readonly address: Hex; readonly key: WalletKey },
  { id, offer }: Pick<Payment, 'id' | 'offer'>,
): Promise<Refusal | null> {
  if (!signsTransactions(wallet.key.type)) {
    const message = `A wallet of ${wallet.key.type} signs no transactions for Bursar, so that the coin of ${offer.network} leaves it by the means of its provider or owner alone. Nothing was signed`;
    return { reason: 'coin_not_withdrawable', message };
  }
  if (coins === null) return { reason: 'approvals_off' };
  const known = await coins.books.read({ network: offer.network, owner: wallet.address });
  const other = known === null ? null : withdrawalOf(known);
  return other === null || other.paymentId === id ? null : busyWith(other.paymentId);
}

function busyWith(paymentId: string): Refusal {
  const message = `The wallet sends its coin once at a time, and withdrawal ${paymentId} is under way: retry with the same clientToken once GetWithdrawal says what became of it`;
  return { reason: 'withdrawal_under_way', message };
}

/**
 * Has a withdrawal sent that the books have decided, once however often it is asked for. Changes nothing where it is under way, on the
 * chain, or where its time is over.
 */
export async function requestCoin(
  { books, outcomes, clock }: CoinWithdrawalDeps,
  { id: paymentId, managerId, userId, instrumentId, offer, terms }: Payment,
): Promise<Refusal | null> {
  const key: AllowanceKey = { network: offer.network, owner: terms.from };
  const until = toEpochMs(terms.validBefore * 1_000);
  for (let writing = 0; writing < APPROVAL_WRITES_MAX; writing += 1) {
    const known = (await books.read(key)) ?? newAllowance({ ...key, managerId, userId, instrumentId });
    if (isBusyWith(known, paymentId)) return null;
    // In this order: the outcome is written before the wallet is free of it.
    if ((await outcomes.read(paymentId)) !== null || clock.now() >= until) return null;
    const other = withdrawalOf(known);
    if (other !== null) return busyWith(other.paymentId);
    const { amount, payTo: to } = offer;
    const asked = { paymentId, to, amount, askedAt: clock.now(), until, hindrance: null };
    if ((await books.write(askToWithdraw(known, asked))) === 'written') return null;
  }
  return { reason: 'busy', what: 'change' };
}
