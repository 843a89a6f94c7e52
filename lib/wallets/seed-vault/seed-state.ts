import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PROVISION_TIMEOUT_MS } from '../../domain/limits.ts';
import type { MaterialProblem } from '../../domain/ports/services.ts';
import type { ConnectorMaterial } from '../../domain/tenants/wallet-shapes.ts';
import { serviceErrorName, toWalletError } from '../service-failure.ts';
import { parseSecretName, SEED_STAGE } from './seed-secret.ts';

type SeedMaterial = Extract<ConnectorMaterial, { readonly type: 'SeedVault' }>;

/**
 * Looks whether a connector's seed is where its wallets' keys are read from, by the secret's description: never by a value.
 * Throws `NotNow` when Secrets Manager throttles.
 */
export async function findSeedProblem(
  client: SecretsManagerClient,
  { secretArn, secretVersionId }: SeedMaterial,
): Promise<MaterialProblem | null> {
  // By name, as the signer reads it: a seed that was lost and restored has the name and another ARN.
  const name = parseSecretName(secretArn) ?? secretArn;
  const secret = await describe(client, name);
  if (secret === null) {
    return lost(`there is no secret ${name}: restore it from its backup (bursar backup restore FILE)`);
  }
  if (secret.DeletedDate !== undefined) {
    return lost(
      `the secret ${name} is about to be deleted: take it back (aws secretsmanager restore-secret --secret-id ${name})`,
    );
  }
  const stages = secret.VersionIdsToStages?.[secretVersionId] ?? [];
  if (stages.length === 0) {
    const what = `the secret ${name} holds version ${secretVersionId} no more, or only until Secrets Manager forgets it`;
    return lost(`${what}: restore it from its backup (bursar backup restore FILE)`);
  }
  if (!stages.includes(SEED_STAGE)) {
    const label = `--secret-id ${name} --version-stage ${SEED_STAGE} --move-to-version-id ${secretVersionId}`;
    return endangered(`the seed lost the label that holds it: aws secretsmanager update-secret-version-stage ${label}`);
  }
  const advice = 'a seed must not be rotated, since its wallets cannot change their keys: turn rotation off';
  if (secret.RotationEnabled === true) return endangered(`the secret ${name} is set to be rotated; ${advice}`);
  if (stages.includes('AWSCURRENT')) return null;
  const held = `its wallets use version ${secretVersionId}, which the label ${SEED_STAGE} holds`;
  return endangered(`somebody gave the secret ${name} another value; ${held}; ${advice}`);
}

async function describe(client: SecretsManagerClient, name: string) {
  const command = new DescribeSecretCommand({ SecretId: name });
  try {
    return await client.send(command, { abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS) });
  } catch (error) {
    if (serviceErrorName(error) === 'ResourceNotFoundException') return null;
    throw toWalletError(`secretsmanager:DescribeSecret of ${name}`, error);
  }
}

function lost(message: string): MaterialProblem {
  return { kind: 'lost', message };
}

function endangered(message: string): MaterialProblem {
  return { kind: 'endangered', message };
}
