import { expect, test } from 'vitest';
import { WINDOW_ROUNDS_MAX } from '../../../lib/domain/limits.ts';
import type { WindowGrant } from '../../../lib/domain/payment/charge.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { foldGrants } from '../../../lib/service/sweeping/grant-fold.ts';
import { createTestClock } from '../../support/paying.ts';
import { makeSession, NOW } from '../../support/payments.ts';

const grant = (number: number, openMs = 1): WindowGrant => ({
  free: 5n,
  used: 3n,
  number,
  limit: 100n,
  closesAt: addMs(NOW, openMs),
});
const holding = (...grants: readonly (readonly [string, WindowGrant])[]): Session =>
  makeSession({ sessionId: 'over', windows: new Map(grants) });

/** Books in which the session is found as it is when it is read for the n-th time, and folds that end as they say. */
function books(found: (read: number) => Session | null, outcomes: readonly ('changed' | 'stale')[]) {
  const folded: string[] = [];
  let reads = 0;
  const deps = {
    clock: createTestClock(NOW),
    ledger: {
      readSession: async () => {
        reads += 1;
        return found(reads);
      },
    },
    windows: {
      fold: async (session: Pick<Session, 'windows'>, key: string) => {
        folded.push(`${key} ${session.windows.get(key)?.number}`);
        return outcomes[folded.length - 1] ?? 'changed';
      },
    },
  };
  return { deps, folded, reads: () => reads };
}

test('every window that is still open gets back what a session has of it, once', async () => {
  const session = holding(['day', grant(1)], ['closed', grant(1, 0)], ['week', grant(4)]);
  const { deps, folded, reads } = books(() => null, []);
  await foldGrants(deps, session);
  expect([folded, reads()]).toEqual([['day 1', 'week 4'], 0]);
});

test('a grant that moved meanwhile is read again and returned as it is then', async () => {
  const { deps, folded } = books((read) => holding(['day', grant(1 + read)]), ['stale', 'stale', 'changed']);
  await foldGrants(deps, holding(['day', grant(1)]));
  expect(folded).toEqual(['day 1', 'day 2', 'day 3']);
});

test('a grant that is gone when it is read again, or its session, is returned', async () => {
  for (const found of [holding(), null]) {
    const { deps, folded } = books(() => found, ['stale', 'changed']);
    await foldGrants(deps, holding(['day', grant(1)], ['week', grant(1)]));
    expect(folded).toEqual(['day 1', 'week 1']);
  }
});

test('where others keep changing it, the session is audited again', async () => {
  const session = holding(['day', grant(1)]);
  const { deps, folded } = books(
    () => session,
    Array.from({ length: 2 * WINDOW_ROUNDS_MAX }, () => 'stale'),
  );
  await expect(foldGrants(deps, session)).rejects.toThrow(/could not be returned/);
  expect(folded).toHaveLength(WINDOW_ROUNDS_MAX);
});
