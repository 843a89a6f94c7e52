import type { X402Schemes } from '../requirement.ts';
import { exactEip3009Buying } from './exact-eip3009/buying.ts';
import { exactPermit2Buying } from './exact-permit2/buying.ts';
import { uptoPermit2Buying } from './upto-permit2/buying.ts';

/** What reads the offers that a release pays. Apart from what signs, and from other protocols: clients carry this. */
export const X402_SCHEMES: X402Schemes = {
  payable: [exactEip3009Buying, exactPermit2Buying, uptoPermit2Buying],
  withAllowance: 'upto',
};
