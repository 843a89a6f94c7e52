import type { Session } from '../payment/session.ts';
import type { CounterKey } from '../payment/charge.ts';
import type { Window, WindowChange, WindowRef } from '../payment/window.ts';

/**
 * Windows that sessions share. What moves between a window and its sessions moves in one transaction, which happens or does not;
 * each is fenced by the numbers of the grants that it saw, so that its repetition is `stale`.
 */
export interface WindowBooks {
  /** Strongly consistent. `null`: nobody has asked for it yet. Throws where it does not balance. */
  readWindow(ref: WindowRef): Promise<Window | null>;
  /**
   * `stale`: something was not as it was seen, or this very change was applied before; nothing of it is to be taken for done
   * before the window and the session are read again.
   */
  change(ref: WindowRef, change: WindowChange): Promise<'changed' | 'stale'>;
  /** Closes the grant of a session that is over and has no open entry: what is free goes back, what is used stays counted. */
  fold(session: Pick<Session, 'managerId' | 'sessionId' | 'windows'>, key: CounterKey): Promise<'changed' | 'stale'>;
}
