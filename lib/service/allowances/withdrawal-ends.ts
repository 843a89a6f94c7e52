import type { Allowance, WithdrawalAttempt } from '../../domain/allowances/allowance.ts';
import type { ApprovalSight } from '../../domain/allowances/sight.ts';
import { beginAnew, isLapsed, isLost, noteLost, putAway, putOff } from '../../domain/allowances/withdrawal-steps.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { AllowanceBooks, ApprovalChain, WithdrawalOutcomes } from '../../domain/ports/allowances.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import type { Clock } from '../../domain/time.ts';

export interface WithdrawalEnds {
  readonly books: AllowanceBooks;
  readonly outcomes: WithdrawalOutcomes;
  readonly payments: Pick<PaymentLog, 'readPayment'>;
  readonly clock: Clock;
}

interface UnderWay {
  readonly allowance: Allowance;
  readonly attempt: WithdrawalAttempt;
  /** Of the copies that were signed. */
  readonly hashes: readonly Hex[];
  readonly sight: ApprovalSight;
}

/**
 * Finds out what became of a withdrawal that is under way. `null`: nothing yet, so that its bytes are to go out.
 *
 * It must not be done twice, so that it is begun anew only where no copy can come to the chain any more: the nonce is over at a block
 * that is final, and nobody shows a copy, then and a minute later: behind one endpoint there may be many nodes, and on some chains a
 * block is final at once, so that a node may lag behind the one that told what is final.
 */
export async function concludeWithdrawal(
  deps: WithdrawalEnds,
  chain: ApprovalChain,
  { allowance, attempt, hashes, sight }: UnderWay,
): Promise<'again' | 'later' | null> {
  const { books, clock } = deps;
  if (sight.mined !== null) return settle(deps, allowance, attempt, sight.mined);
  if (isLapsed(allowance, clock.now())) {
    await books.write(putAway(allowance, clock.now()));
    return 'again';
  }
  if (sight.nonce <= attempt.nonce) return null;
  if (hashes.length > 0) {
    const final = await chain.lookAtFinal(allowance.owner, hashes);
    if (final.mined !== null) return settle(deps, allowance, attempt, final.mined);
    if (final.nonce <= attempt.nonce) {
      await books.write(putOff(allowance, clock.now()));
      return 'later';
    }
    if (!isLost(attempt, clock.now())) {
      await books.write(noteLost(allowance, attempt, clock.now()));
      return 'later';
    }
  }
  await books.write(beginAnew(allowance, clock.now()));
  return 'again';
}

/** The outcome first: who finds the wallet free finds it too. */
async function settle(
  { books, outcomes, payments, clock }: WithdrawalEnds,
  allowance: Allowance,
  { withdrawal: { paymentId } }: WithdrawalAttempt,
  { hash: transaction, succeeded }: NonNullable<ApprovalSight['mined']>,
): Promise<'again'> {
  const payment = await payments.readPayment(paymentId);
  if (payment === null) throw new InvariantViolated(`withdrawal ${paymentId} is on the chain and not in the books`);
  const { managerId, userId, sessionId, instrumentId, agentName, offer } = payment;
  const { network, asset, amount, payTo } = offer;
  const told = { managerId, userId, sessionId, instrumentId, agentName, network, asset, amount, payTo };
  await outcomes.write({ paymentId, ...told, transaction, succeeded, at: clock.now() });
  await books.write(putAway(allowance, clock.now()));
  return 'again';
}
