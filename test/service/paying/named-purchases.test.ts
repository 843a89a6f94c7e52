import { beforeEach, describe, expect, test } from 'vitest';
import type { RepetitionGuard } from '../../../lib/domain/ports/books.ts';
import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs } from '../../../lib/domain/time.ts';
import {
  processPayment,
  type ProcessPaymentDeps,
  type ProcessPaymentRequest,
} from '../../../lib/service/paying/process-payment.ts';
import { withDatabase } from '../../support/database.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, mppPayment } from '../../support/mpp.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';
import { signersOf } from '../../support/wallet-lists.ts';

// A challenge of MPP has an id: within a session it is one purchase, whatever client token asks for it.

const database = withDatabase();
let world: PayingWorld;
let clock: TestClock;
let session: Session;

beforeEach(async () => {
  clock = createTestClock();
  world = await createPayingWorld(database, { clock });
  session = await world.open();
});

const CHALLENGE = mppHeader({ id: 'one' });
const request = (header = CHALLENGE, more: Partial<ProcessPaymentRequest> = {}) =>
  world.request(session, { ...mppPayment(header), deadline: addMs(clock.now(), 15_000), ...more });
const spent = async () => (await world.ledger.readSession(session))?.budget;

/** Leaves a payment of the challenge whose handler died before it signed. */
async function dieSigning(): Promise<void> {
  await new Promise<void>((signing) => {
    const sign = () => {
      signing();
      return new Promise<never>(() => undefined);
    };
    const dead = { ...world.deps.signers.SeedVault, sign };
    void processPayment({ ...world.deps, signers: signersOf(dead) }, request());
  });
}

/** Has something done just before a claim takes the place of a purchase that was given up. */
function beforeSuccession(work: () => Promise<unknown>): RepetitionGuard {
  return {
    take: async (key, claim, instead) => {
      if (instead !== null) await work();
      return world.deps.purchases.take(key, claim, instead);
    },
  };
}

/** What an observer is told of replays. */
function watched(): { readonly deps: ProcessPaymentDeps; readonly replays: () => number } {
  let replays = 0;
  const observer = {
    offered: () => undefined,
    stated: () => undefined,
    begin: () => () => undefined,
    replayed: () => {
      replays += 1;
    },
    signed: () => undefined,
  };
  return { deps: { ...world.deps, observer }, replays: () => replays };
}

describe('a purchase that was paid under another token', () => {
  test('is answered with the first payment, and counted as a replay', async () => {
    const first = paid(await processPayment(world.deps, request()));
    const { deps, replays } = watched();
    expect(paid(await processPayment(deps, request())).id).toBe(first.id);
    expect(replays()).toBe(1);
    expect(await spent()).toMatchObject({ reserved: 0n, spent: 500_000n });
  });

  test('with other terms is refused, says what was paid, and is no replay', async () => {
    const { id } = paid(await processPayment(world.deps, request()));
    const { deps, replays } = watched();
    const other = mppHeader({ id: 'one', request: encodeRequest({ ...MPP_REQUEST, amount: '1' }) });
    expect(await processPayment(deps, request(other))).toEqual({
      ok: false,
      error: {
        reason: 'invalid_challenge',
        code: 'ambiguous_challenge',
        input: 'mpp',
        field: '',
        message: `The challenge was paid in this session already, with other terms or from another wallet: payment ${id} of USD 0.50 to ${MPP_REQUEST.recipient}. Ask the seller for another one`,
      },
    });
    expect(replays()).toBe(0);
  });
});

describe('a purchase whose first payment was left by its handler', () => {
  test('is paid by the next one, which is the first from then on', async () => {
    await dieSigning();
    clock.advance(20_000);
    const second = paid(await processPayment(world.deps, request()));
    expect(paid(await processPayment(world.deps, request())).id).toBe(second.id);
    expect((await spent())?.spent).toBe(500_000n);
  });

  test('is paid by the faster of two that come next; the other one is busy, and finds it with its next try', async () => {
    await dieSigning();
    clock.advance(20_000);
    let faster: Payment | undefined;
    const purchases = beforeSuccession(async () => {
      faster = paid(await processPayment(world.deps, request()));
    });
    const slower = request();
    expect(await processPayment({ ...world.deps, purchases }, slower)).toEqual({
      ok: false,
      error: { reason: 'busy', what: 'payment' },
    });
    expect(paid(await processPayment(world.deps, { ...slower, deadline: addMs(clock.now(), 15_000) })).id).toBe(
      faster?.id,
    );
    expect((await spent())?.spent).toBe(500_000n);
  });

  test('is waited for while its handler may be at work', async () => {
    await dieSigning();
    expect(await processPayment(world.deps, request())).toEqual({
      ok: false,
      error: { reason: 'busy', what: 'payment' },
    });
    expect((await spent())?.spent).toBe(0n);
  });
});
