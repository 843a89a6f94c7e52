import { createHash } from 'node:crypto';
import type { DeclaredRequest } from '../../domain/offers/judge-offer.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import { toEpochMs, type EpochMs } from '../../domain/time.ts';
import { hashRequest } from '../paying/payment-draft.ts';

/** Everything that a quote is for. */
export interface QuoteTerms {
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly request: DeclaredRequest;
  readonly offer: Offer;
  readonly expiresAt: EpochMs;
}

const QUOTE_ID = /^q1-([0-9a-z]{1,9})-[0-9a-f]{64}$/;

/**
 * The name of a quote: when it ends, and a digest of what it is for. It is no secret and bears no signature, since it allows nothing:
 * given back with a 402 it narrows the choice to the offer that it was made for, and a caller that makes one up only narrows its own choice.
 */
export function formatQuoteId({
  managerId,
  userId,
  sessionId,
  instrumentId,
  request,
  offer,
  expiresAt,
}: QuoteTerms): string {
  const { method, url, tool, intent, bodyHash } = request;
  const terms = hashRequest({ sessionId, instrumentId, offer });
  const bound = ['bursar quote', 1, managerId, userId, terms, method, url, tool, intent, bodyHash, expiresAt];
  return `q1-${expiresAt.toString(36)}-${createHash('sha256').update(JSON.stringify(bound)).digest('hex')}`;
}

/** When a quote ends; `null` for a text that names none. */
export function expiryOfQuote(quoteId: string): EpochMs | null {
  const text = QUOTE_ID.exec(quoteId)?.[1];
  const expiresAt = text === undefined ? Number.NaN : Number.parseInt(text, 36);
  return Number.isSafeInteger(expiresAt) ? toEpochMs(expiresAt) : null;
}
