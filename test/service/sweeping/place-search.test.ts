import { expect, test } from 'vitest';
import { SCRUB_LIVE_ENTRIES_MAX } from '../../../lib/domain/limits.ts';
import { toEntryKey, type EntryKey, type Payment } from '../../../lib/domain/payment/payment.ts';
import type { OpenEntry } from '../../../lib/domain/payment/session.ts';
import { scrubSession, type RecoveryDeps } from '../../../lib/service/sweeping/recovery.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const ENTRIES = 2 * SCRUB_LIVE_ENTRIES_MAX + 3;

/** A session that is full of payments at work, and a ledger that says which of them were looked at. */
function fullSession() {
  const session = makeSession();
  const payments = new Map<string, Payment>();
  const open = new Map<EntryKey, OpenEntry>();
  for (let count = 0; count < ENTRIES; count += 1) {
    const payment = makePayment(session);
    payments.set(payment.id, payment);
    open.set(toEntryKey(payment.id, 1), { amount: payment.amount, leaseUntil: payment.leaseUntil, charges: [] });
  }
  const looked: EntryKey[] = [];
  const never = () => Promise.reject(new Error('nothing of this is called'));
  const deps: RecoveryDeps = {
    clock: { now: () => NOW, sleep: never },
    ledger: {
      readPayment: async (id) => {
        looked.push(toEntryKey(id, 1));
        return payments.get(id)!;
      },
      decide: never,
      settle: never,
      release: never,
    },
  };
  return { deps, session: { ...session, open }, looked, names: [...open.keys()].toSorted() };
}

test('a search for a place looks at every entry that is at work once, before it looks at one again', async () => {
  const { deps, session, looked, names } = fullSession();
  const search = { own: names[0]!, busy: new Set<EntryKey>() };
  for (let round = 0; round < 3; round += 1) expect(await scrubSession(deps, session, search)).toBe(0);
  expect(looked.toSorted()).toEqual(names);
  for (let round = 0; round < 2; round += 1) await scrubSession(deps, session, search);
  expect(looked).toHaveLength(ENTRIES + SCRUB_LIVE_ENTRIES_MAX);
});

test('searches begin behind their own names, so that those who come together look at different entries', async () => {
  const begin = async (place: number) => {
    const { deps, session, looked, names } = fullSession();
    await scrubSession(deps, session, { own: names[place]!, busy: new Set() });
    return looked.map((entry) => names.indexOf(entry));
  };
  const inTurn = (first: number) => Array.from({ length: SCRUB_LIVE_ENTRIES_MAX }, (_, at) => (first + at) % ENTRIES);
  expect(await begin(0)).toEqual(inTurn(0));
  expect(await begin(ENTRIES - 2)).toEqual(inTurn(ENTRIES - 2));
});

test('without a search nothing is looked at whose lease has not ended', async () => {
  const { deps, session, looked } = fullSession();
  expect(await scrubSession(deps, session)).toBe(0);
  expect(looked).toEqual([]);
});
