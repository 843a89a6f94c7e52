import { mnemonicToSeedSync } from '@scure/bip39';
import { BIP32Factory } from 'bip32';
import * as fc from 'fast-check';
import * as ecc from 'tiny-secp256k1';
import { mnemonicToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../../../lib/wallets/secp256k1.ts';
import {
  assertIndex,
  deriveChild,
  deriveExternalChain,
  eraseNode,
  type PrivateNode,
} from '../../../lib/wallets/seed-vault/derivation.ts';
import { deriveAddress } from '../../../lib/wallets/seed-vault/provisioner.ts';

const bip32 = BIP32Factory(ecc);
const ABANDON = `${'abandon '.repeat(11)}about`;
const HARDENED = 0x8000_0000;

function addressAt(seed: Uint8Array, index: number): string {
  return addressOf(ecc.pointFromScalar(deriveChild(deriveExternalChain(seed), index).privateKey, false)!);
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

describe('BIP-32 private derivation', () => {
  test('gives the published address of the all-"abandon" mnemonic', () => {
    expect(addressAt(mnemonicToSeedSync(ABANDON), 0)).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
  });

  // BIP-32, test vectors 1 and 2 (and 3 and 4, whose keys have leading zeros): chain and private key after each path.
  test.each([
    ['000102030405060708090a0b0c0d0e0f', "0'/1/2'/2/1000000000"],
    [
      'fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542',
      "0/2147483647'/1/2147483646'/2",
    ],
    [
      '4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be',
      "0'",
    ],
    ['3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678', "0'/1'"],
  ])('agrees with the library at every step of the published vector %.16s', (seed, path) => {
    let own: PrivateNode = toNode(bip32.fromSeed(Buffer.from(seed, 'hex')));
    let library = bip32.fromSeed(Buffer.from(seed, 'hex'));
    for (const step of path.split('/')) {
      const index = Number.parseInt(step, 10) + (step.endsWith("'") ? HARDENED : 0);
      own = deriveChild(own, index);
      library = library.derive(index);
      expect(hex(own.privateKey)).toBe(hex(library.privateKey));
      expect(hex(own.chainCode)).toBe(hex(library.chainCode));
    }
  });

  test('gives the published keys of BIP-32 vector 1', () => {
    const master = bip32.fromSeed(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'));
    const child = deriveChild(toNode(master), HARDENED);
    // xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7
    expect(hex(child.privateKey)).toBe('edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea');
    expect(hex(child.chainCode)).toBe('47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141');
  });

  test('agrees with the library and with viem for any seed and index', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.integer({ min: 0, max: HARDENED - 1 }),
        (seed, index) => {
          const account = bip32.fromSeed(seed).derivePath("m/44'/60'/0'");
          const expected = account.derive(0).derive(index);
          const own = deriveChild(deriveExternalChain(seed), index);
          expect(hex(own.privateKey)).toBe(hex(expected.privateKey));
          expect(deriveAddress(account.neutered().toBase58(), index)).toBe(addressAt(seed, index));
        },
      ),
      {
        numRuns: 50,
        examples: [
          [new Uint8Array(64), 0],
          [new Uint8Array(64), HARDENED - 1],
        ],
      },
    );
    for (const index of [0, 1, 2_000_000]) {
      const viem = mnemonicToAccount(ABANDON, { addressIndex: index });
      expect(addressAt(mnemonicToSeedSync(ABANDON), index)).toBe(viem.address);
    }
  });

  test('leaves the parent as it is, and erases when told', () => {
    const chain = deriveExternalChain(mnemonicToSeedSync(ABANDON));
    const before = hex(chain.privateKey);
    deriveChild(chain, 1);
    expect(hex(chain.privateKey)).toBe(before);
    eraseNode(chain);
    expect(hex(chain.privateKey)).toBe('00'.repeat(32));
    expect(hex(chain.chainCode)).toBe('00'.repeat(32));
  });
});

describe('indices and extended keys', () => {
  const account = bip32.fromSeed(mnemonicToSeedSync(ABANDON)).derivePath("m/44'/60'/0'");

  test('accepts the first and the last index and refuses the ones beside them', () => {
    for (const index of [0, HARDENED - 1]) expect(() => assertIndex(index)).not.toThrow();
    for (const index of [-1, HARDENED, 0.5, Number.NaN]) {
      expect(() => assertIndex(index)).toThrow(/derivation index/);
      expect(() => deriveAddress(account.neutered().toBase58(), index)).toThrow(/derivation index/);
    }
  });

  test('derives from the account’s public key, and refuses a private key and other depths', () => {
    expect(deriveAddress(account.neutered().toBase58(), 0)).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
    expect(() => deriveAddress(account.toBase58(), 0)).toThrow(/not a public key/);
    expect(() => deriveAddress(account.derive(0).neutered().toBase58(), 0)).toThrow(/not a public key/);
    expect(() => deriveAddress('xpub', 0)).toThrow();
  });
});

function toNode(node: { readonly privateKey?: Uint8Array; readonly chainCode: Uint8Array }): PrivateNode {
  return { privateKey: node.privateKey!, chainCode: node.chainCode };
}
