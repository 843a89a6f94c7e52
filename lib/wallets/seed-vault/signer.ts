import { pointFromScalar, signRecoverable } from 'tiny-secp256k1';
import { createBoundedMap, type BoundedMap } from '../../domain/bounded-map.ts';
import { KEY_CACHE_ENTRIES_MAX } from '../../domain/limits.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import type { Signer } from '../../domain/ports/services.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { addressOf, assertDigest, formatSignature } from '../secp256k1.ts';
import { assertIndex, deriveChild, deriveExternalChain, type PrivateNode } from './derivation.ts';
import { parseSecretName, parseSeedSecret } from './seed-secret.ts';

type SeedKey = Extract<WalletKey, { readonly type: 'SeedVault' }>;

/**
 * Reads the text of a secret; empty where there is none.
 * Throws what `toSecretError` makes of a failure, and ends within `SIGNER_TIMEOUT_MS`.
 * @param versionId the current one where it is left out
 */
export type ReadSecret = (secretId: string, versionId?: string) => Promise<string>;

/** A derived key with its address, which is worked out once. */
interface SigningKey {
  readonly privateKey: Uint8Array;
  readonly address: Hex;
}

/**
 * Signs in process with keys derived from a seed in Secrets Manager, deterministically (RFC 6979), with low s. Reads a
 * seed once and keeps the derived keys in memory, at most `KEY_CACHE_ENTRIES_MAX` of them: a secret's version never
 * changes. The signature is the address's own because the key that makes it is the one whose address was compared; it is
 * not recovered again, which would cost more than twice the signature.
 * Throws `NotNow` when Secrets Manager throttles. No error carries a part of a secret.
 */
export function createSeedVaultSigner({ readSecret }: { readonly readSecret: ReadSecret }): Signer {
  const chains = createBoundedMap<string, Promise<PrivateNode>>(KEY_CACHE_ENTRIES_MAX);
  const keys = createBoundedMap<string, Promise<SigningKey>>(KEY_CACHE_ENTRIES_MAX);

  const chainOf = (key: SeedKey): Promise<PrivateNode> =>
    remember(chains, `${key.secretArn}#${key.secretVersionId}`, () => readExternalChain(readSecret, key));
  const keyOf = (key: SeedKey): Promise<SigningKey> =>
    remember(keys, `${key.secretArn}#${key.secretVersionId}#${key.index}`, async () => {
      const { privateKey } = deriveChild(await chainOf(key), key.index);
      return { privateKey, address: addressOf(pointFromScalar(privateKey, false)!) };
    });

  return {
    type: 'SeedVault',
    sign: async (key, { digest }, address) => {
      if (key.type !== 'SeedVault') throw new Error(`the SeedVault signer was given a ${key.type} key`);
      assertDigest(digest);
      assertIndex(key.index);
      const { privateKey, address: own } = await keyOf(key);
      if (own.toLowerCase() !== address.toLowerCase()) {
        throw new Error(`index ${key.index} of ${key.secretArn} is not the key of ${address}: nothing is released`);
      }
      const { signature, recoveryId } = signRecoverable(digest, privateKey);
      if (recoveryId > 1) throw new Error('the signature has no v of 27 or 28: nothing is released');
      return formatSignature(signature, recoveryId === 0 ? 0 : 1);
    },
  };
}

async function readExternalChain(readSecret: ReadSecret, key: SeedKey): Promise<PrivateNode> {
  const { secretArn, secretVersionId } = key;
  // By name, so that a seed that was lost and restored is found; the version and the address that it gives say that it is the same.
  const seed = parseSeedSecret(await readSecret(parseSecretName(secretArn) ?? secretArn, secretVersionId));
  if (seed === null) throw new Error(`${key.secretArn} holds no seed at version ${key.secretVersionId}`);
  const chain = deriveExternalChain(seed);
  seed.fill(0);
  return chain;
}

/** Shares one promise among parallel callers; a failure is theirs alone and is tried again by the next. */
function remember<T>(cache: BoundedMap<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  void made.catch(() => {
    if (cache.get(key) === made) cache.delete(key);
  });
  return made;
}
