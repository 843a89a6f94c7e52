import { CHALLENGE_BODY_MAX_BYTES } from '../domain/limits.ts';
import { readRejection, readSettlement, type Settlement } from '../protocols/challenge.ts';
import { readBoundedText } from './bounded-text.ts';

/** What a seller made of a proof. */
export interface SellerAnswer {
  readonly settlement: Settlement | null;
  readonly reason: string | null;
  readonly deliveredAt: string | null;
}

/** Reads what a seller answered to a proof, from headers and a copy of a 402's body. Never throws. */
export async function readAnswer(response: Response, url: string): Promise<SellerAnswer> {
  const settlement = await readSettlement(response.headers);
  const { status, headers } = response;
  if (status === 402) {
    const isInHeader = headers.has('payment-required');
    const body = isInHeader
      ? null
      : await readBoundedText(response.clone(), CHALLENGE_BODY_MAX_BYTES).catch(() => null);
    return { settlement, reason: await readRejection({ headers, body: body ?? '' }), deliveredAt: null };
  }
  const location = headers.get('location');
  const isElsewhere =
    status === 303 && settlement?.success === true && location !== null && URL.canParse(location, url);
  return {
    settlement,
    reason: settlement?.success === false ? settlement.errorReason : null,
    deliveredAt: isElsewhere ? new URL(location, url).href : null,
  };
}
