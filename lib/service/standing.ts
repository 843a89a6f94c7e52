import type { Ledger, Registry } from '../domain/ports.ts';
import type { Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { sessionStatus, type Session } from '../domain/session.ts';
import type { Clock } from '../domain/time.ts';
import type { Facts, FactsKey } from './facts.ts';

export interface StandingDeps {
  readonly ledger: Pick<Ledger, 'readSession'>;
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly clock: Clock;
}

/** That a user may pay from an instrument within a session, as of the reads just made. */
export interface Standing {
  readonly facts: Facts;
  readonly session: Session;
}

/**
 * Reads manager, session and instrument in one round trip and says whether the user may pay. What is missing, deleted or
 * somebody else's is "not found", indistinguishably. The reserve checks the session's state again, in its own write.
 */
export async function readStanding(deps: StandingDeps, key: FactsKey): Promise<Result<Standing, Refusal>> {
  const [manager, session, instrument] = await Promise.all([
    deps.registry.readManager(key.managerId),
    deps.ledger.readSession(key),
    deps.registry.readInstrument(key, key.instrumentId),
  ]);
  if (manager === null) return refuse({ reason: 'not_found', resource: 'manager' });
  if (session === null || session.userId !== key.userId) return refuse({ reason: 'not_found', resource: 'session' });
  const now = deps.clock.now();
  const status = sessionStatus(session, now);
  if (status === 'DELETED') return refuse({ reason: 'not_found', resource: 'session' });
  if (status === 'EXPIRED') return refuse({ reason: 'session_expired', expiresAt: session.expiresAt });
  if (instrument === null || instrument.status === 'DELETED') {
    return refuse({ reason: 'not_found', resource: 'instrument' });
  }
  if (instrument.status !== 'ACTIVE' || instrument.wallet === null) {
    return refuse({ reason: 'instrument_not_active', status: instrument.status });
  }
  const { address, key: walletKey } = instrument.wallet;
  return ok({ session, facts: { sessionExpiresAt: session.expiresAt, address, key: walletKey } });
}
