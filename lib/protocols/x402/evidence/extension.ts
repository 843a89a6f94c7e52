import { EVIDENCE_MAX_CHARS } from '../../../domain/payment/evidence.ts';
import { memberOf } from '../../../json/record.ts';

/** What the extension adds to a 402, and to a settlement. */
const infoOf = (document: unknown): unknown =>
  memberOf(memberOf(memberOf(document, 'extensions'), 'offer-receipt'), 'info');

/** The offers of a 402 that may be signed, as they came. */
export function signedOffersIn(challenge: unknown): readonly unknown[] {
  const offers = memberOf(infoOf(challenge), 'offers');
  return Array.isArray(offers) ? offers : [];
}

/** The receipt that a settlement carries, as JSON text; `undefined`: none, or one that is longer than anybody keeps. */
export function signedReceiptIn(settlement: unknown): string | undefined {
  const text = JSON.stringify(memberOf(infoOf(settlement), 'receipt')) as string | undefined;
  return text !== undefined && text.length <= EVIDENCE_MAX_CHARS ? text : undefined;
}
