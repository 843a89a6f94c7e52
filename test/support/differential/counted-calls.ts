import type { Charge, HeldCharge } from '../../../lib/domain/payment/charge.ts';
import { freezeKey } from '../../../lib/domain/payment/freeze.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Window, WindowRef } from '../../../lib/domain/payment/window.ts';
import { addMs, type EpochMs } from '../../../lib/domain/time.ts';
import type { Draw } from '../../../scripts/nemesis/plan.ts';
import type { Books, BooksCall } from '../model-ledger.ts';
import { keyOfSession } from '../model-operator.ts';
import { keyOfWindow } from '../model-windows.ts';
import { MANAGER_ID, NOW, USER_ID } from '../payments.ts';

// What policies count, and what is frozen: drawn with a look at the books, since of what is drawn blindly too little is applied.

/** A limit that sessions share; the second closes while others are at work. */
const WINDOWS = [
  { key: 'dAyOfAlLuSe', closesAt: addMs(NOW, 3_600_000) },
  { key: 'hOuRtHaTcLo', closesAt: addMs(NOW, 5_000) },
] as const;
const CAPS = ['cApOfOne', 'cApOfTwo'] as const;
const LIMIT_MAX = 12;
const QUANTITY_MAX = 3;
const CAP_MAX = 6;

/** Draws calls around one session of books as they stand. */
export function createCountedDraw(draw: Draw, books: Books, sessions: readonly Session[]) {
  const below = (count: number): number => Math.floor(draw() * count);
  const one = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const stored = ({ managerId, sessionId }: Session) => books.sessions.get(keyOfSession({ managerId, sessionId }));
  const windowOf = ({ key }: Pick<Window, 'key'>) => books.windows.get(keyOfWindow({ managerId: MANAGER_ID, key }));

  const charges = (amount: bigint): readonly Charge[] => {
    const some: Charge[] = [];
    for (const key of CAPS) {
      if (draw() < 0.3)
        some.push({ kind: 'session', key, quantity: quantityOf(amount), max: BigInt(1 + below(CAP_MAX)) });
    }
    for (const { key, closesAt } of WINDOWS) {
      const max = draw() < 0.7 ? (windowOf({ key })?.limit ?? 1n) : BigInt(1 + below(LIMIT_MAX));
      if (draw() < 0.3) some.push({ kind: 'window', key, opensAt: NOW, closesAt, quantity: quantityOf(amount), max });
    }
    return some;
  };
  const quantityOf = (amount: bigint): bigint => (draw() < 0.5 ? amount : BigInt(1 + below(QUANTITY_MAX)));

  /** What an entry holds, mostly; now and then nothing, or something else. */
  const heldBy = (session: Session, entry: string): readonly HeldCharge[] => {
    if (draw() < 0.08) return [];
    if (draw() < 0.04) return [{ kind: 'session', key: CAPS[0], quantity: 1n }];
    return [...(stored(session)?.open ?? [])].find(([key]) => key === entry)?.[1].charges ?? [];
  };

  const change = (): BooksCall => {
    const [{ key, closesAt }, session] = [one(WINDOWS), one(sessions)];
    const ref: WindowRef = { managerId: MANAGER_ID, key };
    const window = windowOf({ key });
    const blind = draw() < 0.15;
    const seenLimit = blind ? null : (window?.limit ?? null);
    const limit = seenLimit !== null && draw() < 0.8 ? seenLimit : BigInt(1 + below(LIMIT_MAX));
    const free = stored(session)?.windows.get(key)?.free ?? 0n;
    // Nobody makes a window with more than its limit, and nobody gives back what was never had.
    const by = draw() < 0.2 ? -(free / 2n) : BigInt(below(Number(window?.available ?? limit) + 2));
    const others = sessions.filter((other) => other !== session && stored(other)?.windows.has(key) === true);
    const takings =
      seenLimit === null || draw() < 0.5
        ? []
        : others.map(({ sessionId }) => ({ sessionId, amount: BigInt(1 + below(QUANTITY_MAX)) }));
    return {
      method: 'change',
      args: [
        ref,
        {
          seenLimit,
          limit,
          closesAt,
          sessionId: session.sessionId,
          seenNumber: draw() < 0.1 ? 1 + below(3) : (window?.grants.get(session.sessionId)?.number ?? null),
          by: seenLimit === null && by > limit ? limit : by,
          takings,
          settles: draw() < 0.8,
        },
      ],
    };
  };

  const calls: readonly (() => BooksCall)[] = [
    change,
    change,
    () => ({ method: 'readWindow', args: [{ managerId: MANAGER_ID, key: one(WINDOWS).key }] }),
    () => {
      const session = one(sessions);
      const seen = draw() < 0.7 ? (stored(session) ?? session) : session;
      const { key } = one(WINDOWS);
      // Nobody folds what an open entry still holds.
      const entries = [...(stored(session)?.open.values() ?? [])];
      const isHeld = entries.some((entry) => entry.charges.some((charge) => charge.key === key));
      return isHeld
        ? { method: 'readWindow', args: [{ managerId: MANAGER_ID, key }] }
        : { method: 'fold', args: [seen, key] };
    },
  ];
  return {
    charges,
    /** Windows that a reserve forgets, none of which it charges. */
    prune: (charged: readonly Charge[]): readonly string[] =>
      WINDOWS.flatMap(({ key }) => (draw() < 0.02 && !charged.some((charge) => charge.key === key) ? [key] : [])),
    heldBy,
    call: () => one(calls)(),
  };
}

const PARTS = [
  freezeKey({ managerId: MANAGER_ID, scope: 'user', userId: USER_ID }),
  freezeKey({ managerId: MANAGER_ID, scope: 'asset', network: 'eip155:84532', asset: '0x1' }),
] as const;

/** Freezes and thaws, of which those that come late are to change nothing. */
export function drawFreeze(draw: Draw, { gate }: Books, now: EpochMs): BooksCall {
  const part = draw() < 0.5 ? PARTS[0] : PARTS[1];
  const kind = draw();
  if (kind < 0.3) return { method: 'freezePart', args: [part, now] };
  if (kind < 0.6) return { method: 'thawPart', args: [part, draw() < 0.8 ? (gate.freezes.get(part) ?? now) : now] };
  if (kind < 0.8) return { method: 'freeze', args: [now] };
  return { method: 'thaw', args: [draw() < 0.8 ? (gate.frozenAt ?? now) : now] };
}
