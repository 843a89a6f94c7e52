import {
  readChallenge,
  readRejection,
  readSettlement,
  type Challenge,
  type Settlement,
} from '../protocols/challenge.ts';
import { readBoundedText } from './bounded-text.ts';
import { UnpayableError } from './purchase-error.ts';

const CHALLENGE_MAX_BYTES = 64 * 1024;

/** Reads a 402's terms from a copy, so that the caller still gets the body. `null`: it speaks no protocol that is paid here. */
export async function readTerms(response: Response): Promise<Challenge | null> {
  const body = await readBoundedText(response.clone(), CHALLENGE_MAX_BYTES);
  if (body === null) {
    await response.body?.cancel();
    throw new UnpayableError(`the seller's 402 is larger than ${CHALLENGE_MAX_BYTES} bytes`);
  }
  const parsed = readChallenge({ headers: response.headers, body });
  if (parsed.ok) return parsed.value;
  throw new UnpayableError(`the seller's 402 cannot be read: ${parsed.error.message}`);
}

/** What a seller made of a proof. */
export interface SellerAnswer {
  readonly settlement: Settlement | null;
  readonly reason: string | null;
  readonly deliveredAt: string | null;
}

/** Reads what a seller answered to a proof, from headers and a copy of a 402's body. Never throws. */
export async function readAnswer(response: Response, url: string): Promise<SellerAnswer> {
  const settlement = readSettlement(response.headers);
  const { status, headers } = response;
  if (status === 402) {
    const isInHeader = headers.has('payment-required');
    const body = isInHeader ? null : await readBoundedText(response.clone(), CHALLENGE_MAX_BYTES).catch(() => null);
    return { settlement, reason: readRejection({ headers, body: body ?? '' }), deliveredAt: null };
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
