import type { PaymentChallenge } from './challenge.ts';
import type { PresentedCredential } from './method.ts';
import { encodeBase64Url } from './base64url.ts';

/**
 * The credential as the seller gets it. The members of the challenge stand in the order in which mppx writes them; a seller reads them
 * by name. The same input gives the same bytes for ever.
 */
export function formatCredential({
  challenge,
  payload,
  source,
}: {
  readonly challenge: PaymentChallenge;
  readonly payload: object;
  readonly source: string;
}): PresentedCredential {
  const { description, digest, expires, header, id, intent, method, opaque, realm, request } = challenge;
  // Members that are undefined are left out.
  const echoed = { description, digest, expires, header, id, intent, method, realm, opaque, request };
  const json = JSON.stringify({ challenge: echoed, payload, source });
  return {
    selectedPaymentId: id,
    paymentCredential: `Payment ${encodeBase64Url(json)}`,
  };
}
