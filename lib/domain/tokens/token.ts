import { findNetwork, type Asset, type NetworkId } from '../assets.ts';
import { toMicroUsd, type BaseUnits, type MicroUsd } from '../money.ts';

/** What one whole token costs a budget, as the deployment says it, and the day of which that is. */
export interface UsdRate {
  /** Of a dollar, in trillionths. */
  readonly picoUsd: bigint;
  /** Such as `2026-11-20`. */
  readonly asOf: string;
}

/** A token that a deployment may pay in besides the USDC of a network. */
export interface Token extends Pick<Asset, 'symbol' | 'address' | 'decimals'> {
  /** Of its EIP-712 domain. `null`: it has no EIP-3009, and is paid by Permit2 alone. */
  readonly domainName: string | null;
  readonly domainVersion: string | null;
  /** `null`: nobody has said what it costs, so that nothing is bought with it. */
  readonly rate: UsdRate | null;
}

/** What an offer is in: the network's USDC, which a budget counts as dollars, or another token at its rate. */
export type OfferedAsset = Asset | Token;

/**
 * The asset of an offer, as the offer keeps it. Throws for one that is in no asset of its network: a bug, never input.
 */
export function assetOf({
  network,
  asset,
  token,
}: {
  readonly network: NetworkId;
  readonly asset: string;
  readonly token?: Token | undefined;
}): OfferedAsset {
  const known = token ?? findNetwork(network)?.usdc;
  if (asset !== known?.address) throw new Error(`asset ${asset} is not the pinned token of ${network}`);
  return known;
}

/** Of a micro-dollar, in trillionths of a dollar. */
const PICO_PER_MICRO = 1_000_000n;
const PAR = 1_000_000n * PICO_PER_MICRO;

/**
 * What an amount of a token costs a budget: rounded up, so that a budget can never be undercharged. 0 for a token without a rate,
 * which nobody buys with.
 */
export function usdValueOf(
  amount: BaseUnits,
  { decimals, rate }: { readonly decimals: number; readonly rate?: UsdRate | null | undefined },
): MicroUsd {
  if (rate === null) return toMicroUsd(0n);
  const divisor = 10n ** BigInt(decimals) * PICO_PER_MICRO;
  return toMicroUsd((amount * (rate?.picoUsd ?? PAR) + divisor - 1n) / divisor);
}

/** What was signed of a token, in the words of an entry of a 402; `undefined` for the USDC of a network. */
export function signedToken({ token, amount }: { readonly token?: Token; readonly amount: BaseUnits }) {
  if (token === undefined) return undefined;
  const { symbol, domainName: name, domainVersion: version } = token;
  return { symbol, amount: amount.toString(), name, version };
}
