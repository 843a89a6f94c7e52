import type { Ledger } from '../../domain/ports/books.ts';
import { SCRUB_ENTRIES_MAX } from '../../domain/limits.ts';
import { parseEntryKey, toEntryKey, type EntryKey, type Payment } from '../../domain/payment/payment.ts';
import type { OpenEntry, Session, SessionKey } from '../../domain/payment/session.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';

/**
 * What an open entry deserves, given what its payment became. An entry may only be released once its payment is decided
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
  held: Pick<OpenEntry, 'amount'>,
  payment: Payment | null,
): Promise<'settle' | 'release' | 'leave'> {
  const action = entryAction(parseEntryKey(entry).attempt, payment);
  if (action === 'leave') return action;
  const request = { session, entry, amount: held.amount, now: deps.clock.now() };
  await (action === 'settle' ? deps.ledger.settle(request) : deps.ledger.release(request));
  return action;
}

/**
 * Finishes entries of a session whose lease has ended, at most `SCRUB_ENTRIES_MAX` of them, oldest lease first.
 * @returns how many entries were released, which is how many places and amounts came free
 */
export async function scrubSession(deps: RecoveryDeps, session: Session): Promise<number> {
  const now = deps.clock.now();
  const stale = [...session.open]
    .filter(([, held]) => held.leaseUntil <= now)
    .toSorted(([, a], [, b]) => a.leaseUntil - b.leaseUntil)
    .slice(0, SCRUB_ENTRIES_MAX);
  const actions = await Promise.all(
    stale.map(async ([entry, held]) => {
      const stored = await deps.ledger.readPayment(parseEntryKey(entry).paymentId);
      const payment = stored === null ? null : await abandonIfDead(deps, stored, now);
      return closeEntry(deps, session, entry, held, payment);
    }),
  );
  return actions.filter((action) => action !== 'leave').length;
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
