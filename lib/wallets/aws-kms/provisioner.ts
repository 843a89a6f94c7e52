import { CreateKeyCommand, GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { doublingWaitMs } from '../../domain/doubling-wait.ts';
import {
  NEW_KEY_READS_MAX,
  NEW_KEY_WAIT_MIN_MS,
  PROVISION_TIMEOUT_MS,
  SIGNER_TIMEOUT_MS,
} from '../../domain/limits.ts';
import { NothingMade, NotNow, type WalletProvisioner } from '../../domain/ports/services.ts';
import type { Clock } from '../../domain/time.ts';
import { addressOf, parseSpkiPublicKey } from '../secp256k1.ts';
import { isRefusal, serviceErrorName, toWalletError } from '../service-failure.ts';
import { DEPLOYMENT_TAG, INSTRUMENT_TAG, walletKeyPolicy, type KeyPolicyRoles } from './key-policy.ts';

export interface KmsProvisionerDeps extends KeyPolicyRoles {
  readonly client: KMSClient;
  /** The value of the tag `bursar:deployment`. */
  readonly deploymentTag: string;
  readonly clock: Pick<Clock, 'sleep'>;
}

// What KMS answers about a key that not all of its hosts know yet, or that is still being created: it gives out no public half then.
const NOT_YET = new Set(['NotFoundException', 'AccessDeniedException', 'KMSInvalidStateException']);

/**
 * Makes one secp256k1 key in KMS per instrument. CreateKey cannot be made idempotent: a creation that is interrupted and
 * repeated leaves a key without money and without an instrument, which costs a dollar a month until the key administrator
 * deletes it; its tag `bursar:instrument` tells. Throws `NotNow` when KMS throttles or the account's key quota is full.
 * @param deps `null` in a function that makes connectors but no keys; its `createKey` throws
 */
export function createKmsProvisioner(deps: KmsProvisionerDeps | null): WalletProvisioner {
  return {
    type: 'AwsKms',
    createConnector: () => Promise.resolve({ type: 'AwsKms' }),
    createKey: async ({ connector, instrumentId }) => {
      if (deps === null) throw new Error('this function makes no wallet keys');
      if (connector.material.type !== 'AwsKms') {
        throw new Error(`the AwsKms provisioner was given a ${connector.material.type} connector`);
      }
      const keyArn = await createWalletKey(deps, instrumentId);
      const parsed = parseSpkiPublicKey(await readNewPublicKey(deps, keyArn));
      if (!parsed.ok) throw new Error(`KMS gave no public key for ${keyArn}: expected ${parsed.error.expected}`);
      return { address: addressOf(parsed.value), key: { type: 'AwsKms', keyArn } };
    },
    // Each wallet has a key of its own; the connector has nothing that could be lost.
    findProblem: () => Promise.resolve(null),
  };
}

async function createWalletKey(deps: KmsProvisionerDeps, instrumentId: string): Promise<string> {
  const command = new CreateKeyCommand({
    KeySpec: 'ECC_SECG_P256K1',
    KeyUsage: 'SIGN_VERIFY',
    Description: `Bursar wallet of ${instrumentId}`,
    Policy: JSON.stringify(walletKeyPolicy(deps)),
    // The check refuses a policy under which the caller could not call PutKeyPolicy afterwards, and that is the point of
    // this one. The key stays manageable: the key administrator is named by ARN, so the role can be made again.
    BypassPolicyLockoutSafetyCheck: true,
    Tags: [
      { TagKey: DEPLOYMENT_TAG, TagValue: deps.deploymentTag },
      { TagKey: INSTRUMENT_TAG, TagValue: instrumentId },
    ],
  });
  try {
    const answer = await deps.client.send(command, { abortSignal: AbortSignal.timeout(PROVISION_TIMEOUT_MS) });
    const keyArn = answer.KeyMetadata?.Arn;
    if (keyArn !== undefined) return keyArn;
  } catch (error) {
    const known = toWalletError('kms:CreateKey', error);
    throw !(known instanceof NotNow) && isRefusal(error) ? new NothingMade(known.message) : known;
  }
  throw new Error('kms:CreateKey answered without the ARN of the key');
}

async function readNewPublicKey({ client, clock }: KmsProvisionerDeps, keyArn: string): Promise<Uint8Array> {
  for (let read = 1; ; read += 1) {
    try {
      const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyArn }), {
        abortSignal: AbortSignal.timeout(SIGNER_TIMEOUT_MS),
      });
      return answer.PublicKey ?? new Uint8Array();
    } catch (error) {
      const notYet = NOT_YET.has(serviceErrorName(error) ?? '');
      if (!notYet || read === NEW_KEY_READS_MAX) throw toWalletError(`kms:GetPublicKey of ${keyArn}`, error);
    }
    await clock.sleep(doublingWaitMs(read - 1, { minMs: NEW_KEY_WAIT_MIN_MS }));
  }
}
