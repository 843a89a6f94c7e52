import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keccak256, parseEther, parseTransaction, recoverTransactionAddress, type Hex } from 'viem';
import { createChainReaders } from '../../../lib/chains/evm/reader.ts';
import { COIN_WITHDRAWAL_SECONDS } from '../../../lib/domain/limits.ts';
import { toBaseUnits, toMicroUsd } from '../../../lib/domain/money.ts';
import { formatTokenAmount } from '../../../lib/domain/token-amount.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { withdrawalOf } from '../../../lib/domain/allowances/withdrawal-steps.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { visitAllowance } from '../../../lib/service/allowances/sending.ts';
import { signApproval } from '../../../lib/service/allowances/signing.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { KEY } from '../../support/approving.ts';
import { withDatabase } from '../../support/database.ts';
import { dyingProcess } from '../../support/faults.ts';
import { paid } from '../../support/paying.ts';
import { AMOUNT_WEI, createCoinWorld, type CoinWorld } from '../../support/withdrawing-coins.ts';
import { HOME } from '../../support/withdrawing.ts';

const database = withDatabase();
let local: LocalChain;
let world: CoinWorld;
beforeAll(async () => {
  local = await startChain({ dataDir: null, env: {} });
});
afterAll(() => local.kill());
beforeEach(async () => {
  world = await createCoinWorld(database, local);
});

const look = () => visitAllowance(world.sending, KEY);
const sign = () => signApproval(world.signing, KEY);
/** Of all that left, by the nonce. */
const nonces = (): ReadonlySet<number | undefined> =>
  new Set(world.broadcast.map((raw) => parseTransaction(raw).nonce));

describe('a withdrawal of the coin', () => {
  test('arrives exactly, and costs the wallet that and the gas of one transaction', async () => {
    const before = await world.balance();
    const payment = paid(await world.withdraw());
    expect(payment).toMatchObject({ status: 'SIGNED', amount: 0n, offer: { amount: AMOUNT_WEI, payTo: HOME } });
    await world.complete();
    expect(await world.arrived()).toBe(AMOUNT_WEI);
    const outcome = (await world.outcomeOf(payment))!;
    expect(outcome).toMatchObject({ succeeded: true, amount: AMOUNT_WEI, payTo: HOME, network: KEY.network });
    expect(await world.balance()).toBe(before - AMOUNT_WEI - (await world.gasOf([outcome.transaction])));
  });

  test('is a transfer of this chain and nothing else: no data, no contract, within the fees that were frozen', async () => {
    paid(await world.withdraw());
    await look();
    const { attempt, gas } = await world.read();
    await world.complete();
    const [raw] = world.broadcast;
    const sent = parseTransaction(raw!);
    expect(sent).toMatchObject({ chainId: local.chainId, value: AMOUNT_WEI, nonce: attempt!.nonce, type: 'eip1559' });
    expect([sent.to?.toLowerCase(), sent.data]).toEqual([HOME.toLowerCase(), undefined]);
    expect(sent.gas! * sent.maxFeePerGas!).toBe(gas.wei);
    expect(await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })).toBe(KEY.owner);
  });

  test('asked for again under its token is the same one, also when it is long on the chain', async () => {
    const request = world.request();
    const first = paid(await world.withdraw(request));
    expect(paid(await world.withdraw(request)).id).toBe(first.id);
    await world.complete();
    expect(paid(await world.withdraw(request)).id).toBe(first.id);
    expect(withdrawalOf(await world.read())).toBeNull();
    expect(await world.arrived()).toBe(AMOUNT_WEI);
  });

  test('that was decided and not handed on is handed on by a repetition', async () => {
    const request = world.request();
    const { coins } = world.withdrawing;
    const deaf = { ...coins!.books, write: async () => Promise.reject(new Error('the process died')) };
    await expect(withdraw({ ...world.withdrawing, coins: { ...coins!, books: deaf } }, request)).rejects.toThrow(
      'died',
    );
    expect(await world.books.read(KEY)).toBeNull();
    paid(await world.withdraw(request));
    await world.complete();
    expect(await world.arrived()).toBe(AMOUNT_WEI);
  });

  test('is alone in its wallet: another one is refused before anything is decided', async () => {
    const first = paid(await world.withdraw());
    const second = await world.withdraw();
    expect(second).toMatchObject({ ok: false, error: { reason: 'withdrawal_under_way' } });
    expect((second as { error: { message: string } }).error.message).toContain(first.id);
    await world.complete();
    paid(await world.withdraw());
    await world.complete();
    expect(await world.arrived()).toBe(2n * AMOUNT_WEI);
  });

  test('goes before an approval that waits, and both come to the chain under nonces of their own', async () => {
    const limit = toMicroUsd(2_000_000n);
    await world.paying.open({ limit, budget: { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) } });
    await world.ask(300_000n);
    paid(await world.withdraw());
    await look();
    expect((await world.read()).attempt).toMatchObject({ want: null, withdrawal: { to: HOME } });
    await world.complete();
    await world.finish();
    expect(await world.arrived()).toBe(AMOUNT_WEI);
    expect(await world.approvals()).toEqual([300_000n]);
    expect(nonces().size).toBe(2);
  });

  test('waits while an approval is under way', async () => {
    await world.paying.open();
    await world.ask(300_000n);
    await look();
    paid(await world.withdraw());
    await look();
    expect(await world.read()).toMatchObject({ attempt: { want: { most: 300_000n } }, withdrawal: { to: HOME } });
    await world.finish();
    await world.complete();
    expect([await world.arrived(), await world.approvals()]).toEqual([AMOUNT_WEI, [300_000n]]);
  });

  test('does not wait for ever for an approval that nobody will sign, since its wallet was deleted', async () => {
    await world.paying.open();
    await world.ask(300_000n);
    await look();
    const { instrument, registry } = world.paying;
    await registry.deleteInstrument(instrument, instrument.instrumentId, world.clock.now());
    expect(await sign()).toBe('refused');
    paid(await world.withdraw());
    await world.complete().catch(() => {});
    world.clock.advance(60_000);
    await world.complete();
    expect([await world.arrived(), await world.approvals()]).toEqual([AMOUNT_WEI, []]);
  });
});

describe('a process that dies', () => {
  for (const round of [1, 2, 3])
    for (const when of ['before', 'after'] as const)
      for (let at = 1; at <= 5; at += 1)
        test(`at effect ${at} (${when} it) of look ${round} leaves one transfer, of the same bytes`, async () => {
          const payment = paid(await world.withdraw());
          for (let before = 1; before < round; before += 1) {
            await look();
            await sign();
            world.clock.advance(2_000);
          }
          const dying = dyingProcess(at, when);
          const { books, chain, sending } = world;
          const deps = { ...sending, books: dying.port(books), outcomes: dying.port(sending.outcomes) };
          const work = visitAllowance({ ...deps, chains: new Map([[KEY.network, dying.port(chain)]]) }, KEY);
          await Promise.race([dying.dead, work]);
          await world.complete();
          expect([await world.arrived(), new Set(world.broadcast).size]).toEqual([AMOUNT_WEI, 1]);
          expect(await world.outcomeOf(payment)).toMatchObject({ succeeded: true });
        });

  for (const when of ['before', 'after'] as const)
    test(`${when} the signed bytes are kept leaves one transfer, and those bytes go out that are kept`, async () => {
      paid(await world.withdraw());
      await look();
      const dying = dyingProcess(2, when);
      void signApproval({ ...world.signing, books: dying.port(world.books) }, KEY);
      await dying.dead;
      const kept = (await world.read()).attempt?.copies[0]?.signed?.raw;
      expect([kept === undefined, world.broadcast]).toEqual([when === 'before', []]);
      await world.complete();
      expect(await world.arrived()).toBe(AMOUNT_WEI);
      if (kept !== undefined) expect(new Set(world.broadcast)).toEqual(new Set([kept]));
    });
});

describe('a chain that', () => {
  test('takes the bytes and loses the answer moves the coin once', async () => {
    paid(await world.withdraw());
    const { chain, sending } = world;
    const lossy = {
      ...chain,
      broadcast: async (raw: Hex) => {
        await chain.broadcast(raw);
        throw new Error('the reply is lost');
      },
    };
    for (let round = 0; round < 4; round += 1) {
      await visitAllowance({ ...sending, chains: new Map([[KEY.network, lossy]]) }, KEY);
      await sign();
      world.clock.advance(2_000);
    }
    await world.complete();
    expect([await world.arrived(), nonces().size]).toEqual([AMOUNT_WEI, 1]);
  });

  test('leaves it out of its blocks gets copies of a higher fee under one nonce, and takes one of them', async () => {
    const payment = paid(await world.withdraw());
    await world.mining(false);
    await look();
    await sign();
    await look();
    world.clock.advance(120_000);
    await look();
    await sign();
    await look();
    const { copies, nonce } = (await world.read()).attempt!;
    expect(copies).toHaveLength(2);
    await world.mining(true);
    await world.complete();
    expect([await world.arrived(), nonces()]).toEqual([AMOUNT_WEI, new Set([nonce])]);
    expect(copies.map(({ signed }) => signed!.hash)).toContain((await world.outcomeOf(payment))!.transaction);
  });

  test('gives the nonce to a transaction that is not ours gets it under the next one, once that is final', async () => {
    paid(await world.withdraw());
    await look();
    await sign();
    const { nonce } = (await world.read()).attempt!;
    await world.sendForeign({ nonce });
    // Nodes may lag behind the one that told the nonce: nothing is begun anew upon its word.
    expect(await look()).toBe('later');
    expect((await world.read()).attempt).toMatchObject({ nonce });
    await local.finalize();
    await world.complete();
    expect(await world.arrived()).toBe(AMOUNT_WEI);
    expect(parseTransaction(world.broadcast.at(-1)!).nonce).toBe(nonce + 1);
  });

  test('shows a final nonce and, a moment later, the transfer, gets no second one', async () => {
    const payment = paid(await world.withdraw());
    await look();
    await sign();
    await look();
    await local.finalize();
    // A node that lags behind shows no transaction to the first look.
    let looks = 0;
    const { chain, sending } = world;
    const lagging = {
      ...chain,
      look: async (owner: Hex, hashes: readonly Hex[]) => {
        looks += 1;
        const sight = await chain.look(owner, hashes);
        return looks === 1 ? { ...sight, mined: null } : sight;
      },
    };
    await visitAllowance({ ...sending, chains: new Map([[KEY.network, lagging]]) }, KEY);
    expect(await world.outcomeOf(payment)).toMatchObject({ succeeded: true });
    await world.complete();
    expect([await world.arrived(), nonces().size]).toEqual([AMOUNT_WEI, 1]);
  });

  test('has final blocks at once, and a node behind its endpoint that lags for seconds, gets no second one', async () => {
    const payment = paid(await world.withdraw());
    await look();
    await sign();
    await look();
    await local.finalize();
    const { chain, clock, sending } = world;
    const behind = addMs(clock.now(), 5_000);
    const unseen = async (sight: ReturnType<typeof chain.look>) =>
      clock.now() < behind ? { ...(await sight), mined: null } : sight;
    const lagging = {
      ...chain,
      look: (owner: Hex, hashes: readonly Hex[]) => unseen(chain.look(owner, hashes)),
      lookAtFinal: (owner: Hex, hashes: readonly Hex[]) => unseen(chain.lookAtFinal(owner, hashes)),
    };
    for (let round = 0; round < 5; round += 1) {
      await visitAllowance({ ...sending, chains: new Map([[KEY.network, lagging]]) }, KEY);
      await sign();
      clock.advance(2_000);
    }
    await world.complete();
    expect([await world.arrived(), nonces().size]).toEqual([AMOUNT_WEI, 1]);
    expect(await world.outcomeOf(payment)).toMatchObject({ succeeded: true });
  });
});

test('two senders and two signers at once send one transfer', async () => {
  paid(await world.withdraw());
  for (let round = 0; round < 8; round += 1) {
    await Promise.all([look(), look()]);
    await Promise.all([sign(), sign()]);
    world.clock.advance(2_000);
  }
  expect([await world.arrived(), nonces().size]).toEqual([AMOUNT_WEI, 1]);
});

test('an address that takes more gas than a transfer may gets no transaction that would fail', async () => {
  // Twenty new slots of storage.
  const code = `0x${Array.from({ length: 20 }, (_, at) => `600160${at.toString(16).padStart(2, '0')}55`).join('')}00`;
  await world.setCode(HOME, code as Hex);
  paid(await world.withdraw());
  await expect(look()).rejects.toThrow('no such transaction takes more than 300000');
  expect(await world.read()).toMatchObject({ attempt: null, gas: { wei: 0n } });
  await world.setCode(HOME, '0x');
  await world.complete();
  expect(await world.arrived()).toBe(AMOUNT_WEI);
});

describe('the coin of a wallet', () => {
  test('that is less than the amount and its gas is waited for, until the time is over and nothing was signed', async () => {
    await world.setBalance(AMOUNT_WEI);
    const request = world.request();
    const payment = paid(await world.withdraw(request));
    await look();
    expect(withdrawalOf(await world.read())).toMatchObject({ hindrance: 'gas_missing' });
    world.clock.advance(COIN_WITHDRAWAL_SECONDS * 1_000);
    await look();
    expect(await world.read()).toMatchObject({ withdrawal: null, attempt: null, visitAt: null });
    // Whatever comes later: it stays undone, and asking again begins nothing.
    await world.setBalance(parseEther('1'));
    expect(paid(await world.withdraw(request)).id).toBe(payment.id);
    await world.complete();
    expect([await world.arrived(), world.broadcast]).toEqual([0n, []]);
  });

  test('goes home to what its transfer may cost', async () => {
    const chain = createChainReaders({ [KEY.network]: [local.rpcUrl] }, { clock: world.clock }).get(KEY.network)!;
    const { balance, fee } = await chain.readCoin(KEY.owner);
    const value = formatTokenAmount(toBaseUnits(balance - fee), 18);
    paid(await world.withdraw({ amount: { value, currency: 'ETH' } }));
    await world.complete();
    expect(await world.arrived()).toBe(balance - fee);
    expect(await world.balance()).toBeLessThan(fee);
  });

  test('costs no more for gas in a day than transactions may', async () => {
    world = await createCoinWorld(database, local, { gasPerDay: 1_000n });
    paid(await world.withdraw());
    await look();
    expect(withdrawalOf(await world.read())).toMatchObject({ hindrance: 'gas_budget' });
    expect(await world.arrived()).toBe(0n);
  });
});

test('an unsigned copy whose time is over is given up, and a signature of that moment is not kept', async () => {
  paid(await world.withdraw());
  await look();
  world.clock.advance(COIN_WITHDRAWAL_SECONDS * 1_000);
  expect(await sign()).toBe('refused');
  await look();
  expect(await world.read()).toMatchObject({ withdrawal: null, attempt: null });
  expect(await world.arrived()).toBe(0n);
});

describe('the signer', () => {
  type Attempt = NonNullable<Awaited<ReturnType<CoinWorld['read']>>['attempt']>;
  const rewrite = async (change: (attempt: Attempt) => object) => {
    const before = await world.read();
    const attempt = { ...before.attempt!, ...change(before.attempt!) } as Attempt;
    await world.books.write({ ...before, attempt, version: before.version + 1 });
  };
  beforeEach(async () => {
    paid(await world.withdraw());
    await look();
  });

  test('takes payee and amount from the payment, whatever the sender wrote', async () => {
    await rewrite(({ withdrawal }) => ({ withdrawal: { ...withdrawal!, to: KEY.owner, amount: 1n } }));
    expect(await sign()).toBe('signed');
    const [copy] = (await world.read()).attempt!.copies;
    const sent = parseTransaction(copy!.signed!.raw);
    expect([sent.to?.toLowerCase(), sent.value]).toEqual([HOME.toLowerCase(), AMOUNT_WEI]);
    expect(keccak256(copy!.signed!.raw)).toBe(copy!.signed!.hash);
  });

  test.each([
    [
      'a payment that is not there',
      ({ withdrawal }: Attempt) => ({ withdrawal: { ...withdrawal!, paymentId: 'none' } }),
    ],
    ['more gas than a day may cost', () => ({ gasLimit: 10n ** 12n })],
  ])('refuses %s', async (_what, change) => {
    await rewrite(change);
    expect(await sign()).toBe('refused');
    expect((await world.read()).attempt?.copies[0]?.signed).toBeNull();
  });

  test('refuses a payment of a token', async () => {
    const token = paid(await withdraw(world.withdrawing, world.request({ amount: toMicroUsd(1_000_000n) })));
    await rewrite(({ withdrawal }) => ({ withdrawal: { ...withdrawal!, paymentId: token.id } }));
    expect(await sign()).toBe('refused');
  });

  test('refuses an address that is not listed any more, books that are frozen, and sessions below the floor', async () => {
    const { signing } = world;
    const { withdrawals, ledger } = signing;
    const unlisted = { ...signing, withdrawals: { ...withdrawals, destinations: new Set<string>() } };
    expect(await signApproval(unlisted, KEY)).toBe('refused');
    const gate = await ledger.readGate();
    for (const change of [{ frozenAt: world.clock.now() }, { floor: (world.clock.now() + 1) as never }]) {
      const readGate = async () => ({ ...gate, ...change });
      expect(await signApproval({ ...signing, ledger: { readGate } }, KEY)).toBe('refused');
    }
    expect(await sign()).toBe('signed');
  });
});
