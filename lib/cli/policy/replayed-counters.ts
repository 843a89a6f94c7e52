import { judgeCounters, type Charge, type CounterKey } from '../../domain/policy/index.ts';
import type { PolicyRefusal } from '../../domain/policy/refusal.ts';
import type { Result } from '../../domain/result.ts';

/** Counters of payments that are replayed one after the other, beginning at nothing. */
export interface ReplayedCounters {
  /** Counts a payment where every charge has room, and none of it where one has not. */
  count(sessionId: string, charges: readonly Charge[]): Result<null, PolicyRefusal>;
}

export function createReplayedCounters(): ReplayedCounters {
  const used = new Map<string, bigint>();
  return {
    count(sessionId, charges) {
      // The key of a counter within a session means something there alone.
      const places = charges.map((charge) => ({
        charge,
        place: charge.kind === 'session' ? `${sessionId} ${charge.key}` : charge.key,
      }));
      const seen = new Map<CounterKey, bigint>(places.map(({ charge, place }) => [charge.key, used.get(place) ?? 0n]));
      const verdict = judgeCounters(charges, seen);
      if (!verdict.ok) return verdict;
      for (const { charge, place } of places) used.set(place, (used.get(place) ?? 0n) + charge.quantity);
      return verdict;
    },
  };
}
