import { toSha256 } from './sha256.ts';

/**
 * The client token of a purchase. It is of the purchase alone: whatever the seller asks next time, and in whatever session, the same
 * purchase is the same token, so that it is paid once. A later generation stands for the same purchase after a denial, which is
 * final for its token.
 */
export async function toPurchaseToken(purchaseId: string, generation: number): Promise<string> {
  return toSha256(JSON.stringify(['bursar purchase', purchaseId, generation]));
}
