import { SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { SIGNER_TIMEOUT_MS } from '../../domain/limits.ts';
import type { Signer } from '../../domain/ports/services.ts';
import { assertDigest, parseDerSignature, sealSignature, toLowS } from '../secp256k1.ts';
import { toWalletError } from '../service-failure.ts';

/**
 * Signs with secp256k1 keys inside KMS. KMS answers in DER and with high s half of the time; what is returned has low s,
 * and is the address's own: a key that is not behind the address releases nothing.
 * Throws `NotNow` when KMS throttles. A call that is not answered within `SIGNER_TIMEOUT_MS` throws, with nothing released.
 */
export function createKmsSigner({ client }: { readonly client: KMSClient }): Signer {
  return {
    type: 'AwsKms',
    sign: async (key, { digest }, address) => {
      if (key.type !== 'AwsKms') throw new Error(`the AwsKms signer was given a ${key.type} key`);
      assertDigest(digest);
      const parsed = parseDerSignature(await requestSignature(client, key.keyArn, digest));
      if (!parsed.ok) throw new Error(`KMS gave no signature with ${key.keyArn}: expected ${parsed.error.expected}`);
      const signature = sealSignature(toLowS(parsed.value), digest, address);
      if (signature === null) throw new Error(`${key.keyArn} is not the key of ${address}: nothing is released`);
      return signature;
    },
  };
}

async function requestSignature(client: KMSClient, keyArn: string, digest: Uint8Array): Promise<Uint8Array> {
  const command = new SignCommand({
    KeyId: keyArn,
    Message: digest,
    MessageType: 'DIGEST',
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
  try {
    const answer = await client.send(command, { abortSignal: AbortSignal.timeout(SIGNER_TIMEOUT_MS) });
    return answer.Signature ?? new Uint8Array();
  } catch (error) {
    throw toWalletError(`kms:Sign with ${keyArn}`, error);
  }
}
