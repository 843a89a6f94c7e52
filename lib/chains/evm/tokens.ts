import { findNetwork, type Network, type NetworkId } from '../../domain/assets.ts';
import type { OfferBase } from '../../domain/payment/shapes.ts';
import { assetOf, type OfferedAsset } from '../../domain/tokens/token.ts';

/** The part of an offer that a transfer of tokens is made of. */
export type Transfer = Pick<OfferBase, 'network' | 'asset' | 'token' | 'amount' | 'payTo'>;

/** Throws on a network that is not in our table: a bug, never input. */
export function pinnedNetwork(id: NetworkId): Network {
  const network = findNetwork(id);
  if (network === undefined) throw new Error(`no pinned token on network ${id}`);
  return network;
}

/** The token of a transfer, of which it was made. Throws where the transfer is in another one: a bug, never input. */
export function tokenOf(transfer: Pick<Transfer, 'network' | 'asset' | 'token'>): OfferedAsset {
  return assetOf(transfer);
}

/** All of a transfer that the signature covers and that the payee decides. */
export function coveredByTransfer({ network, asset, amount, payTo }: Transfer): Readonly<Record<string, string>> {
  return { network, asset, amount: `${amount}`, payTo };
}
