import { parseBase64Json } from '../../json/base64-json.ts';
import { memberOf } from '../../json/record.ts';

const REFERENCE = /^[\x21-\x7e]{1,128}$/;

/** What a credential holds; `null` where it cannot be read. */
export function openCredential(
  paymentCredential: string,
): { readonly challenge: unknown; readonly payload: unknown } | null {
  const read = parseBase64Json(paymentCredential.replace(/^Payment /, ''));
  if (!read.ok) return null;
  return { challenge: memberOf(read.value, 'challenge'), payload: memberOf(read.value, 'payload') };
}

/** The header that a credential goes back in: the one that its challenge asks for. Its value is a bearer instrument: never log it. */
export function toCredentialHeader(paymentCredential: string): { readonly name: string; readonly value: string } {
  const header = namesHeader(paymentCredential)
    ? memberOf(openCredential(paymentCredential)?.challenge, 'header')
    : undefined;
  const isOwn = typeof header === 'string' && header.toLowerCase() === 'payment-authorization';
  return { name: isOwn ? 'Payment-Authorization' : 'Authorization', value: paymentCredential };
}

/** The word `header` in base64, by where it begins in a group of three bytes; the letters that its neighbours share are left out. */
const HEADER_IN_BASE64 = /aGVhZGVy|hlYWRlc|oZWFkZX/;

/** Whether a credential may name a header at all, which hardly any does: only then is it taken apart. */
function namesHeader(paymentCredential: string): boolean {
  return HEADER_IN_BASE64.test(paymentCredential);
}

/** Reads a `Payment-Receipt` header. `null`: the seller says nothing that can be read; the money is spent either way. */
export function parseReceipt(header: string) {
  const read = parseBase64Json(header);
  if (!read.ok || memberOf(read.value, 'status') !== 'success') return null;
  const reference = memberOf(read.value, 'reference');
  if (typeof reference !== 'string' || !REFERENCE.test(reference)) return null;
  return { success: true, transaction: reference, network: '', payer: null, errorReason: null };
}
