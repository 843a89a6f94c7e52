import type { Allowance } from '../../domain/allowances/allowance.ts';
import type { ApprovalNeed } from '../../domain/allowances/sight.ts';
import { findNetwork } from '../../domain/assets.ts';
import { APPROVAL_SESSIONS_MAX, PAGE_SIZE_MAX, SESSION_MINUTES_MAX } from '../../domain/limits.ts';
import { toMicroUsd } from '../../domain/money.ts';
import { stablecoinOfUsd } from '../../domain/token-amount.ts';
import { parseEntryKey, type Payment } from '../../domain/payment/payment.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { PaymentLog, SessionStore } from '../../domain/ports/books.ts';
import type { SchemeOf } from '../../domain/ports/schemes.ts';
import type { UserKey } from '../../domain/ports/services.ts';
import { addMs, type Clock, type EpochMs } from '../../domain/time.ts';

export interface NeedDeps {
  readonly sessions: Pick<SessionStore, 'readSession' | 'listSessions'>;
  readonly payments: Pick<PaymentLog, 'listPayments'>;
  readonly schemeOf: SchemeOf;
  readonly clock: Clock;
}

/**
 * What may still be taken of a wallet's token through a contract that it approved: what the open sessions of its user have left or
 * hold, and what is signed and can still be settled. All sessions count, since any of them may pay from the wallet.
 */
export async function readNeed(
  { sessions, payments, schemeOf, clock }: NeedDeps,
  { managerId, userId, network, owner }: Pick<Allowance, 'managerId' | 'userId' | 'network' | 'owner'>,
  token: string,
): Promise<ApprovalNeed> {
  const now = clock.now();
  const user = { managerId, userId };
  const [open, { items: recent }] = await Promise.all([
    readOpenSessions(sessions, user, now),
    payments.listPayments(user, { maxResults: PAGE_SIZE_MAX }),
  ]);
  const alive = recent.filter((payment) => {
    const { status, offer, terms } = payment;
    const isThere = offer.network === network && offer.asset === token && terms.from === owner;
    return isThere && status === 'SIGNED' && schemeOf(offer).approved !== null && terms.validBefore * 1_000 > now;
  });
  const signed = alive.reduce((sum, { offer }) => sum + offer.amount, 0n);
  return { signed, most: most(open, alive, findNetwork(network)?.usdc.decimals ?? 0, signed) };
}

function most(open: readonly Session[], alive: readonly Payment[], decimals: number, signed: bigint): bigint | null {
  const counted = new Set<string>(alive.map(({ id }) => id));
  let dollars = 0n;
  for (const { budget, open: entries } of open) {
    if (budget.available === null) return null;
    dollars += budget.available;
    for (const [key, { amount }] of entries) if (!counted.has(parseEntryKey(key).paymentId)) dollars += amount;
  }
  return stablecoinOfUsd(toMicroUsd(dollars), decimals) + signed;
}

/** Newest first, and none is open any longer than a session lasts. */
async function readOpenSessions(
  sessions: NeedDeps['sessions'],
  user: UserKey,
  now: EpochMs,
): Promise<readonly Session[]> {
  const found: Session[] = [];
  let nextToken: string | undefined;
  for (let count = 0; count < APPROVAL_SESSIONS_MAX; count += PAGE_SIZE_MAX) {
    const page = await sessions.listSessions(user, {
      maxResults: PAGE_SIZE_MAX,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    const lasting = page.items.filter(({ expiresAt }) => expiresAt > now);
    const read = await Promise.all(lasting.map((summary) => sessions.readSession(summary)));
    found.push(
      ...read.filter((session): session is Session => session !== null && sessionStatus(session, now) === 'ACTIVE'),
    );
    nextToken = page.nextToken;
    const oldest = page.items.at(-1);
    if (nextToken === undefined || oldest === undefined) break;
    if (addMs(oldest.createdAt, SESSION_MINUTES_MAX * 60_000) <= now) break;
  }
  return found;
}
