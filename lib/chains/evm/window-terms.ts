import type { Hex, OfferBase, TermsBase } from '../../domain/payment/shapes.ts';
import { validityWindow } from '../../domain/payment/validity.ts';
import type { FreezeInput, Packed, PackedValue } from '../../domain/ports/schemes.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import { toEpochSeconds, type EpochSeconds } from '../../domain/time.ts';
import { toChecksumAddress } from './address.ts';

/** Terms that hold from one instant to another, under a nonce that the chain takes once. */
export interface WindowTerms<Method extends string = string> extends TermsBase {
  readonly transferMethod: Method;
  readonly from: Hex;
  /** 32 bytes, the same for all attempts of a payment: the chain settles at most one of them. */
  readonly nonce: Hex;
  readonly validAfter: EpochSeconds;
  readonly validBefore: EpochSeconds;
}

/** Freezes terms from ten minutes ago to the end of the offer's validity, under a nonce that is this payment's alone. */
export function freezeWindow<Method extends string>(
  transferMethod: Method,
  { offer, from, uniqueness, now, capSeconds, sessionExpiresAt }: FreezeInput<OfferBase>,
): Result<WindowTerms<Method>, Refusal> {
  const { maxTimeoutSeconds, expiresAt } = offer;
  const window = validityWindow({ now, maxTimeoutSeconds, expiresAt, capSeconds, sessionExpiresAt });
  if (!window.ok) return window;
  return ok({ transferMethod, from, nonce: uniqueness, ...window.value });
}

/** What may be shown of the terms: by the nonce the chain can be asked whether the money was taken. */
export function showWindow({ from, nonce, validAfter, validBefore }: WindowTerms) {
  return { from, nonce, validAfter, validBefore };
}

/** The terms as a store keeps them. */
export function packWindow(terms: WindowTerms): Packed {
  return {
    fr: { bytes: terms.from },
    nc: { bytes: terms.nonce },
    va: { number: BigInt(terms.validAfter) },
    vb: { number: BigInt(terms.validBefore) },
  };
}

/** Throws where a member is missing: the item is then none of ours. */
export function unpackWindow<Method extends string>(transferMethod: Method, packed: Packed): WindowTerms<Method> {
  return {
    transferMethod,
    from: toChecksumAddress(readBytes(packed['fr'])),
    nonce: readBytes(packed['nc']),
    validAfter: readSeconds(packed['va']),
    validBefore: readSeconds(packed['vb']),
  };
}

/** Bytes as a store kept them. Throws where there are none. */
export function readBytes(value: PackedValue | undefined): Hex {
  if (value === undefined || !('bytes' in value)) throw new Error('stored terms of a transfer lack bytes');
  return value.bytes;
}

function readSeconds(value: PackedValue | undefined): EpochSeconds {
  if (value === undefined || !('number' in value)) throw new Error('stored terms of a transfer lack an instant');
  return toEpochSeconds(Number(value.number));
}

/** The one signature of a payment that has one. Throws where there is none or another. */
export function onlySignature(signatures: readonly Hex[]): Hex {
  const [signature, ...others] = signatures;
  if (signature === undefined || others.length > 0) throw new Error('a transfer has exactly one signature');
  return signature;
}
