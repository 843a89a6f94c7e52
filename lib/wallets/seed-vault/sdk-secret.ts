import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SIGNER_TIMEOUT_MS } from '../../domain/limits.ts';
import { toSecretError } from '../secret-failure.ts';
import type { ReadSecret } from './signer.ts';

/** `ReadSecret` through the AWS SDK. */
export function createSdkReadSecret(client: SecretsManagerClient): ReadSecret {
  return async (secretId, versionId) => {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId });
    try {
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(SIGNER_TIMEOUT_MS) });
      return answer.SecretString ?? '';
    } catch (error) {
      throw toSecretError(secretId, error);
    }
  };
}
