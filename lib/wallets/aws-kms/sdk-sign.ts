import { DescribeKeyCommand, SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { SIGNER_TIMEOUT_MS, YOUNG_KEY_MS } from '../../domain/limits.ts';
import { NotNow } from '../../domain/ports/services.ts';
import type { Clock } from '../../domain/time.ts';
import { serviceErrorName, toWalletError } from '../service-failure.ts';
import type { SignDigest } from './signer.ts';

interface SdkSignDeps {
  readonly client: KMSClient;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * `SignDigest` through the AWS SDK. Throws `NotNow` also where KMS refuses a key so young that its tags may not count
 * everywhere yet.
 */
export function createSdkSignDigest(client: KMSClient, clock: Pick<Clock, 'now'>): SignDigest {
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
      if (serviceErrorName(error) === 'AccessDeniedException' && (await isYoung({ client, clock }, keyArn))) {
        throw new NotNow(`kms:Sign with ${keyArn} was refused, whose tags may not count everywhere yet`);
      }
      throw toWalletError(`kms:Sign with ${keyArn}`, error);
    }
  };
}

/** Whether the key was made a moment ago. `false` where KMS does not say. */
async function isYoung({ client, clock }: SdkSignDeps, keyArn: string): Promise<boolean> {
  try {
    const command = new DescribeKeyCommand({ KeyId: keyArn });
    const { KeyMetadata: key } = await client.send(command, { abortSignal: AbortSignal.timeout(SIGNER_TIMEOUT_MS) });
    return key?.CreationDate !== undefined && clock.now() - key.CreationDate.getTime() < YOUNG_KEY_MS;
  } catch {
    // What it was asked for is already known to have failed.
    return false;
  }
}
