import type { KeyWallet, ProviderWallet, StoredFields } from '../domain/ports/wallets.ts';
import type { ConnectorType, InstrumentType, KeyMembers, Vendor, WalletType } from '../domain/tenants/wallet-shapes.ts';
import { awsKms } from './aws-kms/wallet.ts';
import { coinbaseCdp } from './coinbase-cdp/wallet.ts';
import { externalSigner } from './external-signer/wallet.ts';
import { seedVault } from './seed-vault/wallet.ts';
import { stripePrivy } from './stripe-privy/wallet.ts';

// The wallets of this release, as every function knows them. A new one is a folder of its own, one line here, and one in
// `provisioners.ts` and in `signers.ts` each: the compiler asks for them. Kept apart from both, so that no function carries what it
// does not use.

/** In the order in which messages name them. */
export const KEY_WALLETS: { readonly [T in WalletType]: KeyWallet<T> } = {
  AwsKms: awsKms,
  SeedVault: seedVault,
  ExternalSigner: externalSigner,
};

const PROVIDER_WALLETS: { readonly [T in Vendor]: ProviderWallet<T> } = {
  CoinbaseCDP: coinbaseCdp,
  StripePrivy: stripePrivy,
};

// Object.keys gives texts; these are the keys of closed types.

/** The types of wallets that Bursar signs for itself. */
export const WALLET_TYPES = /* @__PURE__ */ Object.keys(KEY_WALLETS) as readonly WalletType[];

/** The types of wallet providers that have credentials. */
export const VENDORS = /* @__PURE__ */ Object.keys(PROVIDER_WALLETS) as readonly Vendor[];

/** Every type that a connector can have. */
export function connectorTypes(): readonly ConnectorType[] {
  return [...WALLET_TYPES, ...VENDORS];
}

/** How references to keys are stored. */
const STORED_KEYS: { readonly [T in InstrumentType]: StoredFields<KeyMembers<T>> } = {
  [awsKms.type]: awsKms.key,
  [seedVault.type]: seedVault.key,
  [externalSigner.type]: externalSigner.key,
  [coinbaseCdp.type]: coinbaseCdp.key,
  [stripePrivy.type]: stripePrivy.key,
};

/** Every type that an instrument can have. */
export function instrumentTypes(): readonly InstrumentType[] {
  return Object.keys(STORED_KEYS) as readonly InstrumentType[];
}

/** How references to keys of a type are stored. */
export function storedKey<T extends InstrumentType>(type: T): (typeof STORED_KEYS)[T] {
  return STORED_KEYS[type];
}

/** Whether Bursar signs for wallets of this type itself. */
export function isKeyWallet(type: ConnectorType): type is WalletType {
  return Object.hasOwn(KEY_WALLETS, type);
}
