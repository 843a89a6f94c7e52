import type { Environment } from '../../aws/credentials.ts';
import { createJsonService, type JsonService } from '../../aws/json-service.ts';
import { SIGNER_ANSWER_MAX_BYTES, SIGNER_ATTEMPTS_MAX, SIGNER_TIMEOUT_MS, YOUNG_KEY_MS } from '../../domain/limits.ts';
import { NotNow } from '../../domain/ports/services.ts';
import type { Clock } from '../../domain/time.ts';
import type { SignDigest } from './signer.ts';

/** `SignDigest` without the SDK, with the same answers: see `createSdkSignDigest` for those about young keys. */
export function createLeanSignDigest(
  env: Environment,
  clock: Pick<Clock, 'now'>,
): {
  readonly signDigest: SignDigest;
  connect(): void;
  close(): void;
} {
  const kms = createJsonService({
    service: 'kms',
    jsonVersion: '1.1',
    targetPrefix: 'TrentService',
    answerMaxBytes: SIGNER_ANSWER_MAX_BYTES,
    env,
  });
  return {
    signDigest: async (keyArn, digest) => {
      const body = JSON.stringify({
        KeyId: keyArn,
        Message: Buffer.from(digest).toString('base64'),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      });
      try {
        const { Signature: signature } = await kms.call('Sign', body, LIMITS);
        return typeof signature === 'string' ? Uint8Array.from(Buffer.from(signature, 'base64')) : new Uint8Array();
      } catch (error) {
        // Loaded with the first failure: no start waits for it.
        const { serviceErrorName, toWalletError } = await import('../service-failure.ts');
        if (serviceErrorName(error) === 'AccessDeniedException' && (await isYoung(kms, clock, keyArn))) {
          throw new NotNow(`kms:Sign with ${keyArn} was refused, whose tags may not count everywhere yet`);
        }
        throw toWalletError(`kms:Sign with ${keyArn}`, error);
      }
    },
    connect: () => kms.connect(1),
    close: () => kms.close(),
  };
}

const LIMITS = { maxAttempts: SIGNER_ATTEMPTS_MAX, timeoutMs: SIGNER_TIMEOUT_MS, totalMs: SIGNER_TIMEOUT_MS };

/** Whether the key was made a moment ago. `false` where KMS does not say. */
async function isYoung(kms: JsonService, clock: Pick<Clock, 'now'>, keyArn: string): Promise<boolean> {
  try {
    const { KeyMetadata: key } = await kms.call('DescribeKey', JSON.stringify({ KeyId: keyArn }), LIMITS);
    const { CreationDate: seconds } = key as { readonly CreationDate?: unknown };
    return typeof seconds === 'number' && clock.now() - seconds * 1_000 < YOUNG_KEY_MS;
  } catch {
    // What it was asked for is already known to have failed.
    return false;
  }
}
