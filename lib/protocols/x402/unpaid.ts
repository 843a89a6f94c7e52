/** What of x402 is not paid, with what it is and why not. */
export interface UnpaidWay {
  readonly scheme: string | null;
  readonly transferMethod: string | null;
  /** As `extra.name` has it, where that tells it from a transfer of a token. */
  readonly domain: string | null;
  readonly state: 'refused' | 'not_available';
  readonly why: string;
}

/** Schemes, methods and domains that other parties have published. A name that is not here is refused likewise, without a reason. */
export const UNPAID_X402: readonly UnpaidWay[] = [
  {
    scheme: 'batch-settlement',
    transferMethod: null,
    domain: null,
    state: 'refused',
    why: 'it puts a deposit of many payments into an escrow, and the deposit is what is at stake',
  },
  {
    scheme: 'auth-capture',
    transferMethod: null,
    domain: null,
    state: 'refused',
    why: 'it puts money into an escrow whose operator captures or refunds it later',
  },
  {
    scheme: 'deferred',
    transferMethod: null,
    domain: null,
    state: 'not_available',
    why: 'it is a proposal of which there are several, and what it costs is said after the delivery',
  },
  {
    scheme: null,
    transferMethod: 'erc7710',
    domain: null,
    state: 'refused',
    why: 'it hands a delegation of the wallet over, which no check but a simulation bounds',
  },
  {
    scheme: null,
    transferMethod: null,
    domain: 'GatewayWalletBatched',
    state: 'refused',
    why: "Circle Gateway's batched payments: they are signed for the Gateway wallet contract and taken from a balance deposited there",
  },
  {
    scheme: null,
    transferMethod: null,
    domain: 'x402 Batch Settlement',
    state: 'refused',
    why: 'the batch-settlement escrow of x402, which is paid from a channel',
  },
];

/** Why a scheme or a transfer method is not paid, `null` for one of which nothing is known. */
export function whyUnpaid(of: 'scheme' | 'transferMethod' | 'domain', name: unknown): string | null {
  return UNPAID_X402.find((way) => way[of] !== null && way[of] === name)?.why ?? null;
}
