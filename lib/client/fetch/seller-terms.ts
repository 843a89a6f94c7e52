import { CHALLENGE_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { readChallenge, type Challenge } from '../../protocols/challenge.ts';
import { readBoundedText } from './bounded-text.ts';
import { UnpayableError } from '../purchase/purchase-error.ts';

/** What the terms of a 402 stand in, as they came. */
interface TermsSource {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TERMS_HEADERS = ['payment-required', 'www-authenticate'] as const;

/** What a 402 asks for that can be read. */
export interface PayableTerms {
  readonly challenge: Challenge;
  readonly source: TermsSource;
}

/** What a 402 asks for; `challenge` is `null` where nothing in it can be paid here, and then `reason` says why, if anything does. */
export type SellerTerms =
  | (PayableTerms & { readonly reason: null })
  | { readonly challenge: null; readonly reason: string | null };

/**
 * Reads the terms of a 402: from its headers, and only where they have none from a copy of its body, so that the caller gets the body
 * as it came. Of a body that is longer than any terms no more than the bound is read.
 * Throws `UnpayableError` for terms that cannot be read.
 */
export async function readTerms(response: Response): Promise<SellerTerms> {
  const { headers } = response;
  // A challenge of MPP in its header says nothing of x402, which may stand in the body.
  const isInHeader = Boolean(headers.get('payment-required'));
  const body = isInHeader ? '' : ((await readBoundedText(response.clone(), CHALLENGE_BODY_MAX_BYTES)) ?? '');
  const read = readChallenge({ headers, body });
  if (read.ok) {
    // No other headers are passed on: a seller's cookies are for its client alone.
    const told = TERMS_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    const source = { headers: Object.fromEntries(told), body };
    return { challenge: read.value, source, reason: null };
  }
  if (read.error.reason === 'no_offers') return { challenge: null, reason: read.error.message };
  throw new UnpayableError(`the seller's 402 cannot be read: ${read.error.message}`);
}
