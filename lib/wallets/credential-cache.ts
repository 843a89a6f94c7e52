import { createBoundedMap } from '../domain/bounded-map.ts';
import { PROVIDER_CONNECTORS_MAX, PROVIDER_CREDENTIALS_MAX_AGE_MS } from '../domain/provider-limits.ts';
import type { WatchSigning } from '../domain/ports/services.ts';
import type { Clock, EpochMs } from '../domain/time.ts';

/** What an attempt says of credentials that the provider does not take. */
export const REJECTED = Symbol('rejected');

/** Does something with credentials: with others where the provider rejects the first. `REJECTED` where it takes none. */
export type UseCredentials<C> = <T>(
  name: string,
  attempt: (credentials: C) => Promise<T | typeof REJECTED>,
  watch?: WatchSigning,
) => Promise<T | typeof REJECTED>;

/**
 * Remembers a provider's credentials for minutes, so that they can be rotated while payments go on: those that the provider no
 * longer takes are read anew at once, and the old ones are tried again while the provider does not take the new ones yet.
 * Remembers none that were never taken.
 */
export function createCredentialCache<C>({
  read,
  clock,
}: {
  readonly read: (name: string) => Promise<C>;
  readonly clock: Pick<Clock, 'now'>;
}): UseCredentials<C> {
  const kept = createBoundedMap<string, { readonly credentials: C; readonly readAt: EpochMs }>(PROVIDER_CONNECTORS_MAX);
  return async (name, attempt, watch) => {
    const known = kept.get(name);
    const isYoung = known !== undefined && clock.now() - known.readAt < PROVIDER_CREDENTIALS_MAX_AGE_MS;
    if (isYoung) {
      const outcome = await attempt(known.credentials);
      if (outcome !== REJECTED) return outcome;
    }
    const readAt = clock.now();
    const readEnd = watch?.('secret');
    const credentials = await read(name).finally(readEnd);
    const outcome = await attempt(credentials);
    if (outcome !== REJECTED) {
      kept.set(name, { credentials, readAt });
      return outcome;
    }
    return known === undefined || isYoung ? REJECTED : attempt(known.credentials);
  };
}
