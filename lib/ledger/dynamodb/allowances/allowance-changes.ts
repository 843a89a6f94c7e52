import type { AllowanceKey, Hindrance } from '../../../domain/allowances/allowance.ts';
import { APPROVAL_WAIT_MS } from '../../../domain/limits.ts';
import type { Hex } from '../../../domain/payment/shapes.ts';
import { addMs, type EpochMs } from '../../../domain/time.ts';
import type { StreamImage, StreamRecord } from '../store/stream-record.ts';
import type { Item } from '../store/client.ts';
import { parseAllowanceItem } from './allowance-items.ts';

/** What happened to a wallet's approvals. Amounts are in the token's smallest unit; the bytes of a transaction are not in it. */
export type AllowanceChange = AllowanceKey & {
  readonly managerId: string;
  readonly userId: string;
  readonly instrumentId: string;
  /** Of the item that tells it: of every other change it is another. */
  readonly version: number;
  readonly token: Hex;
  readonly at: EpochMs;
} & (
    | { readonly kind: 'requested'; readonly most: bigint; readonly sessionId: string | null }
    /** The chain was given the bytes. */
    | { readonly kind: 'sent'; readonly amount: bigint; readonly transaction: Hex }
    | { readonly kind: 'mined'; readonly amount: bigint; readonly transaction: Hex }
    /** The chain showed enough, so that nothing was sent. */
    | { readonly kind: 'sufficient'; readonly amount: bigint }
    | { readonly kind: 'failed'; readonly why: Hindrance | 'reverted' | 'not_needed'; readonly transaction: Hex | null }
  );

/** Reads what a change of a wallet's item tells; `null`: nothing. Throws for an item that this release can't read. */
export function parseAllowanceChange({ dynamodb: { OldImage, NewImage } }: StreamRecord): AllowanceChange | null {
  if (NewImage === undefined) return null;
  const [before, after] = [OldImage === undefined ? null : toAllowance(OldImage), toAllowance(NewImage)];
  const { network, owner, managerId, userId, instrumentId, version, want, attempt, end, hindrance, visitAt } = after;
  const of = { network, owner, managerId, userId, instrumentId, version };
  if (end !== null && end.at !== before?.end?.at) {
    const { token, at } = end;
    switch (end.kind) {
      case 'approved':
        return { ...of, kind: 'mined', token, at, amount: end.amount, transaction: end.transaction };
      case 'sufficient':
        return { ...of, kind: 'sufficient', token, at, amount: end.amount };
      case 'reverted':
        return { ...of, kind: 'failed', why: 'reverted', token, at, transaction: end.transaction };
      case 'not_needed':
        return { ...of, kind: 'failed', why: 'not_needed', token, at, transaction: null };
    }
  }
  // Of a withdrawal its payment tells, and its outcome.
  const token = (want ?? attempt?.want)?.token;
  if (token === undefined) return null;
  if (hindrance !== null && hindrance !== before?.hindrance && visitAt !== null)
    return { ...of, kind: 'failed', why: hindrance, token, at: addMs(visitAt, -APPROVAL_WAIT_MS), transaction: null };
  if (attempt?.want != null && attempt.sentAt !== null && attempt.sentAt !== before?.attempt?.sentAt) {
    const transaction = attempt.copies.at(-1)?.signed?.hash;
    if (transaction !== undefined)
      return {
        ...of,
        kind: 'sent',
        token: attempt.want.token,
        at: attempt.sentAt,
        amount: attempt.amount,
        transaction,
      };
  }
  // Asked for again after a transaction that is not ours took its nonce, it is the same request.
  const askedBefore = [before?.want?.askedAt, before?.attempt?.want?.askedAt];
  if (want === null || askedBefore.includes(want.askedAt)) return null;
  return { ...of, kind: 'requested', token, at: want.askedAt, most: want.most, sessionId: want.sessionId };
}

/** What a stream record writes is what DynamoDB answers, but for bytes, which are base64. */
function toAllowance(image: StreamImage) {
  return parseAllowanceItem(toItem(image));
}

function toItem(image: StreamImage): Item {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, toAttribute(value)]));
}

function toAttribute({ S, N, B, M, L }: StreamImage[string]): Item[string] {
  if (S !== undefined) return { S };
  if (N !== undefined) return { N };
  if (B !== undefined) return { B: Buffer.from(B, 'base64') };
  if (M !== undefined) return { M: toItem(M) };
  return L === undefined ? { NULL: true } : { L: L.map(toAttribute) };
}
