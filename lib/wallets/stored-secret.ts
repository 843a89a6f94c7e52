import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PROVISION_TIMEOUT_MS, SEED_NAMES_MAX } from '../domain/limits.ts';
import { serviceErrorName, toStoringError } from './service-failure.ts';

const SUFFIX_BYTES = 4;

/**
 * Stores what a new connector's wallets come from. A creation that was interrupted after this call may have taken the name with a
 * secret that no connector knows; the next one goes under the same name with a random ending, and leaves the orphan alone.
 * Throws `NotNow` when Secrets Manager throttles. No error carries a part of the secret.
 */
export async function storeSecret(
  client: SecretsManagerClient,
  {
    firstName,
    description,
    secret,
  }: { readonly firstName: string; readonly description: string; readonly secret: string },
): Promise<{ readonly secretArn: string; readonly secretVersionId: string }> {
  for (let tried = 1; ; tried += 1) {
    const name = tried === 1 ? firstName : `${firstName}/${randomBytes(SUFFIX_BYTES).toString('hex')}`;
    const command = new CreateSecretCommand({
      Name: name,
      Description: description,
      SecretString: secret,
    });
    try {
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS) });
      if (answer.ARN !== undefined && answer.VersionId !== undefined) {
        return { secretArn: answer.ARN, secretVersionId: answer.VersionId };
      }
    } catch (error) {
      const taken = serviceErrorName(error) === 'ResourceExistsException';
      if (!taken || tried === SEED_NAMES_MAX) throw toStoringError(`secretsmanager:CreateSecret of ${name}`, error);
      continue;
    }
    throw new Error(`secretsmanager:CreateSecret of ${name} answered without an ARN and a version`);
  }
}
