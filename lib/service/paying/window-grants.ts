import {
  WINDOW_GRANTS_MAX,
  WINDOW_ROUNDS_MAX,
  WINDOW_SIBLINGS_MAX,
  WINDOW_WAIT_STEP_MAX_MS,
  WINDOW_WAIT_STEP_MIN_MS,
} from '../../domain/limits.ts';
import { bears, type WindowCharge } from '../../domain/payment/charge.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import {
  planGrant,
  planStealBack,
  richestFirst,
  type Asking,
  type Sibling,
  type Window,
  type WindowChange,
  type WindowRef,
} from '../../domain/payment/window.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import { NotNow, OutcomeUnknown, type Randomness } from '../../domain/ports/services.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import type { Clock } from '../../domain/time.ts';
import { jitteredWaitMs } from './payment-wait.ts';

export interface GrantDeps {
  readonly ledger: Pick<Ledger, 'readSession'>;
  readonly windows: WindowBooks;
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'fraction'>;
}

export type GrantOutcome =
  /** The session has what the charge asks for, or takes nothing any more: its reserve says which. */
  | { readonly kind: 'ready' }
  /** Neither the window nor all of its sessions together have it. */
  | { readonly kind: 'exhausted'; readonly used: bigint }
  /** Not known in time. Never a denial: money may be free. */
  | { readonly kind: 'busy' };

/** Sessions that came together and were in each other's way do not come together again. */
const WAIT = { minMs: WINDOW_WAIT_STEP_MIN_MS, maxMs: WINDOW_WAIT_STEP_MAX_MS };

/**
 * Gets a session what a charge asks of its window: out of what the window has available, else from other sessions that have it
 * free, whether or not they are still open. Says `exhausted` only where nothing moved between sessions while all were looked at,
 * this one among them.
 * @param seen the session as it was read last
 * @see docs/decisions/0026-counters-of-a-policy.md
 */
export async function ensureGrant(
  deps: GrantDeps,
  seen: Session,
  charge: WindowCharge,
  giveUpAt: number,
): Promise<GrantOutcome> {
  const ref = { managerId: seen.managerId, key: charge.key };
  for (let round = 0; round < WINDOW_ROUNDS_MAX && deps.clock.now() < giveUpAt; round += 1) {
    if (round > 0) await deps.clock.sleep(jitteredWaitMs(deps.random, round - 1, WAIT));
    const [window, session] = await Promise.all([
      deps.windows.readWindow(ref),
      round === 0 ? seen : deps.ledger.readSession(seen),
    ]);
    if (session === null || sessionStatus(session, deps.clock.now()) !== 'ACTIVE') return { kind: 'ready' };
    const grant = session.windows.get(charge.key);
    if (round > 0 && bears(grant, charge)) return { kind: 'ready' };
    if (grant === undefined && (window?.grants.size ?? 0) >= WINDOW_GRANTS_MAX) return { kind: 'busy' };
    const asking = { sessionId: session.sessionId, grant };
    const plan = planGrant(window, asking, charge);
    if (plan.kind === 'change') {
      if (await isChanged(deps, ref, plan.change)) return { kind: 'ready' };
      continue;
    }
    if (window === null) return { kind: 'exhausted', used: 0n };
    const found = await lookAround(deps, window, asking, plan.deficit, giveUpAt);
    if (found.kind === 'late') break;
    if (found.kind === 'short') {
      // Something may have moved from a session that was not read yet to one that was, or have come to this one: by a grant of
      // which the window knew already when it was read, or by a payment that gave back.
      const [after, own] = await Promise.all([deps.windows.readWindow(ref), deps.ledger.readSession(session)]);
      const free = own?.windows.get(charge.key)?.free ?? 0n;
      if (after?.version !== window.version || free > (grant?.free ?? 0n)) continue;
      return { kind: 'exhausted', used: window.limit - window.available - found.free - free };
    }
    const change = planStealBack(window, asking, charge, found.siblings);
    if ((await isChanged(deps, ref, change)) && change.settles) return { kind: 'ready' };
  }
  return { kind: 'busy' };
}

/** Whether a change was made. One that nobody answered for, or that met others, is looked up by reading again. */
async function isChanged({ windows }: GrantDeps, ref: WindowRef, change: WindowChange): Promise<boolean> {
  try {
    return (await windows.change(ref, change)) === 'changed';
  } catch (error) {
    if (error instanceof NotNow || error instanceof OutcomeUnknown) return false;
    throw error;
  }
}

type Look =
  | { readonly kind: 'found'; readonly siblings: readonly Sibling[] }
  /** All were read, and have this much free together. */
  | { readonly kind: 'short'; readonly free: bigint }
  | { readonly kind: 'late' };

/** Looks for what is missing in the other sessions, a few at a time, and no further than it must. */
async function lookAround(
  { ledger, clock }: GrantDeps,
  window: Window,
  { sessionId }: Asking,
  deficit: bigint,
  giveUpAt: number,
): Promise<Look> {
  const others = [...window.grants]
    .filter(([id, { amount }]) => id !== sessionId && amount > 0n)
    .toSorted(([, a], [, b]) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1));
  const siblings: Sibling[] = [];
  let free = 0n;
  for (let at = 0; at < others.length; at += WINDOW_SIBLINGS_MAX) {
    if (clock.now() >= giveUpAt) return { kind: 'late' };
    const page = others.slice(at, at + WINDOW_SIBLINGS_MAX);
    const { managerId, key } = window;
    const sessions = await Promise.all(page.map(([id]) => ledger.readSession({ managerId, sessionId: id })));
    for (const session of sessions) {
      const grant = session?.windows.get(key);
      if (session === null || grant === undefined || grant.free <= 0n) continue;
      siblings.push({ sessionId: session.sessionId, grant });
      free += grant.free;
    }
    if (siblings.length <= WINDOW_SIBLINGS_MAX ? free >= deficit : hasOne(siblings, deficit)) break;
  }
  if (free < deficit) return { kind: 'short', free };
  return { kind: 'found', siblings: siblings.toSorted(richestFirst).slice(0, WINDOW_SIBLINGS_MAX) };
}

function hasOne(siblings: readonly Sibling[], deficit: bigint): boolean {
  return siblings.some(({ grant }) => grant.free >= deficit);
}
