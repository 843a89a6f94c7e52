import { newBooks } from '../../support/model-ledger.ts';
import { carryTo, windowsOver } from '../../support/model-ports.ts';
import { describe, expect, test } from 'vitest';
import { AUDIT_SCRUBS_MAX, EXPIRY_SHARDS, SWEEP_PAGES_MAX, SWEEP_PAGE_ITEMS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { DueSession } from '../../../lib/domain/ports/books.ts';
import { toEntryKey, type EntryKey } from '../../../lib/domain/payment/payment.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { visitDueSessions, type ExpiryDeps, type ExpiryProblem } from '../../../lib/service/sweeping/expiry.ts';
import { scrubSession } from '../../../lib/service/sweeping/recovery.ts';
import { auditSession, type AuditDeps, type AuditOutcome } from '../../../lib/service/sweeping/session-audit.ts';
import { createTestClock } from '../../support/paying.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const UNTIL = addMs(NOW, 1_000);

/** An index of due sessions, and what was asked of it. */
function expiry(pageOf: (shard: number) => readonly DueSession[], outcome: AuditOutcome = { kind: 'sound' }) {
  const clock = createTestClock(NOW);
  const pages: number[] = [];
  const ended: string[] = [];
  const reported: ExpiryProblem[] = [];
  const deps: ExpiryDeps = {
    clock,
    report: (problem) => void reported.push(problem),
    audit: async () => outcome,
    index: {
      dueSessions: async (shard) => {
        pages.push(shard);
        return pageOf(shard);
      },
      endSession: async ({ sessionId }) => {
        ended.push(sessionId);
        return { kind: 'audit', session: makeSession() };
      },
      dropSession: async () => undefined,
    },
  };
  return { deps, clock, pages, ended, reported };
}

const due: DueSession = { managerId: 'm', sessionId: 's', dueAt: NOW };

describe('a look for sessions whose time has come', () => {
  test('goes over each shard once', async () => {
    const { deps, pages } = expiry(() => []);
    await visitDueSessions(deps, UNTIL);
    expect(pages).toEqual(Array.from({ length: EXPIRY_SHARDS }, (_, shard) => shard));
  });

  test('reads so many full pages of a shard, and no more', async () => {
    const full = Array.from({ length: SWEEP_PAGE_ITEMS }, () => due);
    const { deps, pages } = expiry((shard) => (shard === 0 ? full : []));
    await visitDueSessions(deps, UNTIL);
    expect(pages.filter((shard) => shard === 0)).toHaveLength(SWEEP_PAGES_MAX);
  });

  test('begins no page when its time is up', async () => {
    const { deps, pages, clock } = expiry(() => []);
    clock.advance(1_000);
    await visitDueSessions(deps, UNTIL);
    expect(pages).toEqual([]);
  });

  test('begins no session when its time is up', async () => {
    const { deps, clock, ended } = expiry(() => {
      clock.advance(UNTIL - clock.now());
      return [due];
    });
    await visitDueSessions(deps, UNTIL);
    expect(ended).toEqual([]);
  });

  test('tells of a session that could not be audited, and does not count it', async () => {
    const { deps, reported } = expiry((shard) => (shard === 0 ? [due] : []), { kind: 'unread' });
    expect(await visitDueSessions(deps, UNTIL)).toMatchObject({ auditedSessions: 0, failedSessions: 0 });
    expect(reported).toEqual([{ event: 'sweep.audit_skipped', managerId: 'm', sessionId: 's' }]);
  });
});

describe('the audit of a session', () => {
  /** Of which an entry is never finished. */
  function stuck() {
    const empty = makeSession();
    const payment = makePayment(empty, { leaseUntil: addMs(NOW, 1) });
    const entry = toEntryKey(payment.id, 1);
    const session = { ...empty, open: new Map([[entry, { amount: toMicroUsd(1n), leaseUntil: NOW, charges: [] }]]) };
    let read = 0;
    const deps: AuditDeps = {
      clock: createTestClock(NOW),
      sums: { sumSigned: async () => toMicroUsd(0n) },
      windows: windowsOver(carryTo({ books: newBooks() })),
      ledger: {
        readPayment: async () => payment,
        readSession: async () => {
          read += 1;
          return session;
        },
        decide: () => Promise.reject(new Error('it is at work')),
        settle: async () => 'done',
        release: async () => 'done',
      },
    };
    return { deps, empty, session, read: () => read };
  }

  test('fails where an entry stays open, after so many scrubs', async () => {
    const { deps, session, read } = stuck();
    await expect(auditSession(deps, session)).rejects.toThrow('1 reservations stay open');
    expect(read()).toBe(AUDIT_SCRUBS_MAX);
  });

  test('reads nothing again where nothing is open', async () => {
    const { deps, empty, read } = stuck();
    expect(await auditSession(deps, empty)).toEqual({ kind: 'sound' });
    expect(read()).toBe(0);
  });

  test('looks at an entry once in a scrub, whether its lease has ended or not', async () => {
    const { deps, session } = stuck();
    const asked: string[] = [];
    const readPayment = async (id: string) => {
      asked.push(id);
      return null;
    };
    const ledger = { ...deps.ledger, readPayment };
    const search = { own: 'x#1', busy: new Set<EntryKey>() } as const;
    await scrubSession({ ...deps, ledger }, session, search);
    expect(asked).toHaveLength(1);
  });
});
