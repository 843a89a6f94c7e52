import { NETWORKS } from '../../../lib/domain/assets.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Hex } from '../../../lib/domain/payment/payment.ts';
import type { EvmInstrument, PaymentManager } from '../../../lib/domain/tenants/resources.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';

export const START_MS = 1_760_000_000_000;

export const network = NETWORKS.find(({ id }) => id === 'eip155:84532')!;
export const manager: PaymentManager = {
  managerId: 'explorer-0000000001',
  name: 'explorer',
  description: null,
  authorizer: { type: 'AWS_IAM' },
  roleArn: 'arn:aws:iam::000000000000:role/x',
  tags: null,
  workloadName: 'explorer-0000000001',
  status: 'READY',
  createdAt: toEpochMs(START_MS),
  updatedAt: toEpochMs(START_MS),
  revision: 1,
};
export const USER = 'user';
export const SESSION = 'payment-session-000000000000001';
export const INSTRUMENT = 'payment-instrument-000000000000001';
const ADDRESS: Hex = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';

export const instrument: EvmInstrument = {
  managerId: manager.managerId,
  connectorId: 'seed-0000000001',
  instrumentId: INSTRUMENT,
  userId: USER,
  network: 'ETHEREUM',
  linkedAccounts: [],
  status: 'ACTIVE',
  wallet: { address: ADDRESS, key: { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 } },
  createdAt: toEpochMs(START_MS),
  updatedAt: toEpochMs(START_MS),
};

/** A session that nothing was paid from yet. */
export function sessionWith(limit: bigint, sessionId = SESSION): Session {
  return {
    managerId: manager.managerId,
    sessionId,
    userId: USER,
    deleted: false,
    createdAt: toEpochMs(START_MS),
    updatedAt: toEpochMs(START_MS),
    expiryMinutes: 60,
    expiresAt: toEpochMs(START_MS + 3_600_000),
    limit: toMicroUsd(limit),
    budget: { available: toMicroUsd(limit), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    inFlight: 0,
    open: new Map(),
    counters: new Map(),
    windows: new Map(),
  };
}
