import {
  APPROVAL_AMOUNT_MAX,
  APPROVAL_COPIES_MAX,
  APPROVAL_LOOK_MS,
  APPROVAL_STUCK_MS,
  APPROVAL_WAIT_MS,
} from '../limits.ts';
import { addMs, type EpochMs } from '../time.ts';
import {
  gasOfDay,
  newestSigned,
  unsignedCopy,
  type Allowance,
  type AllowanceEnd,
  type Attempt,
  type Copy,
  type Hindrance,
  type Want,
} from './allowance.ts';
import type { ApprovalFacts, ApprovalNeed, ApprovalSight } from './sight.ts';

// What the sender writes next, from what is written and what the chain shows. Every step is a whole new item under the next version,
// so that of two senders that saw the same, one writes.

/** Asks for an approval, in the place of what was asked for before and is not under way yet. */
export function ask(allowance: Allowance, want: Want): Allowance {
  return next(allowance, { want, visitAt: want.askedAt, hindrance: null });
}

/** Whether what is asked for is asked for already, so that nothing has to be written. */
export function isAskedFor({ want: known, attempt }: Allowance, { token, most, least }: Want): boolean {
  const asked = known ?? attempt?.want ?? null;
  if (asked === null || asked.token !== token) return false;
  if (least === null || asked.least === null) return asked.least === least && asked.most === most;
  return asked.least >= least && asked.most === most;
}

/** What became of an approval that is under way, as the chain shows it; `null`: nothing yet. */
export function concluded(allowance: Allowance, { nonce, mined }: ApprovalSight, now: EpochMs): Allowance | null {
  const { attempt, want } = allowance;
  if (attempt === null || attempt.want === null) return null;
  const { amount, want: asked } = attempt;
  if (mined !== null) {
    const { token } = asked;
    const { hash: transaction, succeeded } = mined;
    const end: AllowanceEnd = succeeded
      ? { kind: 'approved', token, amount, transaction, at: now }
      : { kind: 'reverted', token, transaction, at: now };
    return next(allowance, { attempt: null, end, hindrance: null, visitAt: nextVisit(allowance, now) });
  }
  if (nonce <= attempt.nonce) return null;
  // The nonce went to a transaction that is not ours, so that no copy can come to the chain any more.
  return next(allowance, { attempt: null, want: want ?? asked, hindrance: null, visitAt: now });
}

/** Freezes all that an approval is made of, for the signer. */
export function freeze(
  allowance: Allowance,
  seen: { readonly sight: ApprovalSight; readonly facts: ApprovalFacts; readonly need: ApprovalNeed },
  { now, gasPerDay }: { readonly now: EpochMs; readonly gasPerDay: bigint },
): Allowance {
  const { want, attempt } = allowance;
  if (want === null || attempt !== null) return allowance;
  const { sight, facts, need } = seen;
  const { token } = want;
  const amount = boundedAmount(want, need);
  const least = want.least === null ? null : atLeast(want.least, need.signed);
  if (least === null && amount === 0n && want.most > 0n)
    return finished(allowance, { kind: 'not_needed', token, at: now });
  if (least === null ? facts.allowance === amount : facts.allowance >= least)
    return finished(allowance, { kind: 'sufficient', token, amount: kept(facts.allowance), at: now });
  if (least !== null && amount < least) return finished(allowance, { kind: 'not_needed', token, at: now });
  if (sight.pendingNonce !== sight.nonce) return hindered(allowance, 'nonce_busy', now);
  const cost = facts.gasLimit * facts.maxFeePerGas;
  const day = gasOfDay(allowance, now);
  if (day.wei + cost > gasPerDay) return hindered(allowance, 'gas_budget', now);
  if (facts.balance < cost) return hindered(allowance, 'gas_missing', now);
  const { maxFeePerGas, maxPriorityFeePerGas, gasLimit } = facts;
  const copy: Copy = { maxFeePerGas, maxPriorityFeePerGas, frozenAt: now, signed: null };
  return next(allowance, {
    want: null,
    attempt: { want, withdrawal: null, amount, nonce: sight.nonce, gasLimit, copies: [copy], sentAt: null },
    gas: { day: day.day, wei: day.wei + cost },
    hindrance: null,
    visitAt: addMs(now, APPROVAL_LOOK_MS),
  });
}

/** What others approved may be without limit, and more than the books hold. */
function kept(allowance: bigint): bigint {
  return allowance < APPROVAL_AMOUNT_MAX ? allowance : APPROVAL_AMOUNT_MAX;
}

/** At most what was asked for, and what sessions may still need. */
function boundedAmount({ most }: Want, need: ApprovalNeed): bigint {
  return need.most !== null && need.most < most ? need.most : most;
}

function atLeast(least: bigint, signed: bigint): bigint {
  return signed > least ? signed : least;
}

/** Notes that the chain was given the newest bytes. */
export function sent(allowance: Allowance, now: EpochMs): Allowance {
  const { attempt } = allowance;
  if (attempt === null || attempt.sentAt !== null) return allowance;
  return next(allowance, { attempt: { ...attempt, sentAt: now }, visitAt: addMs(now, APPROVAL_LOOK_MS) });
}

/** Whether a transaction has been out for so long that its fee may be raised. */
export function isStuck(allowance: Allowance, now: EpochMs): boolean {
  const { attempt } = allowance;
  if (attempt?.sentAt == null || unsignedCopy(allowance) !== null) return false;
  return now >= addMs(attempt.sentAt, APPROVAL_STUCK_MS);
}

/** Nodes take another transaction of the same nonce from an eighth more on. */
const RAISE = { by: 9n, of: 8n } as const;

/**
 * Freezes a copy with a higher fee, of which the difference counts against the day's gas.
 * @param facts whose balance is what may go for gas
 */
export function raise(
  allowance: Allowance,
  facts: Pick<ApprovalFacts, 'balance' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>,
  { now, gasPerDay }: { readonly now: EpochMs; readonly gasPerDay: bigint },
): Allowance {
  const attempt = unhindered(allowance.attempt);
  const last = attempt?.copies.at(-1);
  if (attempt === null || last?.signed == null) return allowance;
  if (attempt.copies.length >= APPROVAL_COPIES_MAX) return hindered(allowance, 'fee_ceiling', now);
  const maxFeePerGas = raised(last.maxFeePerGas, facts.maxFeePerGas);
  const maxPriorityFeePerGas = raised(last.maxPriorityFeePerGas, facts.maxPriorityFeePerGas);
  const day = gasOfDay(allowance, now);
  const more = attempt.gasLimit * (maxFeePerGas - last.maxFeePerGas);
  if (day.wei + more > gasPerDay) return hindered(allowance, 'gas_budget', now);
  if (facts.balance < attempt.gasLimit * maxFeePerGas) return hindered(allowance, 'gas_missing', now);
  const copy: Copy = { maxFeePerGas, maxPriorityFeePerGas, frozenAt: now, signed: null };
  return next(allowance, {
    attempt: { ...attempt, copies: [...attempt.copies, copy], sentAt: null },
    gas: { day: day.day, wei: day.wei + more },
    hindrance: null,
    visitAt: addMs(now, APPROVAL_LOOK_MS),
  });
}

function unhindered(attempt: Attempt | null): Attempt | null {
  if (attempt === null || attempt.want !== null) return attempt;
  return { ...attempt, withdrawal: { ...attempt.withdrawal, hindrance: null } };
}

function raised(fee: bigint, usual: bigint): bigint {
  const least = (fee * RAISE.by) / RAISE.of + 1n;
  return usual > least ? usual : least;
}

/**
 * Writes an allowance anew whose copy has waited for its signature for long, so that the signer hears of it again: what called it
 * first may have been lost, or it may have refused while the books were frozen. Unchanged where none has.
 *
 * An approval of which nothing was signed gives its place to a withdrawal that waits: it may never be signed, as that of a wallet that
 * is deleted since. A signature that is made in this moment is not kept, since it is written upon the version that was read.
 */
export function remind(allowance: Allowance, now: EpochMs): Allowance {
  const { attempt, withdrawal, want } = allowance;
  const waiting = unsignedCopy(allowance);
  if (waiting === null || now < addMs(waiting.frozenAt, APPROVAL_STUCK_MS)) return allowance;
  if (withdrawal === null || attempt?.want == null || newestSigned(attempt) !== null)
    return next(allowance, { visitAt: addMs(now, APPROVAL_WAIT_MS) });
  const gas = gasWithout(allowance, attempt.gasLimit, waiting);
  return next(allowance, { attempt: null, want: want ?? attempt.want, gas, visitAt: now });
}

/** What the day's transactions can cost without one that was never signed. */
function gasWithout({ gas }: Allowance, gasLimit: bigint, { frozenAt, maxFeePerGas }: Copy): Allowance['gas'] {
  return gasOfDay({ gas }, frozenAt) === gas ? { ...gas, wei: gas.wei - gasLimit * maxFeePerGas } : gas;
}

/** Keeps the bytes of the copy that waited for them. The next look gives them to the chain. */
export function keepBytes(allowance: Allowance, bytes: NonNullable<Copy['signed']>, now: EpochMs): Allowance {
  const { attempt } = allowance;
  if (attempt === null || unsignedCopy(allowance) === null) return allowance;
  const copies = attempt.copies.map((copy) => (copy.signed === null ? { ...copy, signed: bytes } : copy));
  return next(allowance, { attempt: { ...attempt, copies }, visitAt: now });
}

/** What the chain is to get now; `null`: nothing is signed yet. */
export function toSend({ attempt }: Allowance): NonNullable<Copy['signed']> | null {
  return attempt === null ? null : newestSigned(attempt);
}

function finished(allowance: Allowance, end: AllowanceEnd): Allowance {
  const visitAt = allowance.withdrawal === null ? null : addMs(end.at, APPROVAL_WAIT_MS);
  return next(allowance, { want: null, end, hindrance: null, visitAt });
}

/** Says what is waited for, of what is under way or else of the approval that is asked for. */
function hindered(allowance: Allowance, hindrance: Hindrance, now: EpochMs): Allowance {
  const { attempt } = allowance;
  const visitAt = addMs(now, APPROVAL_WAIT_MS);
  if (attempt === null || attempt.want !== null) return next(allowance, { hindrance, visitAt });
  return next(allowance, { attempt: { ...attempt, withdrawal: { ...attempt.withdrawal, hindrance } }, visitAt });
}

/** When something is to be looked at that is asked for and not under way. */
function nextVisit({ want, withdrawal }: Allowance, now: EpochMs): EpochMs | null {
  return want === null && withdrawal === null ? null : now;
}

/** The next version, which is written upon the one that was read. */
export function next(allowance: Allowance, change: Partial<Omit<Allowance, 'version'>>): Allowance {
  return { ...allowance, ...change, version: allowance.version + 1 };
}
