/** What becomes of each intent and method of MPP, for the page of all ways to pay. */
export const MPP_WAYS = [
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
] as const;
