/** What becomes of an intent or a method of MPP. */
interface MppWay {
  readonly scheme: string;
  /** `null`: any other. */
  readonly transferMethod: string | null;
  readonly state: 'paid' | 'refused' | 'not_available';
  readonly why: string;
}

/** For the page of all ways to pay, and for refusals: why is told, since a seller that offers one of them is not broken. */
export const MPP_WAYS: readonly MppWay[] = [
  {
    scheme: 'charge',
    transferMethod: 'evm',
    state: 'paid',
    why: 'a transfer that the token itself checks (EIP-3009), under a nonce of the challenge; credentials of type authorization',
  },
  { scheme: 'charge', transferMethod: null, state: 'not_available', why: 'no other method than evm is signed' },
  {
    scheme: 'session',
    transferMethod: null,
    state: 'refused',
    why: 'it puts a deposit into a channel, and the deposit is what is at stake',
  },
  {
    scheme: 'subscription',
    transferMethod: null,
    state: 'refused',
    why: 'it lets the seller take money again and again without being asked',
  },
];

/** Why an intent, or a method of one that is paid, is not; `null` for an intent of which nothing is known. */
export function whyUnpaid(intent: string): string | null {
  return MPP_WAYS.find(({ scheme, state }) => scheme === intent && state !== 'paid')?.why ?? null;
}
