import { InvariantViolated } from '../../domain/invariant.ts';
import type { Denial } from '../../domain/payment/denial.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { PolicyRefusal } from '../../domain/policy/refusal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { refuse, type Result } from '../../domain/result.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { CallFacts, Counting, PoliciesInForce } from '../policing/in-force.ts';
import type { PolicySource, PolicySubject } from '../policing/policy-source.ts';
import { abortOnFailure, abortQuietly } from './abort.ts';
import { shownDenial } from './denial.ts';
import { denyPayment, drivePayment } from './drive-payment.ts';
import { answerOfFirst } from './first-purchase.ts';
import type { FirstPurchaseDeps } from './named-purchase.ts';
import { isFinal } from './other-terms.ts';
import type { CheckedPayer } from './payer-check.ts';
import { deniedPayment, type Draft } from './payment-draft.ts';
import { findRepetition, type Repetitions } from './repetition.ts';
import type { ResumeDeps } from './next-terms.ts';

export interface JudgedDeps extends ResumeDeps, Pick<FirstPurchaseDeps, 'purchases'> {
  /** What judges each attempt of a payment anew, and says what it is counted for. */
  readonly policies: PolicySource;
  /** Keeps the same terms from being paid again too soon; `null` where nobody asked for that. */
  readonly repetitions: Repetitions | null;
}

/** What an attempt is judged by. */
export interface Judging {
  readonly call: CallFacts;
  readonly policies: PoliciesInForce;
}

/**
 * What is written of a payment whose session has been read: its intent, or at once its denial. Where equal purchases are looked
 * for, that comes first, since it says more than a denial and leaves the token free.
 */
export function firstRecord(deps: JudgedDeps, payment: Payment, session: Session, judging: Judging): Payment {
  const denial = deps.repetitions === null ? foreseenDenial(deps, payment, session, judging) : null;
  return denial === null ? payment : deniedPayment(payment, denial);
}

function foreseenDenial(
  deps: JudgedDeps,
  payment: Payment,
  session: Session,
  { call, policies }: Judging,
): Denial | null {
  const judged = judgeAttempt(deps, payment, call, policies);
  return judged.ok ? shownDenial(deps, session, payment, judged.value) : judged.error;
}

/**
 * Why the wallet cannot be expected to cover a payment that is not written yet, where its session has that looked at. Not of one that
 * will be denied: a denial says more.
 */
export async function findShortage(
  deps: JudgedDeps,
  payment: Payment,
  checked: CheckedPayer,
  judging: Judging,
): Promise<Refusal | null> {
  const { session } = checked;
  if (session.balanceCheck === undefined || foreseenDenial(deps, payment, session, judging) !== null) return null;
  return (await deps.shortageOf?.(payment, checked)) ?? null;
}

/** The policies in force, or why they could not be read: who has an outcome already needs none. */
export type PolicyRead =
  | { readonly kind: 'read'; readonly value: PoliciesInForce }
  | { readonly kind: 'unread'; readonly cause: unknown };

/** One request at most, beside the others; after it one more where rules need what was kept of earlier payments. */
export function readPolicies(
  { policies }: Pick<JudgedDeps, 'policies'>,
  subject: PolicySubject,
  call: CallFacts,
  of: Parameters<NonNullable<PoliciesInForce['recall']>>[1],
): Promise<PolicyRead> {
  return policies
    .read(subject)
    .then((value) => value.recall?.(call, of) ?? value)
    .then(
      (value) => ({ kind: 'read', value }),
      (cause: unknown) => ({ kind: 'unread', cause }),
    );
}

/** Carries a payment that was begun beside the read of its session to its end, which may be what that read shows. */
export function driveNew(
  deps: JudgedDeps,
  payment: Payment,
  checked: CheckedPayer,
  { call, policies, deadline }: Judging & { readonly deadline: EpochMs },
): Promise<Result<Payment, Refusal>> {
  return unlessRepeated(deps, payment, deadline, async () => {
    const judged = judgeAttempt(deps, payment, call, policies);
    if (!judged.ok) return denyPayment(deps, payment, judged.error);
    const denial = shownDenial(deps, checked.session, payment, judged.value);
    return denial === null
      ? driveClaimed(deps, payment, checked, { deadline, counting: judged.value })
      : denyPayment(deps, payment, denial);
  });
}

/**
 * Answers for a payment that exists already; a new attempt of it is judged by the policies of now. Those that could not be read keep
 * nobody from the outcome of a payment that has one.
 */
export async function resumeJudged(
  deps: JudgedDeps,
  draft: Draft,
  existing: Payment,
  checked: Result<CheckedPayer, Refusal>,
  { call, policies: read }: { readonly call: CallFacts; readonly policies: PolicyRead },
): Promise<Result<Payment, Refusal>> {
  if (read.kind === 'unread' && !isFinal(existing) && checked.ok) throw read.cause;
  const policies = read.kind === 'read' ? read.value : null;
  // Loaded with the first call that finds its payment there already: most calls begin one.
  const { resumePayment } = await import('./resume-payment.ts');
  return resumePayment(cappedBy(deps, policies), draft, existing, checked, (taken, allowed) =>
    unlessRepeated(deps, taken, draft.deadline, async () => {
      if (policies === null) throw new InvariantViolated(`payment ${taken.id} was taken up without its policies`);
      // What was read for this call may be of other offers than the one that was frozen.
      const { recall } = policies;
      const recalled =
        recall === null
          ? policies
          : await abortOnFailure(deps, taken, () => recall(call, { offered: [taken], counted: false }));
      const judged = judgeAttempt(deps, taken, call, recalled);
      return judged.ok
        ? driveClaimed(deps, taken, allowed, { deadline: draft.deadline, counting: judged.value })
        : denyPayment(deps, taken, judged.error);
    }),
  );
}

/** Pays, within what takes and gives back what the attempt takes beside the books. */
function driveClaimed(
  deps: JudgedDeps,
  payment: Payment,
  checked: CheckedPayer,
  of: { readonly deadline: EpochMs; readonly counting: Counting },
): Promise<Result<Payment, Refusal>> {
  const { claims } = of.counting;
  const drive = () => drivePayment(deps, payment, checked, of);
  return claims === null ? drive() : claims.around(deps, payment, drive);
}

function judgeAttempt(
  { clock }: Pick<JudgedDeps, 'clock'>,
  { offer, amount, terms: { validBefore } }: Payment,
  call: CallFacts,
  policies: PoliciesInForce,
): Result<Counting, PolicyRefusal> {
  return policies.judge(call, { offer, amount, validBefore }, clock.now());
}

/** With the cap of the policies where that is shorter: terms that a policy would refuse are not made. */
export function cappedBy<D extends Pick<JudgedDeps, 'validityCapSeconds'>>(
  deps: D,
  policies: PoliciesInForce | null,
): D {
  return cappedAt(deps, policies?.validityCapSeconds ?? Infinity);
}

export function cappedAt<D extends Pick<JudgedDeps, 'validityCapSeconds'>>(deps: D, capSeconds: number): D {
  return { ...deps, validityCapSeconds: Math.min(deps.validityCapSeconds, capSeconds) };
}

/**
 * Carries on a PENDING payment that this handler owns, unless its purchase has a name under which another payment stands for it, or
 * its terms were paid within the session too lately.
 */
async function unlessRepeated(
  deps: JudgedDeps,
  payment: Payment,
  deadline: EpochMs,
  drive: () => Promise<Result<Payment, Refusal>>,
): Promise<Result<Payment, Refusal>> {
  const first = await abortOnFailure(deps, payment, () => answerOfFirst(deps, payment, deadline));
  if (first !== null) {
    await abortQuietly(deps, payment);
    return replayed(deps, first);
  }
  const { repetitions } = deps;
  const repetition =
    repetitions === null ? null : await abortOnFailure(deps, payment, () => findRepetition(deps, repetitions, payment));
  if (repetition === null) return drive();
  await abortQuietly(deps, payment);
  return refuse(repetition);
}

/** An answer that another payment stands for is a replay. */
export function replayed(
  { observer }: Pick<JudgedDeps, 'observer'>,
  answer: Result<Payment, Refusal>,
): Result<Payment, Refusal> {
  if (answer.ok) observer?.replayed();
  return answer;
}
