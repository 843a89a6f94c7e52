import type { ShortageOf } from './payer-check.ts';
import { formatApproval, parseApproval } from '../../domain/payment/approval.ts';
import { APPROVAL_ROUNDS_MAX, VALIDITY_FLOOR_SECONDS } from '../../domain/limits.ts';
import type { NotApproved } from '../../domain/payment/denial.ts';
import type { Payment, SigningTerms } from '../../domain/payment/payment.ts';
import { NotNow, ProviderRefused, type ApprovalState } from '../../domain/ports/services.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { ProviderTrouble, Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';
import { floorToSeconds } from '../../domain/time.ts';
import { closeEarlierEntries, denyPayment, outcomeOf, type DriveDeps } from './drive-payment.ts';
import type { CheckedPayer } from './payer-check.ts';
import type { Payer } from './payer.ts';
import { freezeTerms, type Draft } from './payment-draft.ts';

export interface ResumeDeps extends DriveDeps {
  /** The longest that an authorization is good for. */
  readonly validityCapSeconds: number;
  /** Why a wallet cannot be expected to cover a payment; asked within sessions that have it looked at. @default nobody looks */
  readonly shortageOf?: ShortageOf;
}

/** What a further attempt signs; or, where there is to be none, what is answered. */
export type NextTerms =
  | { readonly kind: 'frozen'; readonly terms: SigningTerms; readonly approval: string | undefined }
  | { readonly kind: 'answered'; readonly answer: Result<Payment, Refusal> };

/**
 * Freezes what the next attempt of a payment signs: its validity begins anew, unless people were asked to approve it as it stands.
 * While they may still do so the payment is refused at once: it holds nothing, and no attempt is spent. What they approved is signed.
 * When its time is over they are asked anew, for terms that are frozen anew; after `APPROVAL_ROUNDS_MAX` times, or where they said
 * no, the payment is denied for good.
 */
export async function nextTerms(
  deps: ResumeDeps,
  draft: Draft,
  payment: Payment,
  { payer, session }: CheckedPayer<Payer>,
): Promise<NextTerms> {
  if (payment.approval === undefined) return freezeAnew(deps, payment, payer, undefined);
  const { round, reference } = parseApproval(payment.approval);
  const state = await stateOf(deps, payer, reference);
  if ('ok' in state) return answered(state);
  if (state.status === 'rejected') return answered(await deny(deps, draft, payment, session, 'approval_rejected'));
  const isGood = payment.terms.validBefore - floorToSeconds(deps.clock.now()) >= VALIDITY_FLOOR_SECONDS;
  if (isGood && state.status === 'waiting') return answered(refuseTrouble('approval_pending', state.message));
  if (isGood && state.status === 'given') {
    return { kind: 'frozen', terms: payment.terms, approval: payment.approval };
  }
  if (round >= APPROVAL_ROUNDS_MAX) return answered(await deny(deps, draft, payment, session, 'approval_lapsed'));
  return freezeAnew(deps, payment, payer, formatApproval({ round: round + 1, reference: null }));
}

function answered(answer: Result<Payment, Refusal>): NextTerms {
  return { kind: 'answered', answer };
}

function freezeAnew(deps: ResumeDeps, payment: Payment, payer: Payer, approval: string | undefined): NextTerms {
  const terms = freezeTerms(deps, payment, payer, deps.clock.now());
  return terms.ok ? { kind: 'frozen', terms: terms.value, approval } : answered(terms);
}

function refuseTrouble(trouble: ProviderTrouble, message: string): Result<never, Refusal> {
  return refuse({ reason: 'provider_refused', trouble, message });
}

/** A question without a name can only be asked again, by what signs. */
async function stateOf(
  { signers }: ResumeDeps,
  { key }: Payer,
  reference: string | null,
): Promise<ApprovalState | Result<never, Refusal>> {
  const signer = signers[key.type];
  if (reference === null || signer.readApproval === undefined) return { status: 'given' };
  try {
    return await signer.readApproval(key, reference);
  } catch (error) {
    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });
    if (error instanceof ProviderRefused) return refuseTrouble(error.trouble, error.message);
    throw error;
  }
}

/** Closes the payment by an attempt that reserves nothing, so that whoever is at work on it loses, and what earlier ones hold is free. */
async function deny(
  deps: ResumeDeps,
  { owner, leaseUntil }: Draft,
  { id, attempt, offer, terms, approval }: Payment,
  session: Session,
  reason: NotApproved['reason'],
): Promise<Result<Payment, Refusal>> {
  const outcome = await deps.ledger.takeOver({ id, attempt, owner, leaseUntil, offer, terms, approval });
  if (outcome.kind === 'taken') await closeEarlierEntries(deps, outcome.payment, session);
  return outcome.kind === 'lost' ? outcomeOf(outcome.payment) : denyPayment(deps, outcome.payment, { reason });
}
