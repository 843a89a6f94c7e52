import type { Network } from '../../domain/assets.ts';
import type { MicroUsd } from '../../domain/money.ts';
import { NotNow, ProviderRefused, type Funding } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';
import type { SolanaNetwork } from '../../domain/tenants/solana.ts';
import type { InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import { pickNetwork, pickSolanaNetwork } from '../named-network.ts';
import { findInstrument, type InstrumentName, type InstrumentReadDeps } from './instruments.ts';

export interface FundingDeps extends InstrumentReadDeps {
  readonly allowedNetworks: ReadonlySet<string>;
  /** By type of wallet; the others are funded by transfers alone. */
  readonly fundings: Readonly<Partial<Record<InstrumentType, Funding>>>;
}

interface FundedWallet extends InstrumentName {
  /** CAIP-2; `null` where the deployment allows one network only. */
  readonly network: string | null;
}

/** Where the money goes, and what brings it: a page of the provider's, or a transaction. */
export interface FundedInstrument {
  readonly instrument: PaymentInstrument;
  readonly walletAddress: NonNullable<PaymentInstrument['wallet']>['address'];
  readonly network: Network | SolanaNetwork;
  readonly by: string;
}

/** Opens a page on which a person buys money for a wallet of the user. Nothing is bought, and nothing is kept. */
export async function openOnramp(
  deps: FundingDeps,
  principal: Principal,
  input: FundedWallet & { readonly amount: MicroUsd | null; readonly returnUrl: string | null },
): Promise<Result<FundedInstrument, Refusal>> {
  const { amount, returnUrl } = input;
  return fund(deps, principal, input, (funding, wallet, network) => {
    return funding.openOnramp(wallet.key, { address: wallet.address, network, amount, returnUrl });
  });
}

/** Has the provider of a wallet of the user send it money of a test network. */
export async function requestTestFunds(
  deps: FundingDeps,
  principal: Principal,
  input: FundedWallet,
): Promise<Result<FundedInstrument, Refusal>> {
  return fund(deps, principal, input, (funding, wallet, network) => {
    return funding.requestTestFunds(wallet.key, { address: wallet.address, network });
  });
}

type Wallet = NonNullable<PaymentInstrument['wallet']>;

async function fund(
  deps: FundingDeps,
  principal: Principal,
  input: FundedWallet,
  ask: (funding: Funding, wallet: Wallet, network: Network | SolanaNetwork) => Promise<string>,
): Promise<Result<FundedInstrument, Refusal>> {
  const found = await findInstrument(deps, principal, 'wallet', input);
  if (!found.ok) return found;
  const pick = found.value.network === 'SOLANA' ? pickSolanaNetwork : pickNetwork;
  const network = pick(deps.allowedNetworks, input.network);
  if (!network.ok) return network;
  const { wallet, status } = found.value;
  if (wallet === null) return refuse({ reason: 'instrument_not_active', status });
  const funding = deps.fundings[wallet.key.type];
  if (funding === undefined) {
    const message = 'The wallet has no provider that sells or gives money: send USDC to its address';
    return refuse({ reason: 'provider_refused', trouble: 'funding_unavailable', message });
  }
  try {
    const by = await ask(funding, wallet, network.value);
    return ok({ instrument: found.value, walletAddress: wallet.address, network: network.value, by });
  } catch (error) {
    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });
    if (error instanceof ProviderRefused) {
      return refuse({ reason: 'provider_refused', trouble: error.trouble, message: error.message });
    }
    throw error;
  }
}
