import { MPP_WAYS } from './mpp/methods/ways.ts';
import { PAID_X402 } from './x402/schemes/paid.ts';
import { UNPAID_X402 } from './x402/unpaid.ts';

/** A way to pay, and what Bursar does with it. */
export interface Support {
  readonly protocol: 'x402' | 'mpp';
  /** Scheme, or intent of MPP; `null`: any. */
  readonly scheme: string | null;
  /** Transfer method, or method of MPP; `null`: any. */
  readonly transferMethod: string | null;
  readonly domain: string | null;
  readonly state: 'paid' | 'refused' | 'not_available';
  readonly why: string;
}

/** Every way to pay that is known by name: the paid ones from the catalogue, then the others with their reasons. */
export const SUPPORT: readonly Support[] = [
  ...PAID_X402.map(({ scheme, transferMethod, approved, how }): Support => ({
    protocol: 'x402',
    scheme,
    transferMethod,
    domain: null,
    state: 'paid',
    why: approved === null ? how : `${how}. The wallet must have approved ${approved}`,
  })),
  ...UNPAID_X402.map((way): Support => ({ protocol: 'x402', ...way })),
  ...MPP_WAYS.map((way): Support => ({ protocol: 'mpp', domain: null, ...way })),
];
