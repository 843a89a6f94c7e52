import { formatApproval, parseApproval } from '../../../lib/domain/payment/approval.ts';
import type { PaymentId } from '../../../lib/domain/ids.ts';
import type { ApprovalState } from '../../../lib/domain/ports/services.ts';
import type { Books } from '../model-ledger.ts';
import type { Effect } from './process.ts';
import type { Answer } from './replay.ts';

/**
 * People who are to approve what is signed, at the provider of a wallet. They answer each question at any time, also when its terms
 * are over, and once.
 */
export type People =
  /** The seller leaves so much time that terms are never over. */
  | 'in time'
  /** The terms are over when a late handler comes. */
  | 'too late';

export interface Question {
  readonly paymentId: PaymentId;
  readonly status: Exclude<ApprovalState['status'], 'over'>;
}

/** By the digest that they are about, which is also what the provider calls them. */
export type Questions = ReadonlyMap<string, Question>;

export interface PeopleMove {
  readonly label: string;
  readonly questions: Questions;
  readonly answer: Answer;
  /** Whether it takes a failure of the signer from what may go wrong. */
  readonly fails: boolean;
}

/** What a provider does that is asked for a signature, or says where there is no signature yet; a text is the rule that it breaks. */
export function askPeople(
  people: People,
  { books, questions }: { readonly books: Books; readonly questions: Questions },
  { digest, of }: Extract<Effect, { kind: 'sign' }>,
  value: string,
): readonly PeopleMove[] | string {
  if (of === null) throw new Error('people are asked for a payment');
  const known = questions.get(digest);
  if (known?.status === 'given') {
    return [{ label: 'signs what people approved', questions, answer: { kind: 'reply', value }, fails: false }];
  }
  const again = [...questions.values()].some(({ paymentId }) => paymentId === of.id);
  const stored = books.payments.get(of.id);
  // Whoever has lost the payment to another handler does not know yet whom that one has asked.
  const knows = stored?.approval !== undefined && stored.attempt === of.attempt;
  if (known === undefined && again && knows && people === 'in time') {
    return `asked: people are asked twice for ${of.id}, whose terms stand`;
  }
  const next =
    known === undefined ? new Map(questions).set(digest, { paymentId: of.id, status: 'waiting' }) : questions;
  const round = of.approval === undefined ? 1 : parseApproval(of.approval).round;
  const refused = (reference: string | null) =>
    ({ kind: 'refused', approval: formatApproval({ round, reference }) }) as const;
  return [
    { label: 'has people asked', questions: next, answer: refused(digest), fails: false },
    { label: 'has people asked, and does not hear of it', questions: next, answer: refused(null), fails: true },
  ];
}

/** What people may do with the questions that wait for them. */
export function peopleMoves(questions: Questions): readonly (readonly [label: string, Questions])[] {
  return [...questions].flatMap(([digest, question]) =>
    question.status === 'waiting'
      ? (['given', 'rejected'] as const).map(
          (status) =>
            [
              `people: ${status} ${digest.slice(0, 6)}`,
              new Map(questions).set(digest, { ...question, status }),
            ] as const,
        )
      : [],
  );
}
