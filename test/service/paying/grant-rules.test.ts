import { beforeEach, describe, expect, test } from 'vitest';
import { WINDOW_GRANTS_MAX, WINDOW_ROUNDS_MAX, WINDOW_SIBLINGS_MAX } from '../../../lib/domain/limits.ts';
import type { WindowCharge, WindowGrant } from '../../../lib/domain/payment/charge.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { Window, WindowChange } from '../../../lib/domain/payment/window.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { ensureGrant, type GrantDeps } from '../../../lib/service/paying/window-grants.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { MANAGER_ID, makeSession, NOW } from '../../support/payments.ts';

const KEY = 'windowkey00';
const closesAt = addMs(NOW, 3_600_000);
const charge: WindowCharge = { kind: 'window', key: KEY, opensAt: NOW, closesAt, quantity: 100n, max: 1_000n };
const GIVE_UP = addMs(NOW, 60_000);

let clock: TestClock;
let waits: number[];
let reads: string[];
let changes: WindowChange[];
let sessions: Map<string, Session>;

beforeEach(() => {
  clock = createTestClock(NOW);
  waits = [];
  reads = [];
  changes = [];
  sessions = new Map();
});

const grantOf = (free: bigint, used = 0n): WindowGrant => ({ free, used, number: 1, limit: 1_000n, closesAt });

function asking(grant?: WindowGrant, overrides: Partial<Session> = {}): Session {
  const windows = new Map(grant === undefined ? [] : [[KEY, grant] as const]);
  const session = makeSession({ sessionId: 'asking', windows, ...overrides });
  sessions.set(session.sessionId, session);
  return session;
}

/** Other sessions with so much free each, and what the window knows of them. */
function others(free: readonly bigint[], granted: (free: bigint, at: number) => bigint = (each) => each) {
  const ids = free.map((_, at) => `other-${at.toString().padStart(4, '0')}`);
  for (const [at, id] of ids.entries()) {
    sessions.set(id, makeSession({ sessionId: id, windows: new Map([[KEY, grantOf(free[at]!)]]) }));
  }
  return new Map(ids.map((id, at) => [id, { amount: granted(free[at]!, at), number: 1 }] as const));
}

function windowOf(overrides: Partial<Window> = {}): Window {
  return {
    managerId: MANAGER_ID,
    key: KEY,
    limit: 1_000n,
    available: 0n,
    spent: 0n,
    version: 7,
    closesAt,
    grants: new Map(),
    ...overrides,
  };
}

type Outcome = 'changed' | 'stale' | Error;

/** Asks for the one charge of these tests, with time to spare. */
const ensure = (deps: GrantDeps, seen: Session) => ensureGrant(deps, seen, charge, GIVE_UP);

/** Books that show the window as it is when it is read for the n-th time, and answer the n-th change so. */
function over(windowAt: (read: number) => Window | null, outcomeAt: (change: number) => Outcome = () => 'changed') {
  let windowReads = 0;
  const deps: GrantDeps = {
    clock: {
      now: clock.now,
      sleep: async (ms) => {
        waits.push(ms);
        await clock.sleep(ms);
      },
    },
    random: { fraction: () => 1 },
    ledger: {
      readSession: async ({ sessionId }) => {
        reads.push(sessionId);
        return sessions.get(sessionId) ?? null;
      },
    },
    windows: {
      readWindow: async () => {
        windowReads += 1;
        if (windowReads > 4 * WINDOW_ROUNDS_MAX) throw new Error('rounds without an end');
        return windowAt(windowReads);
      },
      change: async (_ref, change) => {
        changes.push(change);
        const outcome = outcomeAt(changes.length);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      fold: () => Promise.reject(new Error('nothing is folded here')),
    },
  };
  return deps;
}

const READY = { kind: 'ready' };
const BUSY = { kind: 'busy' };

describe('a session that lacks something of a window', () => {
  test('gets it out of what the window has, in one change and without being read again', async () => {
    expect(
      await ensure(
        over(() => null),
        asking(),
      ),
    ).toEqual(READY);
    expect([changes.length, reads, waits]).toEqual([1, [], []]);
    expect(changes[0]).toMatchObject({ sessionId: 'asking', seenLimit: null, by: 125n, settles: true });
  });

  test('asks once although it seemed to have enough: its reserve was refused', async () => {
    expect(
      await ensure(
        over(() => windowOf()),
        asking(grantOf(100n)),
      ),
    ).toEqual(READY);
    expect([changes.length, reads]).toEqual([1, []]);
  });

  test('asks for nothing more where another call of it got it meanwhile', async () => {
    const seen = asking();
    sessions.set('asking', { ...seen, windows: new Map([[KEY, grantOf(100n)]]) });
    const deps = over(
      () => windowOf({ available: 1_000n }),
      () => 'stale',
    );
    expect(await ensure(deps, seen)).toEqual(READY);
    expect([changes.length, reads]).toEqual([1, ['asking']]);
  });

  test('is granted nothing when it takes no payment any more: its reserve says why', async () => {
    const ended = asking(undefined, { expiresAt: NOW });
    expect(
      await ensure(
        over(() => null),
        ended,
      ),
    ).toEqual(READY);
    expect(changes).toEqual([]);
  });

  test('tries so many times, with longer and longer waits, and then is busy', async () => {
    const deps = over(
      () => windowOf({ available: 1_000n }),
      () => 'stale',
    );
    expect(await ensure(deps, asking())).toEqual(BUSY);
    expect(changes).toHaveLength(WINDOW_ROUNDS_MAX);
    expect(waits).toEqual([10, 20, 40, 80, ...Array.from({ length: WINDOW_ROUNDS_MAX - 5 }, () => 160)]);
  });

  test('tries nothing at the time at which it is to give up', async () => {
    const deps = over(() => null);
    expect(await ensureGrant(deps, asking(), charge, NOW)).toEqual(BUSY);
    expect(changes).toEqual([]);
  });

  test.each([new NotNow('planted'), new OutcomeUnknown('planted')])(
    'looks again where its change had no answer: %o',
    async (error) => {
      const deps = over(
        () => windowOf({ available: 1_000n }),
        (change) => (change === 1 ? error : 'changed'),
      );
      expect(await ensure(deps, asking())).toEqual(READY);
      expect([changes.length, reads]).toEqual([2, ['asking']]);
    },
  );

  test('hears of a failure that is none of those', async () => {
    const deps = over(
      () => null,
      () => new TypeError('planted'),
    );
    await expect(ensure(deps, asking())).rejects.toThrow(TypeError);
  });
});

describe('a window that has granted to as many sessions as it can', () => {
  const crowd = (count: number) =>
    windowOf({
      available: 1_000n,
      grants: new Map(Array.from({ length: count }, (_, at) => [`s${at}`, { amount: 0n, number: 1 }] as const)),
    });

  test('is busy for another one', async () => {
    expect(
      await ensure(
        over(() => crowd(WINDOW_GRANTS_MAX)),
        asking(),
      ),
    ).toEqual(BUSY);
    expect(changes).toEqual([]);
  });

  test('grants to one that it knows, and to one more below that number', async () => {
    const deps = over(() => crowd(WINDOW_GRANTS_MAX));
    expect(await ensure(deps, asking(grantOf(1n)))).toEqual(READY);
    expect(
      await ensure(
        over(() => crowd(WINDOW_GRANTS_MAX - 1)),
        asking(),
      ),
    ).toEqual(READY);
    expect(changes).toHaveLength(2);
  });
});

describe('where the window has nothing left, the others', () => {
  test('are read by how much they were granted, eight at a time, without the asking one and those without a grant', async () => {
    const free = Array.from({ length: 10 }, () => 0n);
    const grants = others(free, (_, at) => BigInt(at));
    grants.set('asking', { amount: 900n, number: 1 });
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        asking(),
      ),
    ).toMatchObject({
      kind: 'exhausted',
    });
    const ids = Array.from({ length: 9 }, (_, at) => `other-000${9 - at}`);
    expect(reads).toEqual([...ids, 'asking']);
  });

  test('are no further read than it needs: eight that have just enough together', async () => {
    const grants = others(Array.from({ length: 9 }, () => 10n));
    const seen = asking(grantOf(20n));
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        seen,
      ),
    ).toEqual(READY);
    expect(reads).toHaveLength(WINDOW_SIBLINGS_MAX);
    expect(changes[0]).toMatchObject({ by: 80n, settles: true });
    expect(changes[0]?.takings).toHaveLength(WINDOW_SIBLINGS_MAX);
  });

  test('with nothing free count as none of those that something is taken from', async () => {
    const grants = others(
      [...Array.from({ length: 7 }, () => 0n), 50n, 60n, ...Array.from({ length: 8 }, () => 0n)],
      (_, at) => BigInt(100 - at),
    );
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        asking(),
      ),
    ).toEqual(READY);
    expect(reads).toHaveLength(2 * WINDOW_SIBLINGS_MAX);
    expect(reads[0]).toBe('other-0000');
    expect(changes[0]?.takings[0]).toEqual({ sessionId: 'other-0008', amount: 60n });
  });

  test('are read until one has enough alone, where a change has no room for so many', async () => {
    const few = Array.from({ length: 8 }, () => 5n);
    const grants = others([...few, 80n, ...few], (_, at) => BigInt(100 - at));
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        asking(grantOf(20n)),
      ),
    ).toEqual(READY);
    expect(reads).toHaveLength(2 * WINDOW_SIBLINGS_MAX);
    expect(changes[0]?.takings).toEqual([{ sessionId: 'other-0008', amount: 80n }]);
  });

  test('are all read where none has enough alone, and the richest give everything that they have free', async () => {
    const grants = others(Array.from({ length: 17 }, () => 9n));
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        asking(grantOf(20n)),
      ),
    ).toEqual(READY);
    expect(reads).toHaveLength(17);
    expect(changes[0]).toMatchObject({ by: 72n, settles: true });
    expect(changes[0]?.takings).toHaveLength(WINDOW_SIBLINGS_MAX);
  });

  test('give first what a lowered limit wants back, and then the session looks again', async () => {
    const grants = others(Array.from({ length: 25 }, () => 8n));
    const seen = asking();
    const deps = over(() => {
      if (changes.length > 0) sessions.set('asking', { ...seen, windows: new Map([[KEY, grantOf(100n)]]) });
      return windowOf({ grants, available: -100n });
    });
    expect(await ensure(deps, seen)).toEqual(READY);
    expect(changes).toEqual([expect.objectContaining({ by: 0n, settles: false })]);
    expect(waits).toEqual([10]);
  });

  test('are not read when the time is up', async () => {
    const grants = others([500n]);
    const deps = over(() => {
      clock.advance(GIVE_UP - clock.now());
      return windowOf({ grants });
    });
    expect(await ensure(deps, asking())).toEqual(BUSY);
    expect(reads).toEqual([]);
  });
});

describe('a window is exhausted', () => {
  const short = () => ({ grants: others([30n], () => 950n), seen: asking(grantOf(20n)) });

  test('where nobody has what is wanting, and says what is used: all but what is free with any of them', async () => {
    const { grants, seen } = short();
    const outcome = await ensure(
      over(() => windowOf({ grants })),
      seen,
    );
    expect(outcome).toEqual({ kind: 'exhausted', used: 950n });
    expect([changes, waits]).toEqual([[], []]);
  });

  test('with nothing used where its limit has no room for the charge', async () => {
    const outcome = await ensureGrant(
      over(() => null),
      asking(),
      { ...charge, max: 99n },
      GIVE_UP,
    );
    expect(outcome).toEqual({ kind: 'exhausted', used: 0n });
  });

  test('not before something that moved meanwhile was looked at as well', async () => {
    const { grants, seen } = short();
    const deps = over((read) => windowOf(read === 1 ? { grants } : { grants, version: 8, available: 500n }));
    expect(await ensure(deps, seen)).toEqual(READY);
    expect(changes).toHaveLength(1);
  });

  test('not where the session itself has got more meanwhile', async () => {
    const { grants, seen } = short();
    sessions.set('asking', { ...seen, windows: new Map([[KEY, grantOf(100n)]]) });
    expect(
      await ensure(
        over(() => windowOf({ grants })),
        seen,
      ),
    ).toEqual(READY);
    expect(changes).toEqual([]);
  });
});
