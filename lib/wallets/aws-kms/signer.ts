import type { Signer } from '../../domain/ports/services.ts';
import { assertDigest, parseDerSignature, sealSignature, toLowS } from '../secp256k1.ts';

/**
 * Has KMS sign a digest with ECDSA over SHA-256's length; the answer is DER, or empty where KMS gave none.
 * Throws what `toWalletError` makes of a failure, and ends within `SIGNER_TIMEOUT_MS`.
 */
export type SignDigest = (keyArn: string, digest: Uint8Array) => Promise<Uint8Array>;

/**
 * Signs with secp256k1 keys inside KMS. KMS answers in DER and with high s half of the time; what is returned has low s,
 * and is the address's own: a key that is not behind the address releases nothing.
 * Throws `NotNow` when KMS throttles. A call that is not answered within `SIGNER_TIMEOUT_MS` throws, with nothing released.
 */
export function createKmsSigner({ signDigest }: { readonly signDigest: SignDigest }): Signer {
  return {
    type: 'AwsKms',
    sign: async (key, { digest }, address) => {
      if (key.type !== 'AwsKms') throw new Error(`the AwsKms signer was given a ${key.type} key`);
      assertDigest(digest);
      const parsed = parseDerSignature(await signDigest(key.keyArn, digest));
      if (!parsed.ok) throw new Error(`KMS gave no signature with ${key.keyArn}: expected ${parsed.error.expected}`);
      const signature = sealSignature(toLowS(parsed.value), digest, address);
      if (signature === null) throw new Error(`${key.keyArn} is not the key of ${address}: nothing is released`);
      return signature;
    },
  };
}
