import { parseBase64Json } from '../../json/base64-json.ts';
import type { Payment } from '../purchase/terms-payer.ts';

/**
 * The members of `_meta` that present a proof, from the headers that present it over HTTP. Bearer instruments: never log them.
 * Throws where there is no proof that can be read.
 * @param takesText whether the server wants that of x402 as the header has it
 */
export async function toProofMeta(
  headers: Awaited<ReturnType<Payment['toHeaders']>>,
  takesText: boolean,
): Promise<object> {
  for (const { name, value } of headers) {
    switch (name.toLowerCase()) {
      case 'payment-signature':
      case 'x-payment': {
        const payload = parseBase64Json(value);
        if (payload.ok) return { 'x402/payment': takesText ? value : payload.value };
        break;
      }
      case 'authorization':
      case 'payment-authorization': {
        const { toJsonCredential } = await import('../../protocols/mpp/json-form.ts');
        const credential = toJsonCredential(value);
        if (credential !== null) return { 'org.paymentauth/credential': credential };
        break;
      }
    }
  }
  throw new Error('the answer to the payment holds no proof that a tool call can carry');
}

/** Whether a call carries a proof of its caller's own. */
export const PROOF_NAMES: readonly string[] = ['x402/payment', 'org.paymentauth/credential'];
