import { beforeEach, expect, test } from 'vitest';
import { NotNow } from '../../lib/domain/ports.ts';
import type { Session } from '../../lib/domain/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import { processPayment } from '../../lib/service/process-payment.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { withDatabase } from '../support/database.ts';
import { createPayingWorld, createTestClock, type PayingWorld, type TestClock } from '../support/paying.ts';

const LEASE_MS = 17_000;
const database = withDatabase();
let clock: TestClock;
let world: PayingWorld;
let slept: number[];

beforeEach(async () => {
  clock = createTestClock();
  slept = [];
  world = await createPayingWorld(database, { clock });
});

const run = () =>
  sweep({
    ...world.sweepDeps,
    clock: {
      now: clock.now,
      sleep: async (ms) => {
        slept.push(ms);
        clock.advance(ms);
      },
    },
  });

/** A payment whose process died with money held. */
async function abandonPayment(): Promise<Session> {
  const session = await world.open();
  const dead = () => new Promise<never>(() => undefined);
  const signer = { type: 'SeedVault' as const, sign: dead };
  const request = world.request(session);
  void processPayment({ ...world.deps, signers: { SeedVault: signer, AwsKms: signer } }, request);
  for (;;) {
    const stored = await world.ledger.readSession(session);
    if (stored !== null && stored.budget.reserved > 0n) return session;
  }
}

const reservedOf = async (session: Session) => (await world.ledger.readSession(session))?.budget.reserved;

test('ends after one pass, without waiting, where no payment waits for a visit', async () => {
  expect(await run()).toMatchObject({ visited: 0, failed: 0 });
  expect(slept).toEqual([]);
});

test('gives back in its second pass what was not due in the first', async () => {
  const session = await abandonPayment();
  expect(await run()).toMatchObject({ visited: 1, aborted: 1, released: 1 });
  expect(slept).toEqual([30_000]);
  expect(await reservedOf(session)).toBe(0n);
});

test('gives back within a minute and a half what was held just after a run that found nothing', async () => {
  await run();
  const startedAt = clock.now();
  const session = await abandonPayment();
  clock.advance(60_000);
  await run();
  expect(await reservedOf(session)).toBe(0n);
  expect(clock.now() - startedAt).toBeLessThanOrEqual(90_000);
  expect(addMs(startedAt, LEASE_MS)).toBeLessThan(clock.now());
});

test('goes on with the others where one payment cannot be finished', async () => {
  const sessions = [await abandonPayment(), await abandonPayment()];
  clock.advance(LEASE_MS);
  const reported: string[] = [];
  let broken = true;
  const { ledger } = world.sweepDeps;
  const deps = {
    ...world.sweepDeps,
    ledger: {
      ...ledger,
      readSession: (key: Parameters<typeof ledger.readSession>[0]) => {
        if (broken && key.sessionId === sessions[0]!.sessionId) throw new NotNow('throttled');
        return ledger.readSession(key);
      },
    },
    report: ({ event }: { readonly event: string }) => void reported.push(event),
  };
  expect((await sweep(deps)).failed).toBeGreaterThan(0);
  expect(new Set(reported)).toEqual(new Set(['sweep.visit_failed']));
  expect(await reservedOf(sessions[1]!)).toBe(0n);
  broken = false;
  await sweep(deps);
  expect(await reservedOf(sessions[0]!)).toBe(0n);
});
