import { InvariantViolated } from '../invariant.ts';

/** How far a payment has come with people who are to approve, at the provider of its wallet, what is signed. */
export interface Approval {
  /** How often they were asked: terms that are frozen anew are another message, which nobody has approved. From 1 on. */
  readonly round: number;
  /** What the provider calls its question; `null` where it gives none a name, or did not say. */
  readonly reference: string | null;
}

/** What a provider may call its question. */
export const APPROVAL_REFERENCE = /^[\w-]{1,64}$/;

const FORM = /^([1-9]\d{0,2})(?: ([\w-]{1,64}))?$/;

/** In the form in which the books keep it. */
export function formatApproval({ round, reference }: Approval): string {
  return reference === null ? `${round}` : `${round} ${reference}`;
}

/** Throws on a text that `formatApproval` never writes: the books are then corrupt. */
export function parseApproval(text: string): Approval {
  const [, round, reference = null] = FORM.exec(text) ?? [];
  if (round === undefined) throw new InvariantViolated('not an approval as the books keep it');
  return { round: Number(round), reference };
}

/** Nobody was asked before. */
export const FIRST_ROUND = formatApproval({ round: 1, reference: null });
