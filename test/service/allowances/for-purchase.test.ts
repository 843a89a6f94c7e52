import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newAllowance } from '../../../lib/domain/allowances/allowance.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { APPROVAL_AMOUNT_MAX } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { missingAllowance } from '../../../lib/service/allowances/for-purchase.ts';
import { payChallenge, type PayChallengeRequest } from '../../../lib/service/asking/pay-challenge.ts';
import { signApproval } from '../../../lib/service/allowances/signing.ts';
import { visitAllowance } from '../../../lib/service/allowances/sending.ts';
import { createApprovingWorld, GAS_PER_DAY, KEY, type ApprovingWorld } from '../../support/approving.ts';
import { PAYER } from '../../support/paying.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';

const database = withDatabase();
let local: LocalChain;
let world: ApprovingWorld;
beforeAll(async () => {
  local = await startChain({ dataDir: null, env: {} });
});
afterAll(() => local.kill());

const LIMIT = 2_000_000n;
const PRICE = 300_000n;
const open = (overrides: Partial<Session> = {}, dollars = LIMIT) => {
  const limit = toMicroUsd(dollars);
  const budget = { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) };
  return world.paying.open({ limit, budget, approvals: true, ...overrides });
};
beforeEach(async () => {
  world = await createApprovingWorld(database, local);
});

const byPermit = (amount: bigint) =>
  challengeOf([offer({ amount: `${amount}`, extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } })]);

function buy(session: Session, overrides: Partial<PayChallengeRequest> = {}, gasPerDay = GAS_PER_DAY) {
  const { books, payments, clock, paying } = world;
  const { validityCapSeconds } = paying.deps;
  const deps = { books, payments, schemeOf, gasPerDay, validityCapSeconds, clock };
  return payChallenge(
    { ...paying.deps, missingAllowance: (purchase) => missingAllowance(deps, purchase) },
    askingRequest(paying, session, { challenge: byPermit(PRICE), ...overrides }),
  );
}
const REFUSED = { ok: false, error: { reason: 'allowance_requested' } };
const booksOf = async (session: Session) => (await world.paying.ledger.readSession(session))!.budget;

describe('a purchase by Permit2 within a session that allows approvals', () => {
  test('asks for the approval, with nothing reserved, and the same purchase pays once it is on the chain', async () => {
    const session = await open();
    const clientToken = 'purchase-000000000000000000000000000001';
    expect(await buy(session, { clientToken })).toMatchObject(REFUSED);
    expect(await booksOf(session)).toMatchObject({ available: LIMIT, reserved: 0n, spent: 0n });
    expect(await world.read()).toMatchObject({
      want: { token: local.usdc, least: PRICE, most: LIMIT, sessionId: session.sessionId },
    });
    expect(await buy(session, { clientToken })).toMatchObject(REFUSED);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: LIMIT });
    expect(await buy(session, { clientToken })).toMatchObject({ ok: true });
    expect(await booksOf(session)).toMatchObject({ spent: PRICE });
    expect(await world.approvals()).toEqual([LIMIT]);
  });

  test('says what its gas may cost, and what it waits for', async () => {
    world = await createApprovingWorld(database, local, { coin: 1n });
    const session = await open();
    const first = await buy(session);
    expect(first).toMatchObject({ error: { message: expect.stringContaining('at most 0.01 of its coin a day') } });
    await visitAllowance(world.sending, KEY);
    expect(await buy(session)).toMatchObject({ error: { message: expect.stringContaining('lacks the coin') } });
  });

  test('is one request and one approval, however often it asks again', async () => {
    const session = await open();
    const answers: boolean[] = [];
    for (let round = 0; round < 6; round += 1) {
      answers.push((await buy(session)).ok);
      await visitAllowance(world.sending, KEY);
      await signApproval(world.signing, KEY);
    }
    expect(answers).toEqual([false, false, false, true, true, true]);
    expect(await world.approvals()).toEqual([LIMIT]);
  });

  test('has one approval with another session that asks before anything is under way', async () => {
    const [small, large] = [await open({}, 500_000n), await open()];
    for (const session of [large, small, large]) expect(await buy(session)).toMatchObject(REFUSED);
    const { version } = await world.read();
    expect(version).toBe(1);
    await buy(small, { challenge: byPermit(400_000n) });
    expect(await world.read()).toMatchObject({ version: 2, want: { most: LIMIT, least: 400_000n } });
    await world.finish();
    expect([(await buy(large)).ok, (await buy(small)).ok]).toEqual([true, true]);
    expect(await world.approvals()).toEqual([LIMIT]);
  });

  test('goes by what the chain showed where that was enough, and sends nothing', async () => {
    await local.approvePermit2(KEY.owner, 700_000n);
    const before = await world.approvals();
    const session = await open();
    expect(await buy(session)).toMatchObject(REFUSED);
    expect((await world.finish()).end).toMatchObject({ kind: 'sufficient', amount: 700_000n });
    expect([(await buy(session)).ok, (await buy(session)).ok]).toEqual([true, true]);
    // What is signed is taken from what was seen: 100,000 are left.
    expect(await buy(session)).toMatchObject(REFUSED);
    expect(await world.read()).toMatchObject({ want: { least: 3n * PRICE, most: LIMIT } });
    expect(await buy(session, { challenge: byPermit(100_000n) })).toMatchObject(REFUSED);
    expect(await world.approvals()).toEqual(before);
  });

  test('knows an approval without limit that its owner made', async () => {
    await local.approvePermit2(KEY.owner, 2n ** 256n - 1n);
    const session = await open();
    expect(await buy(session)).toMatchObject(REFUSED);
    expect((await world.finish()).end).toMatchObject({ kind: 'sufficient', amount: APPROVAL_AMOUNT_MAX });
    expect(await buy(session)).toMatchObject({ ok: true });
  });

  test('asks for what is signed and can still be taken as well, whichever session it was signed in', async () => {
    const first = await open();
    await buy(first);
    await world.finish();
    expect(await buy(first, { challenge: byPermit(1_900_000n) })).toMatchObject({ ok: true });
    const second = await open({}, 400_000n);
    expect(await buy(second)).toMatchObject(REFUSED);
    expect(await world.read()).toMatchObject({ want: { least: 2_200_000n, most: 2_300_000n } });
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 2_300_000n });
    expect(await buy(second)).toMatchObject({ ok: true });
  });

  test('forgets what was signed and is over, and could be taken before the chain was looked at', async () => {
    const session = await open();
    await buy(session);
    await world.finish();
    expect(await buy(session, { challenge: byPermit(1_500_000n) })).toMatchObject({ ok: true });
    world.clock.advance(301_000);
    // It may have been taken since the chain was looked at, and is not needed any more.
    const other = await open({}, 600_000n);
    expect(await buy(other, { challenge: byPermit(600_000n) })).toMatchObject(REFUSED);
    expect(await world.read()).toMatchObject({ want: { least: 600_000n, most: 600_000n } });
  });

  test('does not take what was approved of another token for its own', async () => {
    const session = await open();
    const { managerId, userId } = session;
    const { instrumentId } = world.paying.instrument;
    const transaction = `0x${'5c'.repeat(32)}` as const;
    const end = { kind: 'approved', token: PAYER, amount: LIMIT, transaction, at: world.clock.now() } as const;
    await world.books.write({ ...newAllowance({ ...KEY, managerId, userId, instrumentId }), end, version: 1 });
    expect(await buy(session)).toMatchObject(REFUSED);
  });

  test('waits while an approval of another request is under way, which takes the place of this one', async () => {
    const session = await open();
    await buy(session);
    await world.finish();
    await world.ask(PRICE);
    expect(await buy(session)).toMatchObject(REFUSED);
    expect(await world.read()).toMatchObject({ want: { most: PRICE, sessionId: null } });
    await visitAllowance(world.sending, KEY);
    expect(await buy(session)).toMatchObject(REFUSED);
    await signApproval(world.signing, KEY);
  });

  test('is denied as ever where the session has too little, and asks for nothing', async () => {
    const session = await open({}, PRICE - 1n);
    expect(await buy(session)).toMatchObject({ ok: false, error: { reason: 'budget_exceeded' } });
    expect(await world.books.read(KEY)).toBeNull();
  });

  test('that is paid already is answered with its payment, whatever is approved by then', async () => {
    const session = await open();
    await buy(session);
    await world.finish();
    const clientToken = 'purchase-000000000000000000000000000002';
    const paid = await buy(session, { clientToken, challenge: byPermit(LIMIT) });
    expect(paid.ok).toBe(true);
    const again = await buy(session, { clientToken, challenge: byPermit(LIMIT) });
    expect(again.ok && paid.ok && again.value.payment.id).toBe(paid.ok && paid.value.payment.id);
  });
});

describe('nothing is asked for', () => {
  const paysAtOnce = async (session: Session, overrides: Partial<PayChallengeRequest> = {}) => {
    expect(await buy(session, overrides)).toMatchObject({ ok: true });
    expect(await world.books.read(KEY)).toBeNull();
  };

  test('within a session that does not allow it', async () => paysAtOnce(await open({ approvals: undefined })));

  test('for an offer that needs no approval', async () =>
    paysAtOnce(await open(), { challenge: challengeOf([offer({ amount: `${PRICE}` })]) }));

  test('where another offer of the same price needs none', async () => {
    const permit = { name: 'USDC', version: '2', assetTransferMethod: 'permit2' };
    const both = [offer({ amount: `${PRICE}`, extra: permit }), offer({ amount: `${PRICE}` })];
    await paysAtOnce(await open(), { challenge: challengeOf(both) });
  });
});
