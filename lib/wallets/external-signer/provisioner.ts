import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PROVISION_TIMEOUT_MS } from '../../domain/limits.ts';
import type { WalletProvisioner } from '../../domain/ports/services.ts';
import { serviceErrorName, toWalletError } from '../service-failure.ts';
import { storeSecret } from '../stored-secret.ts';
import { drawRequestKey } from './request-key.ts';

export interface ExternalSignerProvisionerDeps {
  readonly client: SecretsManagerClient;
  /** How the names of secrets begin, without the slash that follows; `null` in a function that makes no connectors. */
  readonly secretNamePrefix: string | null;
}

const DESCRIPTION =
  'Key that Bursar signs its requests to an external signer with. Whoever reads it can ask the signer to sign; it is no key of a wallet.';

/**
 * Draws the key that requests to a signer are signed with, stores it in Secrets Manager and forgets it. The wallets' keys are made
 * at the signer and never come here: an instrument takes the address that it is given, and nothing can be paid from one that the
 * signer does not sign for.
 */
export function createExternalSignerProvisioner({
  client,
  secretNamePrefix,
}: ExternalSignerProvisionerDeps): WalletProvisioner {
  return {
    type: 'ExternalSigner',
    createConnector: async ({ managerId, connectorId, signerUri }) => {
      if (secretNamePrefix === null) throw new Error('this function stores no secrets');
      if (signerUri === undefined) throw new Error('a connector of an external signer without its place');
      const { secret, publicKey } = drawRequestKey();
      const { secretArn } = await storeSecret(client, {
        firstName: `${secretNamePrefix}/${managerId}/${connectorId}`,
        description: DESCRIPTION,
        secret,
      });
      return { type: 'ExternalSigner', uri: signerUri, secretArn, publicKey };
    },
    createKey: ({ connector, address }) => {
      if (connector.material.type !== 'ExternalSigner') {
        throw new Error(`the ExternalSigner provisioner was given a ${connector.material.type} connector`);
      }
      if (address === undefined) throw new Error('an instrument of an external signer without its address');
      const { uri, secretArn } = connector.material;
      return Promise.resolve({ address, key: { type: 'ExternalSigner', uri, secretArn } });
    },
    findProblem: async (material) => {
      if (material.type !== 'ExternalSigner') return null;
      const isThere = await isSecretThere(client, material.secretArn);
      if (isThere) return null;
      const message = `the secret ${material.secretArn} with the key that requests to the signer are signed with is gone: take it back (aws secretsmanager restore-secret), or make a connector anew and give the signer its public key`;
      return { kind: 'lost', message };
    },
  };
}

async function isSecretThere(client: SecretsManagerClient, secretArn: string): Promise<boolean> {
  try {
    const command = new DescribeSecretCommand({ SecretId: secretArn });
    const { DeletedDate: deleted } = await client.send(command, {
      abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS),
    });
    return deleted === undefined;
  } catch (error) {
    if (serviceErrorName(error) === 'ResourceNotFoundException') return false;
    throw toWalletError(`secretsmanager:DescribeSecret of ${secretArn}`, error);
  }
}
