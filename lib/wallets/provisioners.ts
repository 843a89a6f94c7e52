import type { Delegations, Funding, WalletMaker, WalletProvisioner } from '../domain/ports/services.ts';
import type { InstrumentType, WalletType } from '../domain/tenants/wallet-shapes.ts';
import { createKmsProvisioner, type KmsProvisionerDeps } from './aws-kms/provisioner.ts';
import type { CallCoinbaseCdp } from './coinbase-cdp/client.ts';
import { createCoinbaseCdpDelegations } from './coinbase-cdp/delegation.ts';
import { createCoinbaseCdpFunding } from './coinbase-cdp/funding.ts';
import { createCoinbaseCdpMaker } from './coinbase-cdp/wallet-maker.ts';
import type { CallStripePrivy } from './stripe-privy/client.ts';
import { createExternalSignerProvisioner } from './external-signer/provisioner.ts';
import { createStripePrivyDelegations } from './stripe-privy/delegation.ts';
import { createStripePrivyMaker, type AsksUsers } from './stripe-privy/wallet-maker.ts';
import { createSeedVaultProvisioner, type SeedVaultProvisionerDeps } from './seed-vault/provisioner.ts';

/**
 * The provisioner of every wallet type, for the management functions. A new wallet is one line here. Kept apart from
 * `signers.ts`, so that the paying function carries none of this.
 * @param deps `walletKeys` is `null` where the function makes no instruments; `walletSecrets` has no prefix where it makes no
 *   connectors
 */
export function createProvisioners(deps: {
  readonly walletKeys: KmsProvisionerDeps | null;
  readonly walletSecrets: SeedVaultProvisionerDeps;
}): Readonly<Record<WalletType, WalletProvisioner>> {
  return {
    AwsKms: createKmsProvisioner(deps.walletKeys),
    SeedVault: createSeedVaultProvisioner(deps.walletSecrets),
    ExternalSigner: createExternalSignerProvisioner(deps.walletSecrets),
  };
}

/** What asks the providers that have an API. */
export interface CallProviders {
  readonly callCoinbaseCdp: CallCoinbaseCdp;
  readonly callStripePrivy: CallStripePrivy;
}

/**
 * What makes the wallets of every type, for the function that has them made.
 * @param providers `asksUsers` says whether the end users of a connector grant on a page
 */
export function createMakers(
  provisioners: Readonly<Record<WalletType, WalletProvisioner>>,
  { callCoinbaseCdp, callStripePrivy, asksUsers }: CallProviders & { readonly asksUsers: AsksUsers },
): Readonly<Record<InstrumentType, WalletMaker>> {
  return {
    ...provisioners,
    CoinbaseCDP: createCoinbaseCdpMaker(callCoinbaseCdp),
    StripePrivy: createStripePrivyMaker({ call: callStripePrivy, asksUsers }),
  };
}

/** Whose leave the wallets of a type need, where they need anybody's. */
export function createDelegations({
  callCoinbaseCdp,
  callStripePrivy,
}: CallProviders): Readonly<Partial<Record<InstrumentType, Delegations>>> {
  return {
    CoinbaseCDP: createCoinbaseCdpDelegations(callCoinbaseCdp),
    StripePrivy: createStripePrivyDelegations(callStripePrivy),
  };
}

/** Who brings money into the wallets of a type, where anybody but the sender of a transfer does. */
export function createFundings({
  callCoinbaseCdp,
}: {
  readonly callCoinbaseCdp: CallCoinbaseCdp;
}): Readonly<Partial<Record<InstrumentType, Funding>>> {
  return { CoinbaseCDP: createCoinbaseCdpFunding(callCoinbaseCdp) };
}
