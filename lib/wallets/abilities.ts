import type { ConnectorType } from '../domain/tenants/wallet-shapes.ts';
import { isKeyWallet, KEY_WALLETS } from './catalogue.ts';

// Apart from the catalogue, since a usual payment asks none of this.

/** Whether the keys of this type are made and kept by a signer of the user's own. */
export function isRemoteWallet(type: ConnectorType): boolean {
  return isKeyWallet(type) && KEY_WALLETS[type].isRemote === true;
}

/** Whether wallets of this type sign more than typed data: transactions too. */
export function signsTransactions(type: ConnectorType): boolean {
  return isKeyWallet(type) && !isRemoteWallet(type);
}
