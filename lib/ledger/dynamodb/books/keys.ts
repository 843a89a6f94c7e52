import { createHash } from 'node:crypto';
import type { PaymentId } from '../../../domain/ids.ts';
import { SWEEP_SHARDS } from '../../../domain/limits.ts';
import type { SessionKey } from '../../../domain/payment/session.ts';
import type { EpochMs } from '../../../domain/time.ts';

// Keys of the books' items; docs/reference/storage-schema.md lists them.

export const SESSION_PREFIX = 'SES#';
export const PAYMENT_PREFIX = 'PAY#';

/** Manager ids hold no `#`, so the key reads back unambiguously. */
export function sessionPk(key: SessionKey): string {
  return `${SESSION_PREFIX}${key.managerId}#${key.sessionId}`;
}

/** The session that a partition key names. Does not check that it is one. */
export function parseSessionPk(pk: string): SessionKey {
  const [, managerId = '', sessionId = ''] = pk.split('#');
  return { managerId, sessionId };
}

export function paymentPk(id: PaymentId): string {
  return `${PAYMENT_PREFIX}${id}`;
}

/** Hash key of a user's list in the `by-user` index. */
export function sessionListKey(managerId: string, userId: string): string {
  return `SES#${managerId}#${userId}`;
}

export function paymentListKey(managerId: string, userId: string): string {
  return `PAY#${managerId}#${userId}`;
}

// Thirteen digits of milliseconds sort as text until the year 2286.
export function listSort(createdAt: EpochMs, id: string): string {
  return `${createdAt.toString().padStart(13, '0')}#${id}`;
}

export function sweepShard(id: PaymentId): number {
  return shardOf(id, SWEEP_SHARDS);
}

/** Sessions share the payments' index, in shards of their own: the letter keeps them apart. */
export function expiryShardKey(shard: number): string {
  return `E${shard}`;
}

export function shardOf(id: string, count: number): number {
  return createHash('sha256').update(id).digest().readUInt16BE(0) % count;
}
