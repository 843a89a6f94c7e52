import type { CallInput } from '../../contract/client-types.ts';
import { readBounded } from '../../domain/bounded-bytes.ts';
import { BODY_MAX_BYTES } from '../../domain/limits.ts';

/** Headers of a 402 that have terms in them, in whatever protocol. The others are not passed on. */
const TERMS_HEADERS = ['content-type', 'payment-required', 'www-authenticate'];

/** A seller's 402 as `QuoteChallenge` takes it; `null` for any other answer, whose body is given up. */
export async function readMetChallenge(response: Response): Promise<CallInput<'QuoteChallenge'>['challenge'] | null> {
  if (response.status !== 402) {
    await response.body?.cancel();
    return null;
  }
  const bytes = await readBounded(response.body, BODY_MAX_BYTES);
  const terms = TERMS_HEADERS.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  // A longer body is left out: the terms may be in a header.
  const text = new TextDecoder().decode(bytes ?? undefined);
  return { status: 402, headers: Object.fromEntries(terms), body: text };
}
