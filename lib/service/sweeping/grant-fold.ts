import { WINDOW_ROUNDS_MAX } from '../../domain/limits.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import type { Clock } from '../../domain/time.ts';

export interface FoldDeps {
  readonly ledger: Pick<Ledger, 'readSession'>;
  readonly windows: Pick<WindowBooks, 'fold'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Returns what a session that is over has unspent of windows that are still open, and leaves what it spent counted there. Until
 * then others can take it from the session themselves. A window that has closed gets nothing back.
 * @param found without open entries
 * @throws where others keep changing a grant; the session is audited again then
 */
export async function foldGrants(deps: FoldDeps, found: Session): Promise<void> {
  for (const key of found.windows.keys()) {
    let session: Session | null = found;
    for (let round = 0; isOpen(deps, session, key); round += 1) {
      if (round === WINDOW_ROUNDS_MAX) throw new Error('what a session had of a window could not be returned');
      if ((await deps.windows.fold(session, key)) === 'changed') break;
      session = await deps.ledger.readSession(session);
    }
  }
}

function isOpen({ clock }: FoldDeps, session: Session | null, key: string): session is Session {
  const grant = session?.windows.get(key);
  return grant !== undefined && clock.now() < grant.closesAt;
}
