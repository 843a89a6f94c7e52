import { randomBytes } from 'node:crypto';
import { UpdateSecretVersionStageCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { entropyToMnemonic, mnemonicToSeedWebcrypto } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { BIP32Factory } from 'bip32';
import * as ecc from 'tiny-secp256k1';
import { PROVISION_TIMEOUT_MS } from '../../domain/limits.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import type { WalletProvisioner } from '../../domain/ports/services.ts';
import { addressOf } from '../secp256k1.ts';
import { toStoringError } from '../service-failure.ts';
import { storeSecret } from '../stored-secret.ts';
import { ACCOUNT_PATH, assertIndex, EXTERNAL_CHAIN } from './derivation.ts';
import { formatSeedSecret, SEED_STAGE } from './seed-secret.ts';
import { findSeedProblem } from './seed-state.ts';

export interface SeedVaultProvisionerDeps {
  readonly client: SecretsManagerClient;
  /** How the names of secrets begin, without the slash that follows; `null` in a function that makes no connectors. */
  readonly secretNamePrefix: string | null;
}

/** 24 words. */
const ENTROPY_BYTES = 32;

/** Stands where people and scanners look who think that a secret should be rotated. */
const DESCRIPTION =
  'Seed of a Bursar wallet connector. Do not rotate: its wallets cannot change their keys. Anybody who reads it can spend from every wallet of the connector.';

const bip32 = BIP32Factory(ecc);

/**
 * Draws a connector's seed, stores it in Secrets Manager under a label that keeps its version, and forgets it; derives addresses
 * from the account's public key alone. Needs the permission to create, label and describe secrets and never one to read them. Buffers are overwritten after use; the words
 * and the secret's text are JavaScript strings, which only the garbage collector can remove.
 * Throws `NotNow` when Secrets Manager throttles. No error carries a part of a secret.
 */
export function createSeedVaultProvisioner({ client, secretNamePrefix }: SeedVaultProvisionerDeps): WalletProvisioner {
  return {
    type: 'SeedVault',
    createConnector: async ({ managerId, connectorId }) => {
      if (secretNamePrefix === null) throw new Error('this function stores no seeds');
      const { secret, extendedPublicKey } = await drawSeed();
      const stored = await storeSecret(client, {
        firstName: `${secretNamePrefix}/${managerId}/${connectorId}`,
        description: DESCRIPTION,
        secret,
      });
      await holdVersion(client, stored);
      return { type: 'SeedVault', ...stored, extendedPublicKey };
    },
    createKey: async ({ connector, takeIndex }) => {
      if (connector.material.type !== 'SeedVault') {
        throw new Error(`the SeedVault provisioner was given a ${connector.material.type} connector`);
      }
      const { secretArn, secretVersionId, extendedPublicKey } = connector.material;
      const index = await takeIndex();
      const address = deriveAddress(extendedPublicKey, index);
      return { address, key: { type: 'SeedVault', secretArn, secretVersionId, index } };
    },
    findProblem: async (material) => (material.type === 'SeedVault' ? findSeedProblem(client, material) : null),
  };
}

/**
 * The checksummed address of m/44'/60'/0'/0/index, from the neutered key of m/44'/60'/0' in base58.
 * Throws on a private key, on a key of another depth and on an index that is none.
 */
export function deriveAddress(extendedPublicKey: string, index: number): Hex {
  assertIndex(index);
  const account = bip32.fromBase58(extendedPublicKey);
  if (!account.isNeutered() || account.depth !== ACCOUNT_PATH.split('/').length - 1) {
    throw new Error(`not a public key of ${ACCOUNT_PATH}`);
  }
  const { publicKey } = account.derive(EXTERNAL_CHAIN).derive(index);
  return addressOf(ecc.pointCompress(publicKey, false));
}

async function drawSeed(): Promise<{ readonly secret: string; readonly extendedPublicKey: string }> {
  const entropy = randomBytes(ENTROPY_BYTES);
  const mnemonic = entropyToMnemonic(entropy, wordlist);
  entropy.fill(0);
  const seed = await mnemonicToSeedWebcrypto(mnemonic);
  const drawn = { secret: formatSeedSecret(mnemonic, seed), extendedPublicKey: deriveAccountKey(seed) };
  seed.fill(0);
  return drawn;
}

/** The neutered key of m/44'/60'/0' in base58, from the 64 bytes of a BIP-39 seed, which it leaves as they are. */
export function deriveAccountKey(seed: Uint8Array): string {
  const master = bip32.fromSeed(seed);
  const account = master.derivePath(ACCOUNT_PATH);
  const extendedPublicKey = account.neutered().toBase58();
  for (const buffer of [master.privateKey, master.chainCode, account.privateKey]) buffer?.fill(0);
  return extendedPublicKey;
}

/** Labels the version, so that Secrets Manager keeps it whatever value somebody puts after it. */
async function holdVersion(
  client: SecretsManagerClient,
  { secretArn, secretVersionId }: { readonly secretArn: string; readonly secretVersionId: string },
): Promise<void> {
  const command = new UpdateSecretVersionStageCommand({
    SecretId: secretArn,
    VersionStage: SEED_STAGE,
    MoveToVersionId: secretVersionId,
  });
  try {
    await client.send(command, { abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS) });
  } catch (error) {
    throw toStoringError(`secretsmanager:UpdateSecretVersionStage of ${secretArn}`, error);
  }
}
