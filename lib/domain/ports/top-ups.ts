import type { Gate } from '../payment/gate.ts';
import type { SessionKey } from '../payment/session.ts';
import type { KeptTopUp, TopUp, TopUpKey } from '../payment/top-up.ts';
import type { Page, PageRequest } from './services.ts';

/** Raising the limits of sessions. The raise and its record are written together or not at all, and records stay for ever. */
export interface TopUps {
  /** Strongly consistent. `null`: that token raised nothing. */
  findTopUp(key: TopUpKey): Promise<KeptTopUp | null>;
  /**
   * Raises limit and what is available of a session that is open at `at`, was not opened before the floor, and has the limit `from`:
   * what payments reserve and settle meanwhile does not stand in its way. `stale`: it is not so, or the record is there already.
   * Throws `OutcomeUnknown` and `NotNow`; repeating it is harmless.
   */
  raiseLimit(kept: KeptTopUp, gate: Pick<Gate, 'floor'>): Promise<'raised' | 'stale'>;
}

/** Reading the top-ups of a session, newest first. */
export interface TopUpLog {
  listTopUps(session: SessionKey, page: PageRequest): Promise<Page<TopUp>>;
}
