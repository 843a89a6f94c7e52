import { toMicroUsd } from '../money.ts';
import { addMs } from '../time.ts';
import type { Session } from './session.ts';

/** A session as it is when it is opened: its whole limit available, nothing reserved or spent. */
export function newSession({
  managerId,
  sessionId,
  userId,
  limit,
  expiryMinutes,
  createdAt,
  pins,
  approvals,
  balanceCheck,
}: Pick<
  Session,
  'managerId' | 'sessionId' | 'userId' | 'limit' | 'expiryMinutes' | 'createdAt' | 'pins' | 'approvals' | 'balanceCheck'
>): Session {
  return {
    managerId,
    sessionId,
    userId,
    deleted: false,
    createdAt,
    updatedAt: createdAt,
    expiryMinutes,
    expiresAt: addMs(createdAt, expiryMinutes * 60_000),
    limit,
    budget: { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    pins,
    approvals,
    balanceCheck,
    inFlight: 0,
    open: new Map(),
    counters: new Map(),
    windows: new Map(),
  };
}
