import { newestSigned, type Allowance, type Copy, type WithdrawalAttempt } from '../../domain/allowances/allowance.ts';
import { freezeFactsOf } from '../../domain/payment/freeze.ts';
import { gateRefusal, type Gate } from '../../domain/payment/gate.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Signature, SigningMessage } from '../../domain/payment/shapes.ts';
import type { TransferForm } from '../../domain/ports/allowances.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import type { Clock } from '../../domain/time.ts';
import { isCoinTransfer } from '../../protocols/treasury/offers.ts';

/** What is to be signed, by which key, and what becomes of the signature. */
export interface ToSign {
  readonly key: WalletKey;
  readonly message: SigningMessage;
  readonly signed: (signature: Signature) => NonNullable<Copy['signed']>;
}

/** What withdrawals of coins are signed with besides what approvals are. */
export interface WithdrawalSigning {
  readonly ledger: Pick<Ledger, 'readPayment' | 'readSession'>;
  readonly form: TransferForm;
  /** The addresses that money may leave for, with their checksums. */
  readonly destinations: ReadonlySet<string>;
}

interface WithdrawalSigningDeps {
  readonly registry: Pick<Registry, 'readInstrument'>;
  readonly withdrawals: WithdrawalSigning;
  readonly clock: Clock;
}

/**
 * What is to be signed of a withdrawal of a network's own coin; `null`: nothing. All that it does is read from the payment that the
 * books have decided; of what the sender wrote, nonce, gas and fees alone are taken.
 */
export async function judgeWithdrawal(
  { registry, withdrawals, clock }: WithdrawalSigningDeps,
  {
    allowance,
    attempt,
    copy,
    gate,
  }: {
    readonly allowance: Allowance;
    readonly attempt: WithdrawalAttempt;
    readonly copy: Copy;
    readonly gate: Gate;
  },
): Promise<ToSign | null> {
  const { ledger, form, destinations } = withdrawals;
  const payment = await ledger.readPayment(attempt.withdrawal.paymentId);
  if (payment === null || !isOfCoin(payment, allowance)) return null;
  const { offer, terms } = payment;
  const { network, payTo: to, amount } = offer;
  // What is not listed any more gets nothing, whatever was decided before.
  if (!destinations.has(to)) return null;
  // Once bytes are out, a higher fee is the only way on.
  if (newestSigned(attempt) === null && clock.now() >= terms.validBefore * 1_000) return null;
  const [session, instrument] = await Promise.all([
    ledger.readSession(payment),
    registry.readInstrument(payment, payment.instrumentId),
  ]);
  // In books that were restored to an instant before it was sent it would be sent again: such sessions are below the floor.
  if (session === null || gateRefusal(gate, session, freezeFactsOf(payment, null)) !== null) return null;
  // Of a wallet that is deleted too: its key outlives it.
  const wallet = instrument?.wallet;
  if (wallet == null || wallet.address !== allowance.owner) return null;
  const { maxFeePerGas, maxPriorityFeePerGas } = copy;
  const { nonce, gasLimit } = attempt;
  const inputs = { network, to, amount, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
  return { key: wallet.key, message: form.message(inputs), signed: (signature) => form.signed(inputs, signature) };
}

/** Whether the books have decided it, and of this wallet's coin. */
function isOfCoin({ status, offer, terms }: Payment, { network, owner }: Allowance): boolean {
  const isDecided = status === 'SIGNED' && isCoinTransfer(offer);
  return isDecided && offer.network === network && terms.from === owner;
}
