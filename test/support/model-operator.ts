import type { Session, SessionKey } from '../../lib/domain/payment/session.ts';
import type { EpochMs } from '../../lib/domain/time.ts';
import type { Applied, Books, BooksCall } from './model-ledger.ts';

/** What is done to the books beside paying. Each is one write to one item, like everything else. */
export interface Operator {
  /** Writes the session of a withdrawal, unless it is there. */
  openSession(session: Session): Promise<Session>;
  freeze(now: EpochMs): Promise<void>;
  /** Freezes a part, by its key. */
  freezePart(key: string, now: EpochMs): Promise<void>;
  /** Ends the freeze of a part that began at an instant. */
  thawPart(key: string, since: EpochMs): Promise<void>;
  /** Opens the gate where it is still closed by the freeze of that instant: a thaw that comes late does not undo a later one. */
  thaw(since: EpochMs): Promise<void>;
  deleteSession(key: SessionKey, now: EpochMs): Promise<void>;
  /** Stands for time that passes: from now on it is past the end of the session, on every clock. */
  expireSession(key: SessionKey, at: EpochMs): Promise<void>;
}

type OperatorCall = Extract<
  BooksCall,
  { readonly method: 'openSession' | 'freeze' | 'freezePart' | 'thawPart' | 'thaw' | 'deleteSession' | 'expireSession' }
>;

export function applyOperatorCall(books: Books, call: OperatorCall): Applied {
  switch (call.method) {
    case 'openSession': {
      const [session] = call.args;
      const stored = books.sessions.get(keyOfSession(session));
      return stored === undefined ? { books: withSession(books, session), reply: session } : { books, reply: stored };
    }
    case 'freeze': {
      const [now] = call.args;
      if (books.gate.frozenAt !== null && books.gate.frozenAt >= now) return { books, reply: undefined };
      return { books: { ...books, gate: { ...books.gate, frozenAt: now } }, reply: undefined };
    }
    case 'freezePart': {
      const [key, now] = call.args;
      if ((books.gate.freezes.get(key) ?? -1) >= now) return { books, reply: undefined };
      return { books: withFreezes(books, new Map(books.gate.freezes).set(key, now)), reply: undefined };
    }
    case 'thawPart': {
      const [key, since] = call.args;
      if (books.gate.freezes.get(key) !== since) return { books, reply: undefined };
      const freezes = new Map(books.gate.freezes);
      freezes.delete(key);
      return { books: withFreezes(books, freezes), reply: undefined };
    }
    case 'thaw':
      if (books.gate.frozenAt !== call.args[0]) return { books, reply: undefined };
      return { books: { ...books, gate: { ...books.gate, frozenAt: null } }, reply: undefined };
    case 'deleteSession': {
      const [key, updatedAt] = call.args;
      // A second deletion finds nothing to delete.
      if (books.sessions.get(keyOfSession(key))?.deleted === true) return { books, reply: undefined };
      return { books: changeSession(books, key, { deleted: true, updatedAt }), reply: undefined };
    }
    case 'expireSession': {
      const [key, expiresAt] = call.args;
      return { books: changeSession(books, key, { expiresAt }), reply: undefined };
    }
  }
}

function withFreezes(books: Books, freezes: Books['gate']['freezes']): Books {
  return { ...books, gate: { ...books.gate, freezes } };
}

export function keyOfSession({ managerId, sessionId }: SessionKey): string {
  return `${managerId}/${sessionId}`;
}

export function withSession(books: Books, session: Session): Books {
  return { ...books, sessions: new Map(books.sessions).set(keyOfSession(session), session) };
}

function changeSession(books: Books, key: SessionKey, change: Partial<Session>): Books {
  const session = books.sessions.get(keyOfSession(key));
  return session === undefined ? books : withSession(books, { ...session, ...change });
}
