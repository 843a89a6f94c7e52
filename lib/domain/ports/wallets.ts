import type { KeyWalletShapes, ProviderWalletShapes, Vendor, WalletType } from '../tenants/wallet-shapes.ts';

/** Under which name a store keeps a member, and as what. Names are nothing else's in a stored connector or instrument. */
export type StoredField =
  | { readonly text: string }
  | { readonly integer: string }
  /** `null` is not stored. */
  | { readonly optionalText: string };

/** How each member of a value is stored. Names are never changed: stored values keep theirs. */
export type StoredFields<V> = {
  readonly [K in keyof V]: V[K] extends string
    ? { readonly text: string }
    : V[K] extends number
      ? { readonly integer: string }
      : V[K] extends string | null
        ? { readonly optionalText: string }
        : never;
};

/**
 * A wallet that Bursar signs for itself, as all functions know it: how its references are stored. What makes keys is its
 * provisioner, and what signs its signer, each in a list of its own, so that a function carries what it uses. Each wallet lives in a
 * folder of its own, and nothing outside that folder and the lists in `lib/wallets` names it.
 */
export interface KeyWallet<T extends WalletType = WalletType> {
  readonly type: T;
  /** Its keys are made and kept by a signer of the user's own: the connector names where it is asked, and an instrument its address. */
  readonly isRemote?: true;
  readonly material: StoredFields<KeyWalletShapes[T]['material']>;
  readonly key: StoredFields<KeyWalletShapes[T]['key']>;
}

/**
 * A wallet provider: it keeps the keys, and its connectors name the credentials that are kept for it.
 */
export interface ProviderWallet<T extends Vendor = Vendor> {
  readonly type: T;
  readonly key: StoredFields<ProviderWalletShapes[T]['key']>;
}
