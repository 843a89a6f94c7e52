import { InvariantViolated } from '../../../domain/invariant.ts';
import { isAddress } from '../../../chains/evm/address.ts';
import type { UserKey } from '../../../domain/ports/services.ts';
import type { LinkedAccount, PaymentInstrument } from '../../../domain/tenants/resources.ts';
import type { SolanaAddress } from '../../../domain/tenants/solana.ts';
import type { WalletKey } from '../../../domain/tenants/wallet-shapes.ts';
import { instrumentTypes, storedKey } from '../../../wallets/catalogue.ts';
import { SCHEMA_VERSION, assertReadable, number, readInstant, readOneOf, readText, text } from '../store/attributes.ts';
import type { AttributeValue, Item } from '../store/client.ts';
import { packMembers, unpackMembers } from './wallet-members.ts';

// docs/reference/storage-schema.md lists every attribute.

/** The partition of a user's instruments. */
function instrumentPk({ managerId, userId }: UserKey): AttributeValue {
  // User ids may hold '#'. Manager ids may not (MANAGER_ID), so the second '#' always ends the manager id and no two
  // users share a partition. A manager id that broke the rule could reach into another manager's users.
  if (managerId.includes('#')) throw new Error(`not a manager id: ${managerId}`);
  return text(`INS#${managerId}#${userId}`);
}

export function instrumentKey(user: UserKey, instrumentId: string): Item {
  return { pk: instrumentPk(user), sk: text(instrumentId) };
}

/** An instrument without its wallet, as it is begun. */
export function toInstrumentItem(instrument: PaymentInstrument): Item {
  return {
    ...instrumentKey(instrument, instrument.instrumentId),
    v: number(SCHEMA_VERSION),
    connectorId: text(instrument.connectorId),
    network: text(instrument.network),
    linkedAccounts: text(JSON.stringify(instrument.linkedAccounts)),
    status: text(instrument.status),
    createdAt: number(instrument.createdAt),
    updatedAt: number(instrument.updatedAt),
  };
}

/** What completing an instrument adds to its draft. */
export function toWalletAttributes({ address, key }: NonNullable<PaymentInstrument['wallet']>): Item {
  return {
    ...packMembers(storedKey(key.type), key),
    address: text(address),
    walletType: text(key.type),
  };
}

export function parseInstrumentItem(item: Item): PaymentInstrument {
  assertReadable(item);
  const owner = /^INS#([^#]+)#(.+)$/s.exec(readText(item, 'pk'));
  if (owner === null) throw new InvariantViolated(`stored item ${readText(item, 'pk')} is not an instrument`);
  const common = {
    managerId: owner[1]!,
    connectorId: readText(item, 'connectorId'),
    instrumentId: readText(item, 'sk'),
    userId: owner[2]!,
    linkedAccounts: parseLinkedAccounts(readText(item, 'linkedAccounts')),
    status: readOneOf(item, 'status', ['INITIATED', 'ACTIVE', 'FAILED', 'DELETED']),
    createdAt: readInstant(item, 'createdAt'),
    updatedAt: readInstant(item, 'updatedAt'),
  };
  const network = readOneOf(item, 'network', ['ETHEREUM', 'SOLANA']);
  return network === 'ETHEREUM'
    ? { ...common, network, wallet: parseWallet(item, isAddress) }
    : { ...common, network, wallet: parseWallet(item, isSolanaAddress) };
}

/** Apart from the reader of addresses, which would be a file of its own to load before the first payment. */
function isSolanaAddress(address: string): address is SolanaAddress {
  return /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(address);
}

function parseWallet<A extends string>(
  item: Item,
  isForm: (text: string) => text is A,
): { readonly address: A; readonly key: WalletKey } | null {
  if (item['address'] === undefined) return null;
  const address = readText(item, 'address');
  if (!isForm(address)) throw new InvariantViolated(`stored item ${readText(item, 'pk')} has a malformed address`);
  return { address, key: parseWalletKey(item) };
}

function parseWalletKey(item: Item): WalletKey {
  const type = readOneOf(item, 'walletType', instrumentTypes());
  return { type, ...unpackMembers(storedKey(type), item) } as WalletKey;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((member) => typeof member === 'string');
}

/** Most accounts are flat; an `oAuth2` account is named by its provider, one level deeper. */
function isLinkedAccount(value: unknown): value is LinkedAccount {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (account) =>
        isRecord(account) &&
        Object.values(account).every((member) => typeof member === 'string' || isTextRecord(member)),
    )
  );
}

function parseLinkedAccounts(json: string): readonly LinkedAccount[] {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value) || !value.every(isLinkedAccount))
    throw new InvariantViolated('stored linked accounts are malformed');
  return value;
}
