import { randomBytes } from 'node:crypto';
import { formatInstrumentId, formatNamedId } from '../../lib/domain/drawn-ids.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type {
  EvmInstrument,
  PaymentConnector,
  PaymentInstrument,
  PaymentManager,
} from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from './payments.ts';

export function makeManagerId(): string {
  return formatNamedId('tenant', randomBytes(16));
}

export function makeManager(overrides: Partial<PaymentManager> = {}): PaymentManager {
  const managerId = overrides.managerId ?? makeManagerId();
  return {
    managerId,
    name: 'tenant',
    description: null,
    authorizer: { type: 'AWS_IAM' },
    roleArn: 'arn:aws:iam::111122223333:role/payments',
    tags: null,
    workloadName: managerId,
    status: 'READY',
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...overrides,
  };
}

export function makeConnector(overrides: Partial<PaymentConnector> = {}): PaymentConnector {
  return {
    managerId: makeManagerId(),
    connectorId: formatNamedId('wallets', randomBytes(16)),
    name: 'wallets',
    description: null,
    status: 'READY',
    material: {
      type: 'SeedVault',
      secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:bursar/wallets-AbCdEf',
      secretVersionId: '8c0d2f4e-0000-4000-8000-000000000001',
      // The public key of m/0' in test vector 1 of BIP-32.
      extendedPublicKey:
        'xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw',
    },
    ignored: null,
    createdAt: NOW,
    updatedAt: addMs(NOW, 900),
    revision: 1,
    ...overrides,
  };
}

/** Makes what an instrument belongs to: a connector, and its manager where there is none. */
export async function createParents(
  registry: Registry,
  overrides: Partial<PaymentConnector> = {},
): Promise<Pick<PaymentConnector, 'managerId' | 'connectorId'>> {
  const connector = makeConnector(overrides);
  const { managerId, connectorId } = connector;
  await registry.createManager(makeManager({ managerId }), null);
  await registry.beginConnector(managerId, connectorId, 'h1', NOW);
  await registry.completeConnector(connector, 'h1', null);
  return { managerId, connectorId };
}

/** An instrument as its creation claims it. */
export function makeInstrument(overrides: Partial<EvmInstrument> = {}): EvmInstrument {
  return {
    managerId: makeManagerId(),
    connectorId: 'wallets-0000000001',
    instrumentId: formatInstrumentId(randomBytes(16)),
    userId: 'user#1',
    network: 'ETHEREUM',
    linkedAccounts: [],
    status: 'INITIATED',
    wallet: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...overrides,
  };
}

/** The same instrument with a key. */
export function activate(instrument: PaymentInstrument, keyId = 'key-1'): EvmInstrument {
  return {
    ...instrument,
    network: 'ETHEREUM',
    status: 'ACTIVE',
    wallet: {
      address: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
      key: { type: 'AwsKms', keyArn: `arn:aws:kms:us-east-1:111122223333:key/${keyId}` },
    },
    updatedAt: addMs(instrument.createdAt, 900),
  };
}
