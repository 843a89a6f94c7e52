import { randomBytes } from 'node:crypto';
import { recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hex } from '../../lib/domain/payment/payment.ts';
import { NotNow, type Signer } from '../../lib/domain/ports/services.ts';
import type { WalletKey } from '../../lib/domain/tenants/wallet-shapes.ts';
import { startAws, type TestAws } from './aws.ts';
import { messageOf } from '../support/messages.ts';

export interface Wallet {
  readonly address: Hex;
  readonly key: WalletKey;
}

export interface SignerSubject {
  readonly name: string;
  createSigner(aws: TestAws): Signer;
  createWallet(aws: TestAws): Promise<Wallet>;
  /** References to keys that do not exist. */
  missingKeys(key: WalletKey): readonly WalletKey[];
}

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const SIGNATURE = /^0x[0-9a-f]{128}1[bc]$/;

/** The s of a 65-byte signature. */
export function sOf(signature: Hex): bigint {
  return BigInt(`0x${signature.slice(66, 130)}`);
}

/** Throws unless a signer refuses to sign for an address that is not its key's. Separate, so that it can be shown to fail. */
export async function assertRefusesForeignAddress(signer: Signer, wallet: Wallet, other: Wallet): Promise<void> {
  await expect(signer.sign(wallet.key, messageOf(randomBytes(32)), other.address)).rejects.toThrow(
    /nothing is released/,
  );
}

/** What every signer has to do, run against the real AWS SDK clients and the embedded endpoint. */
export function describeSigner(subject: SignerSubject): void {
  describe(`signer contract: ${subject.name}`, () => {
    let aws: TestAws;
    let signer: Signer;
    let wallet: Wallet;
    let other: Wallet;

    beforeAll(async () => {
      aws = await startAws();
      signer = subject.createSigner(aws);
      wallet = await subject.createWallet(aws);
      other = await subject.createWallet(aws);
    });
    afterAll(() => aws.close());

    test('signs a digest so that the address is recovered from it, with low s', async () => {
      const digest = randomBytes(32);
      const signature = await signer.sign(wallet.key, messageOf(digest), wallet.address);
      expect(signature).toMatch(SIGNATURE);
      expect(sOf(signature)).toBeLessThanOrEqual(HALF_ORDER);
      expect(await recoverAddress({ hash: digest, signature })).toBe(wallet.address);
    });

    test('signs for an address in lower case', async () => {
      const digest = randomBytes(32);
      const address = wallet.address.toLowerCase() as Hex;
      const signature = await signer.sign(wallet.key, messageOf(digest), address);
      expect(await recoverAddress({ hash: digest, signature })).toBe(wallet.address);
    });

    test('refuses to sign for an address that is not the key’s', async () => {
      await assertRefusesForeignAddress(signer, wallet, other);
    });

    test.each([0, 31, 33, 64])('refuses a digest of %i bytes and asks nobody', async (length) => {
      const before = aws.calls.length;
      await expect(signer.sign(wallet.key, messageOf(new Uint8Array(length)), wallet.address)).rejects.toThrow(
        /32 bytes/,
      );
      expect(aws.calls.length).toBe(before);
    });

    test('refuses keys that do not exist, and not as something to try later', async () => {
      for (const missing of subject.missingKeys(wallet.key)) {
        const error = await failureOf(signer.sign(missing, messageOf(randomBytes(32)), wallet.address));
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(NotNow);
      }
    });

    test('refuses a key of another wallet type', async () => {
      const foreign: WalletKey =
        wallet.key.type === 'AwsKms'
          ? { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 }
          : { type: 'AwsKms', keyArn: 'arn' };
      await expect(signer.sign(foreign, messageOf(randomBytes(32)), wallet.address)).rejects.toThrow(/was given a/);
    });

    test('says "not now" while the service throttles, and signs afterwards', async () => {
      const fresh = subject.createSigner(aws);
      const digest = randomBytes(32);
      aws.throttling = true;
      const error = await failureOf(fresh.sign(wallet.key, messageOf(digest), wallet.address));
      aws.throttling = false;
      expect(error).toBeInstanceOf(NotNow);
      const signature = await fresh.sign(wallet.key, messageOf(digest), wallet.address);
      expect(await recoverAddress({ hash: digest, signature })).toBe(wallet.address);
    });
  });
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}
