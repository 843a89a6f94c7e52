import type { Ledger } from '../../domain/ports/books.ts';
import { SCRUB_ENTRIES_MAX, SCRUB_LIVE_ENTRIES_MAX } from '../../domain/limits.ts';
import { parseEntryKey, toEntryKey, type EntryKey, type Payment } from '../../domain/payment/payment.ts';
import type { OpenEntry, Session, SessionKey } from '../../domain/payment/session.ts';
import { mayReturn } from '../../domain/payment/true-up.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';

/**
 * What to do with an open entry, given the status of its payment. An entry may only be released once its payment is decided
 * otherwise: releasing first and deciding later could let a proof leave that nobody counts.
 */
export function entryAction(attempt: number, payment: Payment | null): 'settle' | 'release' | 'leave' {
  if (payment === null || payment.attempt !== attempt) return 'release';
  if (payment.status === 'SIGNED') return 'settle';
  return payment.status === 'PENDING' ? 'leave' : 'release';
}

export interface RecoveryDeps {
  readonly ledger: Pick<Ledger, 'readPayment' | 'decide' | 'settle' | 'release'>;
  readonly clock: Clock;
}

/** Decides a payment whose handler is gone, so that its entry can be closed. Leaves one alone whose lease still runs. */
export async function abandonIfDead(
  deps: { readonly ledger: Pick<Ledger, 'decide'> },
  payment: Payment,
  now: EpochMs,
): Promise<Payment> {
  if (payment.status !== 'PENDING' || now < payment.leaseUntil) return payment;
  const outcome = await deps.ledger.decide(payment.id, payment.attempt, { status: 'ABORTED', at: now });
  return outcome.payment;
}

/** Closes one open entry as its payment demands. Returns what it did; repeating it is harmless. */
export async function closeEntry(
  deps: RecoveryDeps,
  session: SessionKey,
  entry: EntryKey,
  held: Pick<OpenEntry, 'amount' | 'charges'>,
  payment: Payment | null,
): Promise<'settle' | 'release' | 'leave'> {
  const action = entryAction(parseEntryKey(entry).attempt, payment);
  if (action === 'leave') return action;
  const request = { session, entry, amount: held.amount, charges: held.charges, now: deps.clock.now() };
  if (action === 'release') await deps.ledger.release(request);
  else await deps.ledger.settle(payment !== null && mayReturn(payment) ? { ...request, mayReturn: true } : request);
  return action;
}

/** One handler's looks at a session that is full: each goes on where the last one ended. */
export interface PlaceSearch {
  /** Where it begins, so that handlers that come together look at different entries. */
  readonly own: EntryKey;
  /** Entries within their lease that were found to be still at work. */
  readonly busy: Set<EntryKey>;
}

/**
 * Finishes entries of a session whose lease has ended, at most `SCRUB_ENTRIES_MAX` of them, oldest lease first. With a search
 * for a place it also closes entries whose payment is decided before their lease has ended, which is what a store leaves that
 * had no time for settling; it looks at `SCRUB_LIVE_ENTRIES_MAX` of those.
 * @returns how many entries were closed, which is how many places came free
 * @throws the first failure, where nothing could be closed
 */
export async function scrubSession(
  deps: RecoveryDeps,
  session: Session,
  search: PlaceSearch | null = null,
): Promise<number> {
  const now = deps.clock.now();
  const entries = [...staleEntries(session, now), ...(search === null ? [] : liveEntries(session, now, search))];
  const outcomes = await Promise.allSettled(
    entries.map(async ([entry, held]) => {
      const stored = await deps.ledger.readPayment(parseEntryKey(entry).paymentId);
      const payment = stored === null ? null : await abandonIfDead(deps, stored, now);
      const action = await closeEntry(deps, session, entry, held, payment);
      if (action === 'leave') search?.busy.add(entry);
      return action;
    }),
  );
  const closed = outcomes.filter((each) => each.status === 'fulfilled' && each.value !== 'leave').length;
  const failure = outcomes.find((each) => each.status === 'rejected');
  if (closed === 0 && failure !== undefined) throw failure.reason;
  return closed;
}

type HeldEntry = readonly [EntryKey, OpenEntry];

/** Whether a session has entries that a scrub would finish, so that it may have more left than it shows. */
export function hasDeadEntries({ open }: Session, now: EpochMs): boolean {
  return [...open.values()].some((held) => isDead(held, now));
}

function isDead({ leaseUntil }: OpenEntry, now: EpochMs): boolean {
  return leaseUntil <= now;
}

function staleEntries({ open }: Session, now: EpochMs): readonly HeldEntry[] {
  return [...open]
    .filter(([, held]) => isDead(held, now))
    .toSorted(([, a], [, b]) => a.leaseUntil - b.leaseUntil)
    .slice(0, SCRUB_ENTRIES_MAX);
}

/** Begins behind the searcher's own name, and anew once all were looked at. */
function liveEntries({ open }: Session, now: EpochMs, { own, busy }: PlaceSearch): readonly HeldEntry[] {
  const live = [...open]
    .filter(([entry, held]) => !isDead(held, now) && !busy.has(entry))
    .toSorted(([a], [b]) => Number(a < own) - Number(b < own) || (a < b ? -1 : 1))
    .slice(0, SCRUB_LIVE_ENTRIES_MAX);
  if (live.length === 0) busy.clear();
  return live;
}

/** The entries of a payment that are open on its session: at most one per attempt. */
export function openEntriesOf(payment: Payment, session: Session): readonly (readonly [EntryKey, OpenEntry])[] {
  const found: [EntryKey, OpenEntry][] = [];
  for (let attempt = 1; attempt <= payment.attempt; attempt += 1) {
    const entry = toEntryKey(payment.id, attempt);
    const held = session.open.get(entry);
    if (held !== undefined) found.push([entry, held]);
  }
  return found;
}

/**
 * Gives back what earlier attempts of a payment hold, now that a later one owns it: none of them can be signed any more.
 * @param session as it was read before; an entry that is gone since is left alone
 */
export async function releaseEarlierAttempts(deps: RecoveryDeps, payment: Payment, session: Session): Promise<void> {
  for (const [entry, held] of openEntriesOf(payment, session)) {
    if (parseEntryKey(entry).attempt < payment.attempt) await closeEntry(deps, payment, entry, held, payment);
  }
}
