import type { Hex, Payment } from '../../lib/domain/payment/payment.ts';
import { schemeOf } from '../../lib/protocols/catalogue.ts';
import type { Move } from './chain-moves.ts';

/** A transfer that no signed payment of the books stands for, and why. */
export interface Unbooked {
  readonly move: Move;
  /**
   * `no_payment`: an authorization that the books do not know; `not_signed`: they know it and never saw it signed; `other_terms`: they
   * signed another amount or payee under the same nonce, of which the chain took the other; `no_authorization`: no authorization
   * moved it, so neither did Bursar.
   */
  readonly why: 'no_payment' | 'not_signed' | 'other_terms' | 'no_authorization';
}

/** A signed payment that the chain does not show. */
export interface Unsettled {
  readonly payment: Payment;
  /** `dead`: over, no block will take it any more; `open`: it may still be settled. */
  readonly state: 'open' | 'dead';
}

export interface Comparison {
  /** Signed payments that the chain shows. */
  readonly settled: number;
  readonly unbooked: readonly Unbooked[];
  readonly unsettled: readonly Unsettled[];
  /** Payments of a scheme that shows no nonce, which are not compared. */
  readonly uncompared: number;
}

interface Terms {
  readonly from: string;
  readonly nonce: string;
  readonly validBefore: number;
}

/**
 * Holds the chain's transfers of one token against the books' payments in it: by payer and nonce, and of permits, whose nonces no event
 * tells, by payer, payee and amount.
 * @param since epoch milliseconds: payments that were decided before it may have been settled before the moves begin
 * @param timestamp epoch seconds of the last block that was read
 */
export function compare(
  moves: readonly Move[],
  payments: readonly Payment[],
  { since, timestamp }: { readonly since: number; readonly timestamp: bigint },
): Comparison {
  const byAuthorization = new Map<string, Payment>();
  const pairs = payments.flatMap((payment) => {
    const terms = termsOf(payment);
    return terms === null ? [] : [{ payment, terms }];
  });
  for (const { payment, terms } of pairs) byAuthorization.set(keyOf(terms.from, terms.nonce), payment);
  const permits = new Set(pairs.flatMap(({ payment }) => (isPermit(payment) ? [payment] : [])));
  const found = moves.map((move) => {
    if (move.nonce !== null) {
      const payment = byAuthorization.get(keyOf(move.from, move.nonce));
      return { move, payment, why: whyUnbooked(move, payment) };
    }
    const payment = [...permits].find((permit) => isTakenBy(permit, move));
    if (payment !== undefined) permits.delete(payment);
    return { move, payment, why: payment === undefined ? ('no_authorization' as const) : null };
  });
  const shown = new Set(found.flatMap(({ payment, why }) => (why === null ? [payment!.id] : [])));
  const unsettled = pairs.flatMap(({ payment, terms }) => {
    const isSigned = payment.status === 'SIGNED' && (payment.decidedAt ?? 0) >= since;
    if (!isSigned || shown.has(payment.id)) return [];
    return [{ payment, state: timestamp >= BigInt(terms.validBefore) ? ('dead' as const) : ('open' as const) }];
  });
  return {
    settled: shown.size,
    unbooked: found.flatMap(({ move, why }) => (why === null ? [] : [{ move, why }])),
    unsettled,
    uncompared: payments.length - pairs.length,
  };
}

/** Signed for a contract that the wallet approved, which tells no event with the nonce. */
function isPermit({ offer, status }: Payment): boolean {
  return status === 'SIGNED' && schemeOf(offer).approved !== null;
}

/** Whether a transfer may be that of a permit: each is one transfer, of its amount, or of at most its ceiling. */
function isTakenBy({ offer, terms }: Payment, { from, to, amount }: Move): boolean {
  const isAmount = offer.facilitator === undefined ? offer.amount === amount : amount <= offer.amount;
  return isAmount && same(from, terms.from) && same(to, offer.payTo);
}

function whyUnbooked(move: Move, payment: Payment | undefined): Unbooked['why'] | null {
  if (payment === undefined) return 'no_payment';
  if (payment.status !== 'SIGNED') return 'not_signed';
  const isSame = same(payment.offer.payTo, move.to) && payment.offer.amount === move.amount;
  return isSame ? null : 'other_terms';
}

function termsOf({ offer, terms }: Payment): Terms | null {
  const { from, nonce, validBefore } = schemeOf(offer).show(terms);
  if (typeof from !== 'string' || typeof nonce !== 'string') return null;
  return { from, nonce, validBefore: Number(validBefore) };
}

const keyOf = (from: string, nonce: string): string => `${from} ${nonce}`.toLowerCase();
const same = (a: string, b: Hex): boolean => a.toLowerCase() === b.toLowerCase();
