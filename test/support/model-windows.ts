import type { CounterKey, WindowCharge, WindowGrant } from '../../lib/domain/payment/charge.ts';
import type { Session, SessionKey } from '../../lib/domain/payment/session.ts';
import {
  neededOf,
  type Granted,
  type Window,
  type WindowChange,
  type WindowRef,
} from '../../lib/domain/payment/window.ts';
import type { WindowBooks } from '../../lib/domain/ports/windows.ts';
import type { Applied, Books, BooksCall } from './model-ledger.ts';
import { keyOfSession, withSession } from './model-operator.ts';

type WindowCall = Extract<BooksCall, { readonly method: keyof WindowBooks }>;

/** Applies one request to windows and the sessions that share them, as one transaction. */
export function applyWindowCall(books: Books, call: WindowCall): Applied {
  switch (call.method) {
    case 'readWindow':
      return { books, reply: books.windows.get(keyOfWindow(call.args[0])) ?? null };
    case 'change':
      return change(books, ...call.args);
    case 'fold':
      return fold(books, ...call.args);
  }
}

export function keyOfWindow({ managerId, key }: WindowRef): string {
  return `${managerId}/${key}`;
}

const stale = (books: Books): Applied => ({ books, reply: 'stale' });

function change(books: Books, ref: WindowRef, asked: WindowChange): Applied {
  const stored = books.windows.get(keyOfWindow(ref));
  if ((stored?.limit ?? null) !== asked.seenLimit) return stale(books);
  const window = stored ?? newWindow(ref, asked);
  const needed = neededOf(asked);
  if (asked.settles && window.available < needed) return stale(books);
  const { managerId, key } = ref;
  const session = books.sessions.get(keyOfSession({ managerId, sessionId: asked.sessionId }));
  const [grant, granted] = [session?.windows.get(key), window.grants.get(asked.sessionId)];
  if (session === undefined || session.deleted) return stale(books);
  if ((grant?.number ?? null) !== asked.seenNumber || (granted?.number ?? null) !== asked.seenNumber)
    return stale(books);
  const free = (grant?.free ?? 0n) + asked.by;
  if (free < 0n) return stale(books);
  const grants = new Map(window.grants);
  const number = (grant?.number ?? 0) + 1;
  grants.set(asked.sessionId, { amount: (granted?.amount ?? 0n) + asked.by, number });
  const moved: WindowGrant = {
    free,
    used: grant?.used ?? 0n,
    number,
    limit: asked.settles || grant === undefined ? asked.limit : grant.limit,
    closesAt: asked.closesAt,
  };
  let next = withGrant(books, session, key, moved);
  for (const { sessionId, amount } of asked.takings) {
    const other = books.sessions.get(keyOfSession({ managerId, sessionId }));
    const [theirs, theirPart] = [other?.windows.get(key), grants.get(sessionId)];
    if (other === undefined || theirs === undefined || theirPart === undefined) return stale(books);
    if (theirs.free < amount) return stale(books);
    grants.set(sessionId, { ...theirPart, amount: theirPart.amount - amount });
    next = withGrant(next, other, key, { ...theirs, free: theirs.free - amount });
  }
  const changed: Window = {
    ...window,
    limit: asked.limit,
    available: window.available - needed,
    version: window.version + 1,
    grants,
  };
  return { books: withWindow(next, changed), reply: 'changed' };
}

/** Books in which a session has all of a window free. */
export function grantAll(books: Books, { managerId, sessionId }: SessionKey, charge: WindowCharge): Books {
  const { key, max, closesAt } = charge;
  const asked = { seenLimit: null, limit: max, closesAt, sessionId, seenNumber: null, by: max };
  return change(books, { managerId, key }, { ...asked, takings: [], settles: true }).books;
}

function withGrant(books: Books, session: Session, key: CounterKey, grant: WindowGrant): Books {
  return withSession(books, { ...session, windows: new Map(session.windows).set(key, grant) });
}

function newWindow(ref: WindowRef, { limit, closesAt }: WindowChange): Window {
  return { ...ref, limit, available: limit, spent: 0n, version: 0, closesAt, grants: new Map() };
}

function fold(books: Books, seen: Pick<Session, 'managerId' | 'sessionId' | 'windows'>, key: CounterKey): Applied {
  const session = books.sessions.get(keyOfSession(seen));
  const window = books.windows.get(keyOfWindow({ managerId: seen.managerId, key }));
  const [before, now] = [seen.windows.get(key), session?.windows.get(key)];
  const granted: Granted | undefined = window?.grants.get(seen.sessionId);
  if (session === undefined || window === undefined || before === undefined || now === undefined) return stale(books);
  if (granted?.number !== before.number || now.number !== before.number) return stale(books);
  if (now.free !== before.free || now.used !== before.used) return stale(books);
  const grants = new Map(window.grants);
  grants.delete(session.sessionId);
  const windows = new Map(session.windows);
  windows.delete(key);
  const folded: Window = {
    ...window,
    available: window.available + before.free,
    spent: window.spent + before.used,
    version: window.version + 1,
    grants,
  };
  return { books: withWindow(withSession(books, { ...session, windows }), folded), reply: 'changed' };
}

function withWindow(books: Books, window: Window): Books {
  return { ...books, windows: new Map(books.windows).set(keyOfWindow(window), window) };
}
