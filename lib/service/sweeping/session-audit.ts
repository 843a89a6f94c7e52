import { AUDIT_SCRUBS_MAX } from '../../domain/limits.ts';
import { toMicroUsd, type MicroUsd } from '../../domain/money.ts';
import type { Ledger, SignedSums } from '../../domain/ports/books.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import { foldGrants } from './grant-fold.ts';
import { scrubSession, type RecoveryDeps } from './recovery.ts';

export interface AuditDeps extends RecoveryDeps {
  readonly ledger: RecoveryDeps['ledger'] & Pick<Ledger, 'readSession'>;
  readonly sums: SignedSums;
  readonly windows: Pick<WindowBooks, 'fold'>;
}

export type AuditOutcome =
  | { readonly kind: 'sound' }
  | { readonly kind: 'mismatch'; readonly spent: MicroUsd; readonly signed: MicroUsd }
  /** Its user has made too many payments to be read. */
  | { readonly kind: 'unread' };

/**
 * Closes the books of a session that takes nothing any more: finishes what is still open, which a reserve may be that arrived
 * after its payment's last visit, returns what it has of windows, and holds what was spent against the sum of what was signed.
 * Throws where an entry stays open; the session is audited again then.
 * @see docs/decisions/0017-a-reserve-that-arrives-twice.md
 */
export async function auditSession(deps: AuditDeps, found: Session): Promise<AuditOutcome> {
  const session = await finishEntries(deps, found);
  const { open, budget } = session;
  if (open.size > 0) throw new Error(`${open.size} reservations stay open in a session that has ended`);
  await foldGrants(deps, session);
  const signed = await deps.sums.sumSigned(found);
  if (signed === null) return { kind: 'unread' };
  // What came back was signed and not taken.
  const counted = budget.spent + (session.returns?.givenBack ?? 0n);
  return signed === counted ? { kind: 'sound' } : { kind: 'mismatch', spent: toMicroUsd(counted), signed };
}

async function finishEntries(deps: AuditDeps, found: Session): Promise<Session> {
  let session = found;
  for (let scrub = 0; scrub < AUDIT_SCRUBS_MAX && session.open.size > 0; scrub += 1) {
    await scrubSession(deps, session);
    session = (await deps.ledger.readSession(session)) ?? session;
  }
  return session;
}
