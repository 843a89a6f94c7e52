import { SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { SIGNER_TIMEOUT_MS } from '../../domain/limits.ts';
import { toWalletError } from '../service-failure.ts';
import type { SignDigest } from './signer.ts';

/** `SignDigest` through the AWS SDK. */
export function createSdkSignDigest(client: KMSClient): SignDigest {
  return async (keyArn, digest) => {
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
  };
}
