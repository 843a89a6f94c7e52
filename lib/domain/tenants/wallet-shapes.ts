/**
 * What the wallets that Bursar signs for itself look like: the material of their connectors and the reference to a key. Empty here:
 * each such wallet's folder in `lib/wallets` adds its own entry by declaration merging, so that a new one changes no line of the
 * core. Material holds references and public keys, and a key is a reference: neither holds a secret.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- filled by the folders of lib/wallets
export interface KeyWalletShapes {}

/**
 * The wallet providers with an API of their own, and so with credentials; filled by the folders of `lib/wallets` as well. `key` is how
 * the provider finds a wallet.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- filled by the folders of lib/wallets
export interface ProviderWalletShapes {}

/** A wallet that Bursar signs for itself. */
export type WalletType = keyof KeyWalletShapes;
/** A wallet provider with an API of its own, and so with credentials. */
export type Vendor = keyof ProviderWalletShapes;
export type ConnectorType = WalletType | Vendor;

/** A type whose wallets are made and pay: Bursar or a provider signs for them. */
export type InstrumentType = ConnectorType;

/** What a connector of one type of wallet knows of what its keys come from. */
export type KeyMaterial<T extends WalletType = WalletType> = {
  [K in T]: { readonly type: K } & KeyWalletShapes[K]['material'];
}[T];

/** What a wallet needs to know of its connector. Holds references and public keys, never secrets. */
export type ConnectorMaterial = KeyMaterial | { readonly type: Vendor; readonly credentialProviderName: string };

/** The members of a reference to a key, without its type. */
export type KeyMembers<T extends InstrumentType> = T extends WalletType
  ? KeyWalletShapes[T]['key']
  : T extends Vendor
    ? ProviderWalletShapes[T]['key']
    : never;

/** How the paying function finds an instrument's key. A reference, never the key. */
export type WalletKey<T extends InstrumentType = InstrumentType> = {
  [K in T]: { readonly type: K } & KeyMembers<K>;
}[T];
