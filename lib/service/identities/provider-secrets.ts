import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PROVISION_TIMEOUT_MS } from '../../domain/limits.ts';
import { serviceErrorName, toStoringError, toWalletError } from '../../wallets/service-failure.ts';

/**
 * The secrets that Bursar keeps for credential providers. May make, renew and delete them, and can read none.
 * All throw `NotNow` when Secrets Manager throttles; no error carries a part of a secret.
 */
export interface ProviderSecrets {
  /** Makes a secret and returns its ARN. */
  create(name: string, value: string): Promise<string>;
  /** Gives a secret a new current version. `gone`: there is no such secret any more. */
  renew(secretArn: string, value: string): Promise<'renewed' | 'gone'>;
  /** Deletes a secret, which can be recovered for the given days. */
  remove(secretArn: string, recoveryDays: number): Promise<void>;
}

// A secret that is marked for deletion takes no new version: InvalidRequestException.
const GONE = new Set(['ResourceNotFoundException', 'InvalidRequestException']);

const bounded = () => ({ abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS) });

export function createProviderSecrets(client: SecretsManagerClient): ProviderSecrets {
  return {
    create: async (name, value) => {
      const command = new CreateSecretCommand({
        Name: name,
        Description: "A wallet provider's API secret, kept for a Bursar credential provider.",
        SecretString: value,
      });
      const answer = await client.send(command, bounded()).catch((error: unknown) => {
        throw toStoringError(`secretsmanager:CreateSecret of ${name}`, error);
      });
      if (answer.ARN === undefined) throw new Error(`secretsmanager:CreateSecret of ${name} answered without an ARN`);
      return answer.ARN;
    },
    renew: async (secretArn, value) => {
      const command = new PutSecretValueCommand({ SecretId: secretArn, SecretString: value });
      try {
        await client.send(command, bounded());
        return 'renewed';
      } catch (error) {
        if (GONE.has(serviceErrorName(error) ?? '')) return 'gone';
        throw toStoringError(`secretsmanager:PutSecretValue of ${secretArn}`, error);
      }
    },
    remove: async (secretArn, recoveryDays) => {
      const command = new DeleteSecretCommand({ SecretId: secretArn, RecoveryWindowInDays: recoveryDays });
      await client.send(command, bounded()).catch((error: unknown) => {
        throw toWalletError(`secretsmanager:DeleteSecret of ${secretArn}`, error);
      });
    },
  };
}
