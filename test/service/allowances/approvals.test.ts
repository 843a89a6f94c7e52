import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseTransaction } from 'viem';
import { APPROVAL_STUCK_MS, APPROVAL_WAIT_MS } from '../../../lib/domain/limits.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { freezeKey, type FreezeSubject } from '../../../lib/domain/payment/freeze.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { visitAllowance } from '../../../lib/service/allowances/sending.ts';
import { signApproval } from '../../../lib/service/allowances/signing.ts';
import { createApprovingWorld, GAS_PER_DAY, KEY, type ApprovingWorld } from '../../support/approving.ts';
import { withDatabase } from '../../support/database.ts';
import { dyingProcess } from '../../support/faults.ts';

const database = withDatabase();
let local: LocalChain;
let world: ApprovingWorld;
beforeAll(async () => {
  local = await startChain({ dataDir: null, env: {} });
});
afterAll(() => local.kill());

const LIMIT = 2_000_000n;
beforeEach(async () => {
  world = await createApprovingWorld(database, local);
  const limit = toMicroUsd(LIMIT);
  const budget = { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) };
  await world.paying.open({ limit, budget });
});

describe('an approval', () => {
  test('is of what was asked for, and told to the chain once', async () => {
    await world.ask(1_500_000n);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 1_500_000n });
    expect(await world.approvals()).toEqual([1_500_000n]);
  });

  test('is at most what open sessions may still need, also where more is asked for or nothing is said', async () => {
    await world.ask(null);
    await world.finish();
    await world.ask(10n ** 20n);
    await world.finish();
    expect(await world.approvals()).toEqual([LIMIT]);
  });

  test('is not sent where the chain shows that amount already', async () => {
    await local.approvePermit2(KEY.owner, 700_000n);
    const before = await world.approvals();
    await world.ask(700_000n);
    expect((await world.finish()).end).toMatchObject({ kind: 'sufficient', amount: 700_000n });
    expect(await world.approvals()).toEqual(before);
  });

  test('of nothing takes back what was approved', async () => {
    await world.ask(400_000n);
    await world.finish();
    await world.ask(0n);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 0n });
    expect(await world.approvals()).toEqual([400_000n, 0n]);
  });

  test('is kept before it leaves: nothing is sent while it is unsigned, and then the kept bytes alone', async () => {
    await world.ask(500_000n);
    await visitAllowance(world.sending, KEY);
    await visitAllowance(world.sending, KEY);
    expect(world.broadcast).toEqual([]);
    await signApproval(world.signing, KEY);
    const kept = (await world.read()).attempt?.copies.map(({ signed }) => signed?.raw);
    await world.finish();
    expect(new Set(world.broadcast)).toEqual(new Set(kept));
  });

  test('says what it may cost before it is signed, and no more than that is signed', async () => {
    await world.ask(500_000n);
    await visitAllowance(world.sending, KEY);
    const { gas, attempt } = await world.read();
    const [copy] = attempt!.copies;
    expect(gas.wei).toBe(attempt!.gasLimit * copy!.maxFeePerGas);
    await world.finish();
    const sent = parseTransaction(world.broadcast[0]!);
    expect(sent.gas! * sent.maxFeePerGas!).toBe(gas.wei);
    expect(sent.to?.toLowerCase()).toBe(local.usdc.toLowerCase());
  });
});

describe('a process that dies', () => {
  /** Books read, sight, facts, freeze; and on the next look books read, sight, broadcast, note. */
  const EFFECTS = 4;
  for (const look of [1, 2, 3])
    for (const when of ['before', 'after'] as const)
      for (let at = 1; at <= EFFECTS; at += 1)
        test(`at effect ${at} (${when} it) of look ${look} leaves one approval, of the same bytes`, async () => {
          await world.ask(300_000n);
          for (let before = 1; before < look; before += 1) {
            await visitAllowance(world.sending, KEY);
            await signApproval(world.signing, KEY);
            world.clock.advance(2_000);
          }
          const dying = dyingProcess(at, when);
          const { books, chain, sending } = world;
          const work = visitAllowance(
            { ...sending, books: dying.port(books), chains: new Map([[KEY.network, dying.port(chain)]]) },
            KEY,
          );
          await Promise.race([dying.dead, work]);
          expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 300_000n });
          expect(await world.approvals()).toEqual([300_000n]);
          expect(new Set(world.broadcast).size).toBe(1);
        });

  for (const when of ['before', 'after'] as const)
    test(`${when} the signed bytes are kept leaves one approval, and those bytes go out that are kept`, async () => {
      await world.ask(300_000n);
      await visitAllowance(world.sending, KEY);
      // The read of the books, then the write.
      const dying = dyingProcess(2, when);
      void signApproval({ ...world.signing, books: dying.port(world.books) }, KEY);
      await dying.dead;
      const kept = (await world.read()).attempt?.copies[0]?.signed?.raw;
      expect(kept === undefined).toBe(when === 'before');
      await world.finish();
      expect(await world.approvals()).toEqual([300_000n]);
      if (kept !== undefined) expect(new Set(world.broadcast)).toEqual(new Set([kept]));
    });
});

describe('a chain that', () => {
  test('takes the bytes and loses the answer gets them once', async () => {
    await world.ask(300_000n);
    const { chain, sending } = world;
    const lossy = {
      ...chain,
      broadcast: async (raw: `0x${string}`) => {
        await chain.broadcast(raw);
        throw new Error('the reply is lost');
      },
    };
    for (let round = 0; round < 4; round += 1) {
      await visitAllowance({ ...sending, chains: new Map([[KEY.network, lossy]]) }, KEY);
      await signApproval(world.signing, KEY);
      world.clock.advance(2_000);
    }
    expect((await world.finish()).end).toMatchObject({ kind: 'approved' });
    expect(await world.approvals()).toEqual([300_000n]);
  });

  test('leaves it out of its blocks gets a copy with a higher fee, signed from frozen inputs, and takes one of them', async () => {
    await world.ask(300_000n);
    await world.mining(false);
    await visitAllowance(world.sending, KEY);
    await signApproval(world.signing, KEY);
    await visitAllowance(world.sending, KEY);
    const before = await world.read();
    world.clock.advance(120_000);
    await visitAllowance(world.sending, KEY);
    const raised = await world.read();
    const [first, second] = raised.attempt!.copies;
    expect(second).toMatchObject({ signed: null });
    expect(second!.maxFeePerGas).toBeGreaterThan(first!.maxFeePerGas);
    expect(raised.gas.wei - before.gas.wei).toBe(
      raised.attempt!.gasLimit * (second!.maxFeePerGas - first!.maxFeePerGas),
    );
    await signApproval(world.signing, KEY);
    await visitAllowance(world.sending, KEY);
    const hash = (await world.read()).attempt!.copies[1]!.signed!.hash;
    await world.mining(true);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', transaction: hash });
    expect(await world.approvals()).toEqual([300_000n]);
    expect(new Set(world.broadcast.map((raw) => parseTransaction(raw).nonce)).size).toBe(1);
  });

  test('gives the nonce to a transaction that is not ours gets the approval under the next one', async () => {
    await world.ask(300_000n);
    await visitAllowance(world.sending, KEY);
    await signApproval(world.signing, KEY);
    const nonce = (await world.read()).attempt!.nonce;
    await world.sendForeign({ nonce });
    expect((await world.finish()).end).toMatchObject({ kind: 'approved' });
    expect(await world.approvals()).toEqual([300_000n]);
    expect(parseTransaction(world.broadcast.at(-1)!).nonce).toBe(nonce + 1);
  });

  test('has a transaction of the wallet waiting gets nothing until that is over', async () => {
    await world.ask(300_000n);
    await world.mining(false);
    await world.sendForeign();
    await visitAllowance(world.sending, KEY);
    expect(await world.read()).toMatchObject({ attempt: null, hindrance: 'nonce_busy' });
    await world.mining(true);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved' });
  });
});

test('two senders and two signers at once send one approval', async () => {
  await world.ask(300_000n);
  for (let round = 0; round < 8; round += 1) {
    await Promise.all([visitAllowance(world.sending, KEY), visitAllowance(world.sending, KEY)]);
    await Promise.all([signApproval(world.signing, KEY), signApproval(world.signing, KEY)]);
    world.clock.advance(2_000);
  }
  expect((await world.read()).end).toMatchObject({ kind: 'approved' });
  expect(await world.approvals()).toEqual([300_000n]);
});

test('a sender whose write comes late, when the approval is on the chain, begins no second one', async () => {
  await world.ask(300_000n);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { books, sending } = world;
  const slow: typeof books = {
    ...books,
    write: async (next) => {
      reach();
      await released;
      return books.write(next);
    },
  };
  const late = visitAllowance({ ...sending, books: slow }, KEY);
  await reached;
  await world.finish();
  release();
  expect(await late).toBe('again');
  expect((await world.finish()).attempt).toBeNull();
  expect(await world.approvals()).toEqual([300_000n]);
});

describe('the gas of a wallet', () => {
  test('is bounded for a day: what is above waits for the next', async () => {
    world = await createApprovingWorld(database, local, { gasPerDay: 1_000n });
    await world.paying.open();
    await world.ask(300_000n);
    await visitAllowance(world.sending, KEY);
    expect(await world.read()).toMatchObject({ attempt: null, hindrance: 'gas_budget', gas: { wei: 0n } });
  });

  test('has to be there', async () => {
    world = await createApprovingWorld(database, local, { coin: 1n });
    await world.paying.open();
    await world.ask(300_000n);
    await visitAllowance(world.sending, KEY);
    expect(await world.read()).toMatchObject({ attempt: null, hindrance: 'gas_missing' });
  });

  test('counts all approvals of the day together', async () => {
    for (const amount of [100_000n, 200_000n]) {
      await world.ask(amount);
      await world.finish();
    }
    const [first, second] = world.broadcast.filter((raw, at, all) => all.indexOf(raw) === at).map(parseTransaction);
    const { gas } = await world.read();
    expect(gas.wei).toBe(first!.gas! * first!.maxFeePerGas! + second!.gas! * second!.maxFeePerGas!);
    world.clock.advance(86_400_000);
    await world.paying.open({ expiresAt: (world.clock.now() + 60_000) as never });
    await world.ask(300_000n);
    await visitAllowance(world.sending, KEY);
    const today = await world.read();
    expect(today.gas.day).toBe(gas.day + 1);
    expect(today.gas.wei).toBeLessThan(GAS_PER_DAY);
  });
});

describe('the signer', () => {
  const frozen = async () => {
    await world.ask(300_000n);
    await visitAllowance(world.sending, KEY);
    return world.read();
  };
  const rewrite = async (change: (attempt: NonNullable<Awaited<ReturnType<typeof frozen>>['attempt']>) => object) => {
    const before = await frozen();
    const attempt = { ...before.attempt!, ...change(before.attempt!) };
    await world.books.write({ ...before, attempt, version: before.version + 1 });
  };

  test.each([
    ['an amount above what was asked for', () => ({ amount: 300_001n })],
    ['a gas limit that costs more than a day may', () => ({ gasLimit: 10n ** 12n })],
  ] as const)('refuses %s', async (_what, change) => {
    await rewrite(change);
    expect(await signApproval(world.signing, KEY)).toBe('refused');
    expect((await world.read()).attempt?.copies[0]?.signed).toBeNull();
  });

  test('refuses another token than the pinned one', async () => {
    await rewrite(({ want }) => ({ want: { ...want, token: KEY.owner } }));
    await expect(signApproval(world.signing, KEY)).rejects.toThrow('not the pinned token');
  });

  test('refuses a network that the deployment does not pay on, and books that are frozen', async () => {
    await frozen();
    expect(await signApproval({ ...world.signing, allowedNetworks: new Set() }, KEY)).toBe('refused');
    const gate = await world.paying.ledger.readGate();
    const ledger = { readGate: async () => ({ ...gate, frozenAt: world.clock.now() }) };
    expect(await signApproval({ ...world.signing, ledger }, KEY)).toBe('refused');
    expect(await signApproval(world.signing, KEY)).toBe('signed');
  });

  test('refuses what is frozen by itself: the manager, the user, the wallet or the token', async () => {
    const { managerId, userId, instrumentId } = await frozen();
    const gate = await world.paying.ledger.readGate();
    const parts: readonly FreezeSubject[] = [
      { scope: 'manager', managerId },
      { scope: 'user', managerId, userId },
      { scope: 'instrument', managerId, instrumentId },
      { scope: 'asset', managerId, network: KEY.network, asset: local.usdc },
    ];
    for (const part of parts) {
      const freezes = new Map([[freezeKey(part), world.clock.now()]]);
      const ledger = { readGate: async () => ({ ...gate, freezes }) };
      expect([part.scope, await signApproval({ ...world.signing, ledger }, KEY)]).toEqual([part.scope, 'refused']);
    }
    expect(await signApproval(world.signing, KEY)).toBe('signed');
  });

  test('hears again, once a minute, of a copy that has waited for long, and signs it then', async () => {
    await frozen();
    const { version } = await world.read();
    world.clock.advance(APPROVAL_STUCK_MS - 1);
    expect(await visitAllowance(world.sending, KEY)).toBe('soon');
    expect((await world.read()).version).toBe(version);
    world.clock.advance(1);
    expect(await visitAllowance(world.sending, KEY)).toBe('later');
    const reminded = await world.read();
    expect([reminded.version, reminded.visitAt]).toEqual([version + 1, addMs(world.clock.now(), APPROVAL_WAIT_MS)]);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved' });
    expect(await world.approvals()).toEqual([300_000n]);
  });

  test('has nothing to do where nothing waits for it', async () => {
    expect(await signApproval(world.signing, KEY)).toBe('nothing');
    await frozen();
    await signApproval(world.signing, KEY);
    expect(await signApproval(world.signing, KEY)).toBe('nothing');
  });
});
