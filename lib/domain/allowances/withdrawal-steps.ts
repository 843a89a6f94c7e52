import { APPROVAL_LOOK_MS, APPROVAL_WAIT_MS } from '../limits.ts';
import type { PaymentId } from '../ids.ts';
import { addMs, type EpochMs } from '../time.ts';
import {
  gasOfDay,
  newestSigned,
  type Allowance,
  type Copy,
  type Hindrance,
  type Withdrawal,
  type WithdrawalAttempt,
} from './allowance.ts';
import type { ApprovalSight, TransferFacts } from './sight.ts';
import { next } from './steps.ts';

// What is written next of a withdrawal of the network's own coin. The bytes, their sending and their fees are those of any transaction
// of the wallet; what is different is that nothing of it may be done twice: see where an attempt is given up.

/** The withdrawal that a wallet is busy with, asked for or under way. */
export function withdrawalOf({ withdrawal, attempt }: Allowance): Withdrawal | null {
  return withdrawal ?? attempt?.withdrawal ?? null;
}

/** Whether a wallet is to send this withdrawal, or is about to have sent it. */
export function isBusyWith(allowance: Allowance, paymentId: PaymentId): boolean {
  return withdrawalOf(allowance)?.paymentId === paymentId;
}

/** Asks for a withdrawal. For a wallet that is busy with none. */
export function askToWithdraw(allowance: Allowance, withdrawal: Withdrawal): Allowance {
  return next(allowance, { withdrawal, visitAt: withdrawal.askedAt });
}

/** What of the coin is left for gas beside what is to leave the wallet and what the data costs. */
export function leftForGas<F extends Pick<TransferFacts, 'balance' | 'dataFee'>>(
  facts: F,
  { amount }: Pick<Withdrawal, 'amount'>,
): F {
  return { ...facts, balance: facts.balance - amount - facts.dataFee };
}

/** Freezes all that the transaction is made of, for the signer. One whose time is over is given up: nothing of it was ever signed. */
export function freezeWithdrawal(
  allowance: Allowance,
  { sight, facts }: { readonly sight: ApprovalSight; readonly facts: TransferFacts },
  { now, gasPerDay }: { readonly now: EpochMs; readonly gasPerDay: bigint },
): Allowance {
  const { withdrawal, attempt } = allowance;
  if (withdrawal === null || attempt !== null) return allowance;
  if (sight.pendingNonce !== sight.nonce) return waits(allowance, withdrawal, 'nonce_busy', now);
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = facts;
  const cost = gasLimit * maxFeePerGas;
  const day = gasOfDay(allowance, now);
  if (day.wei + cost > gasPerDay) return waits(allowance, withdrawal, 'gas_budget', now);
  if (leftForGas(facts, withdrawal).balance < cost) return waits(allowance, withdrawal, 'gas_missing', now);
  const copy: Copy = { maxFeePerGas, maxPriorityFeePerGas, frozenAt: now, signed: null };
  const asked = { ...withdrawal, hindrance: null };
  return next(allowance, {
    withdrawal: null,
    attempt: {
      want: null,
      withdrawal: asked,
      lostAt: null,
      nonce: sight.nonce,
      gasLimit,
      copies: [copy],
      sentAt: null,
    },
    gas: { day: day.day, wei: day.wei + cost },
    visitAt: addMs(now, APPROVAL_LOOK_MS),
  });
}

function waits(allowance: Allowance, withdrawal: Withdrawal, hindrance: Hindrance, now: EpochMs): Allowance {
  return next(allowance, { withdrawal: { ...withdrawal, hindrance }, visitAt: addMs(now, APPROVAL_WAIT_MS) });
}

/** Whether its time is over before anything of it was signed. */
export function isLapsed(allowance: Allowance, now: EpochMs): boolean {
  const { attempt } = allowance;
  const asked = withdrawalOf(allowance);
  return asked !== null && now >= asked.until && (attempt === null || newestSigned(attempt) === null);
}

/**
 * Puts a withdrawal away: it is on the chain, or nothing of it was signed in time. A signature that is made in this moment is not kept,
 * since it is written upon the version that was read.
 */
export function putAway(allowance: Allowance, now: EpochMs): Allowance {
  return next(allowance, { withdrawal: null, attempt: null, visitAt: allowance.want === null ? null : now });
}

/** Begins anew under another nonce. Only where no copy can come to the chain any more. */
export function beginAnew(allowance: Allowance, now: EpochMs): Allowance {
  const { attempt } = allowance;
  if (attempt === null || attempt.want !== null) return allowance;
  return next(allowance, { attempt: null, withdrawal: { ...attempt.withdrawal, hindrance: null }, visitAt: now });
}

/** Notes that the nonce of an attempt is over and no copy was shown, and looks again in a minute. */
export function noteLost(allowance: Allowance, attempt: WithdrawalAttempt, now: EpochMs): Allowance {
  if (attempt.lostAt !== null) return putOff(allowance, now);
  return putOff({ ...allowance, attempt: { ...attempt, lostAt: now } }, now);
}

/** Whether no copy was shown for so long that every node would show one by now. */
export function isLost({ lostAt }: WithdrawalAttempt, now: EpochMs): boolean {
  return lostAt !== null && now >= addMs(lostAt, APPROVAL_WAIT_MS);
}

/** Looks again in a minute. */
export function putOff(allowance: Allowance, now: EpochMs): Allowance {
  return next(allowance, { visitAt: addMs(now, APPROVAL_WAIT_MS) });
}
