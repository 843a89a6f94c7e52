import { formatHex } from '../domain/hex.ts';

/**
 * The client token of a purchase. It is of the purchase alone: whatever the seller asks next time, and in whatever session, the same
 * purchase is the same token, so that it is paid once. A later generation stands for the same purchase after a denial, which is
 * final for its token.
 */
export async function toPurchaseToken(purchaseId: string, generation: number): Promise<string> {
  const text = JSON.stringify(['bursar purchase', purchaseId, generation]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return formatHex(new Uint8Array(digest));
}
