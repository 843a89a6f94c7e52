import { CHALLENGE_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { readRejection, readSettlement, remedyFor, type Settlement } from '../../protocols/challenge.ts';
import { readBoundedText } from './bounded-text.ts';

/** What a seller made of a proof. */
export interface SellerAnswer {
  readonly settlement: Settlement | null;
  /** The seller's own word. */
  readonly reason: string | null;
  /** What helps against that reason, where Bursar knows it. */
  readonly remedy: string | null;
  readonly deliveredAt: string | null;
}

/** Those by which sellers ask again; the second where the chain lacks something that a payment needs. */
const ASKING = new Set([402, 412]);

/** Reads what a seller answered to a proof, from headers and a copy of a 402's body. Never throws. */
export async function readAnswer(response: Response, url: string): Promise<SellerAnswer> {
  const settlement = await readSettlement(response.headers);
  const { status, headers } = response;
  if (ASKING.has(status)) {
    const isInHeader = headers.has('payment-required');
    const body = isInHeader
      ? null
      : await readBoundedText(response.clone(), CHALLENGE_BODY_MAX_BYTES).catch(() => null);
    const reason = await readRejection({ headers, body: body ?? '' });
    return { settlement, reason, remedy: remedyFor(reason), deliveredAt: null };
  }
  const location = headers.get('location');
  const isElsewhere =
    status === 303 && settlement?.success === true && location !== null && URL.canParse(location, url);
  const reason = settlement?.success === false ? settlement.errorReason : null;
  return {
    settlement,
    reason,
    remedy: remedyFor(reason),
    deliveredAt: isElsewhere ? new URL(location, url).href : null,
  };
}
