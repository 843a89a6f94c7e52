import { createBoundedMap } from '../domain/bounded-map.ts';
import { PROVIDER_CONNECTORS_MAX, PROVIDER_FAILURES_MAX, PROVIDER_PAUSE_MS } from '../domain/provider-limits.ts';
import { ProviderRefused } from '../domain/ports/services.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';
import type { ProviderAnswer } from './provider-call.ts';

/** Asks a provider, or refuses at once while it is not asked. */
export type CircuitBreaker = (name: string, ask: () => Promise<ProviderAnswer>) => Promise<ProviderAnswer>;

interface Circuit {
  /** In a row. */
  readonly failures: number;
  /** Until then nobody asks; then one does, for all. */
  readonly pausedUntil: EpochMs | null;
}

const CLOSED: Circuit = { failures: 0, pausedUntil: null };

/**
 * Keeps a provider that is down from being asked by everybody, each of whom would wait for it: after `PROVIDER_FAILURES_MAX` failures
 * in a row it is left alone for `PROVIDER_PAUSE_MS`, then one request tries. A failure is an answer that never came, or one of a
 * server's fault; a refusal is none. The state is that of this process, by name, so that one project’s trouble is nobody else’s.
 * Throws `ProviderRefused` while the provider is left alone: nothing was asked.
 */
export function createCircuitBreaker({ clock }: { readonly clock: Pick<Clock, 'now'> }): CircuitBreaker {
  const circuits = createBoundedMap<string, Circuit>(PROVIDER_CONNECTORS_MAX);
  const fail = (name: string): void => {
    const failures = (circuits.get(name) ?? CLOSED).failures + 1;
    circuits.set(name, { failures, pausedUntil: failures < PROVIDER_FAILURES_MAX ? null : pauseFrom(clock.now()) });
  };
  return async (name, ask) => {
    const circuit = circuits.get(name) ?? CLOSED;
    if (circuit.pausedUntil !== null) {
      const now = clock.now();
      if (now < circuit.pausedUntil) throw new ProviderRefused('provider_down', DOWN);
      // The others wait for what becomes of this one.
      circuits.set(name, { ...circuit, pausedUntil: pauseFrom(now) });
    }
    let answer: ProviderAnswer;
    try {
      answer = await ask();
    } catch (error) {
      if (!(error instanceof ProviderRefused)) fail(name);
      throw error;
    }
    if (answer.status >= 500) fail(name);
    else circuits.delete(name);
    return answer;
  };
}

const pauseFrom = (now: EpochMs): EpochMs => addMs(now, PROVIDER_PAUSE_MS);

const DOWN = `The provider of the wallet failed ${PROVIDER_FAILURES_MAX} times in a row, and is not asked for up to ${PROVIDER_PAUSE_MS / 1_000} seconds. Nothing was signed`;
