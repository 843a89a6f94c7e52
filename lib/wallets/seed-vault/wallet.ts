import type { KeyWallet } from '../../domain/ports/wallets.ts';

/** One version of one secret: the seed. */
interface SeedVersion {
  readonly secretArn: string;
  readonly secretVersionId: string;
}

declare module '../../domain/tenants/wallet-shapes.ts' {
  interface KeyWalletShapes {
    /** One seed per connector, in Secrets Manager. */
    SeedVault: {
      /** `extendedPublicKey`: the neutered key of m/44'/60'/0' in base58. Addresses can be derived, nothing can be signed. */
      readonly material: SeedVersion & { readonly extendedPublicKey: string };
      /** `index`: the last step of m/44'/60'/0'/0/index. */
      readonly key: SeedVersion & { readonly index: number };
    };
  }
}

const version = { secretArn: { text: 'secretArn' }, secretVersionId: { text: 'secretVersionId' } };

export const seedVault: KeyWallet<'SeedVault'> = {
  type: 'SeedVault',
  material: { ...version, extendedPublicKey: { text: 'extendedPublicKey' } },
  key: { ...version, index: { integer: 'keyIndex' } },
};
