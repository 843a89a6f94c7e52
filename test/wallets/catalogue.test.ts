import { expect, test } from 'vitest';
import type { StoredField } from '../../lib/domain/ports/wallets.ts';
import { toInstrumentItem } from '../../lib/ledger/dynamodb/registry/instrument-items.ts';
import { toConnectorAttributes } from '../../lib/ledger/dynamodb/registry/connector-items.ts';
import { packMembers, unpackMembers } from '../../lib/ledger/dynamodb/registry/wallet-members.ts';
import { KEY_WALLETS, WALLET_TYPES, connectorTypes, isKeyWallet } from '../../lib/wallets/catalogue.ts';
import { makeConnector, makeInstrument } from '../support/registry.ts';

const entriesOf = (fields: object): readonly (readonly [string, StoredField])[] => Object.entries(fields);
const nameOf = (field: StoredField): string => String(Object.values(field)[0]);

/** Attributes of stored connectors and instruments that are no wallet's (docs/reference/storage-schema.md). */
const OWN = {
  material: [
    ...Object.keys(
      toConnectorAttributes(makeConnector({ material: { type: 'CoinbaseCDP', credentialProviderName: 'cdp' } })),
    ),
    'pk',
    'sk',
    'v',
    'requestHash',
    'ignoredConfiguration',
    'keysTaken',
    'instruments',
  ],
  key: [...Object.keys(toInstrumentItem(makeInstrument())), 'address', 'walletType', 'requestHash'],
};

test.each(WALLET_TYPES)('what is stored of a wallet of type %s reads back the same', (type) => {
  for (const part of ['material', 'key'] as const) {
    const fields = KEY_WALLETS[type][part];
    const value = Object.fromEntries(
      entriesOf(fields).map(([member, field], i) => [member, 'text' in field ? `${member}-${i}` : 1_000 + i]),
    );
    expect(unpackMembers(fields, packMembers(fields, value))).toEqual(value);
  }
});

test.each(WALLET_TYPES)('a wallet of type %s stores nothing under the name of something else', (type) => {
  for (const part of ['material', 'key'] as const) {
    const names = entriesOf(KEY_WALLETS[type][part]).map(([, field]) => nameOf(field));
    expect(new Set(names).size).toBe(names.length);
    expect(OWN[part]).toContain('walletType');
    expect(names.filter((name) => OWN[part].includes(name))).toEqual([]);
  }
});

test.each([
  { member: undefined, field: { text: 'keyArn' }, why: 'no text' },
  { member: 1, field: { text: 'keyArn' }, why: 'no text' },
  { member: '1', field: { integer: 'keyIndex' }, why: 'no integer' },
  { member: 1.5, field: { integer: 'keyIndex' }, why: 'no integer' },
])('refuses to store $member as $field', ({ member, field, why }) => {
  expect(() => packMembers({ member: field }, { member })).toThrow(why);
});

test('a connector is of a wallet that Bursar signs for, or of a provider, and never of both', () => {
  expect(connectorTypes().filter(isKeyWallet)).toEqual(WALLET_TYPES);
  expect(new Set(connectorTypes()).size).toBe(connectorTypes().length);
  for (const type of connectorTypes()) expect(isKeyWallet(type) && KEY_WALLETS[type].type !== type, type).toBe(false);
});
