import type { Scheme, SchemeName } from '../../../domain/ports/schemes.ts';
import { exactEip3009 } from './exact-eip3009/index.ts';
import { exactPermit2 } from './exact-permit2/index.ts';
import { uptoPermit2 } from './upto-permit2/index.ts';

/** How each scheme of x402 that is paid is settled, for the list of what is supported. */
export const PAID_X402: readonly (Pick<Scheme, keyof SchemeName | 'exposure' | 'approved'> & {
  readonly how: string;
})[] = [
  { ...exactEip3009, how: 'a transfer that the token itself checks (EIP-3009); the seller gets the price' },
  { ...exactPermit2, how: 'a permit by Permit2; the seller gets the price' },
  {
    ...uptoPermit2,
    how: 'a permit by Permit2, of which a facilitator takes what was used: one that `facilitators` of the deployment names. The price is what is reserved',
  },
];
