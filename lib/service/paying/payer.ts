import { createBoundedMap, type BoundedMap } from '../../domain/bounded-map.ts';
import { PAYER_CACHE_ENTRIES_MAX } from '../../domain/limits.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import type { Authorizer } from '../../domain/tenants/resources.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import type { EpochMs } from '../../domain/time.ts';

/** Who pays from what: the names in a request that fix everything in `KnownPayer`. */
export interface PayerNames {
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
}

/** What signing takes: the key, whose address it is, and until when. */
export interface Payer {
  readonly sessionExpiresAt: EpochMs;
  readonly address: Hex;
  readonly key: WalletKey;
  /** Of the gate: what makes an authorization single on its chain is derived from it. */
  readonly deploymentId: string;
}

/**
 * What never changes about a session and an instrument once both exist and belong to the user, and the authorizer. Knowing it, the
 * intent can be written while the things that do change (deleted, expired, full) are being read.
 */
export interface KnownPayer extends Payer {
  /** Whom the manager let in when it was last read. It can change, so it only tells which callers need not wait for the next read. */
  readonly authorizer: Authorizer;
}

export interface PayerCache {
  get(key: PayerNames): KnownPayer | undefined;
  set(key: PayerNames, payer: KnownPayer): void;
  forget(key: PayerNames): void;
}

/** Remembers payers for the life of a process. Holds no status, no counter and no secret. */
export function createPayerCache(): PayerCache {
  const entries: BoundedMap<string, KnownPayer> = createBoundedMap(PAYER_CACHE_ENTRIES_MAX);
  return {
    get: (key) => entries.get(keyOf(key)),
    set: (key, payer) => entries.set(keyOf(key), payer),
    forget: (key) => entries.delete(keyOf(key)),
  };
}

function keyOf(key: PayerNames): string {
  return JSON.stringify([key.managerId, key.userId, key.sessionId, key.instrumentId]);
}
