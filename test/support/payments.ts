import { createHash, randomBytes } from 'node:crypto';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { formatSessionId } from '../../lib/domain/drawn-ids.ts';
import { formatPaymentId } from '../../lib/domain/ids.ts';
import { toBaseUnits, toMicroUsd } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs, toEpochMs, toEpochSeconds } from '../../lib/domain/time.ts';

export const NOW = toEpochMs(1_760_000_000_000);
export const MANAGER_ID = 'contract-0000000001';
export const USER_ID = 'user#1';
export const BASE_SEPOLIA = NETWORKS.find(({ id }) => id === 'eip155:84532')!;

/** A session that nothing was paid from yet. */
export function makeSession(overrides: Partial<Session> = {}): Session {
  const limit = overrides.limit === undefined ? toMicroUsd(10_000_000n) : overrides.limit;
  return {
    managerId: MANAGER_ID,
    sessionId: formatSessionId(randomBytes(16)),
    userId: USER_ID,
    deleted: false,
    createdAt: NOW,
    updatedAt: NOW,
    expiryMinutes: 60,
    expiresAt: addMs(NOW, 3_600_000),
    limit,
    budget: { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    inFlight: 0,
    open: new Map(),
    counters: new Map(),
    windows: new Map(),
    ...overrides,
  };
}

/** A payment that was just intended on a session. */
export function makePayment(session: Session, overrides: Partial<Payment> = {}): Payment {
  return {
    id: formatPaymentId(createHash('sha256').update(randomBytes(16)).digest()),
    managerId: session.managerId,
    userId: session.userId,
    sessionId: session.sessionId,
    instrumentId: 'payment-instrument-000000000000001',
    agentName: null,
    resource: null,
    requestHash: `0x${'ab'.repeat(32)}`,
    offer: {
      protocol: 'x402',
      version: '2',
      scheme: 'exact',
      transferMethod: 'eip3009',
      kind: 'purchase',
      network: BASE_SEPOLIA.id,
      asset: BASE_SEPOLIA.usdc.address,
      amount: toBaseUnits(500_000n),
      payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      maxTimeoutSeconds: 60,
    },
    amount: toMicroUsd(500_000n),
    terms: {
      transferMethod: 'eip3009',
      from: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
      nonce: `0x${'cd'.repeat(32)}`,
      validAfter: toEpochSeconds(1_759_999_400),
      validBefore: toEpochSeconds(1_760_000_060),
    },
    attempt: 1,
    owner: '0x000000000000000000000001',
    leaseUntil: addMs(NOW, 17_000),
    status: 'PENDING',
    createdAt: NOW,
    decidedAt: null,
    signatures: null,
    denial: null,
    budget: null,
    ...overrides,
  };
}
