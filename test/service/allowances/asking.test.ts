import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toBaseUnits, toMicroUsd } from '../../../lib/domain/money.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { noteAllowance, requestAllowance } from '../../../lib/service/allowances/asking.ts';
import { sendApprovals } from '../../../lib/service/allowances/sending-run.ts';
import { signApproval } from '../../../lib/service/allowances/signing.ts';
import type { AllowanceKey } from '../../../lib/domain/allowances/allowance.ts';
import type { ApprovalChain } from '../../../lib/domain/ports/allowances.ts';
import { ChainUnavailable } from '../../../lib/domain/ports/chains.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createApprovingWorld, KEY, type ApprovingWorld } from '../../support/approving.ts';
import { withDatabase } from '../../support/database.ts';
import { makePayment, makeSession } from '../../support/payments.ts';

const database = withDatabase();
let local: LocalChain;
let world: ApprovingWorld;
beforeAll(async () => {
  local = await startChain({ dataDir: null, env: {} });
});
afterAll(() => local.kill());

const openWith = (dollars: bigint) => {
  const limit = toMicroUsd(dollars);
  const budget = { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) };
  return world.paying.open({ limit, budget });
};
beforeEach(async () => {
  world = await createApprovingWorld(database, local);
});

describe('what a payment says of the allowance', () => {
  const payment = (amount: bigint) => {
    const { manager, instrument } = world.paying;
    const { managerId } = manager;
    const { userId, instrumentId } = instrument;
    const made = makePayment(makeSession({ managerId, userId }));
    return {
      ...made,
      instrumentId,
      offer: { ...made.offer, network: KEY.network, amount: toBaseUnits(amount) },
      terms: { ...made.terms, from: KEY.owner },
    };
  };

  test('asks for no more than it states, and sends nothing where the chain shows enough for it', async () => {
    await openWith(2_000_000n);
    expect(await noteAllowance(world, payment(30_000n), 40_000n)).toBe('noted');
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 40_000n });
    await noteAllowance(world, payment(30_000n), 90_000n);
    expect((await world.finish()).end).toMatchObject({ kind: 'sufficient', amount: 40_000n });
    expect(await world.approvals()).toEqual([40_000n]);
  });

  test('asks for no more than open sessions may need, however much it states', async () => {
    await openWith(2_000_000n);
    await openWith(500_000n);
    await noteAllowance(world, payment(30_000n), 10n ** 77n);
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 2_500_000n });
  });

  test('sends nothing where the limit is below what is signed for', async () => {
    await openWith(2_000_000n);
    await noteAllowance(world, payment(30_000n), 29_999n);
    expect((await world.finish()).end).toMatchObject({ kind: 'not_needed' });
    expect(await world.approvals()).toEqual([]);
  });

  test('is one request, however often it is said before anything is sent', async () => {
    await openWith(2_000_000n);
    await noteAllowance(world, payment(30_000n), 40_000n);
    expect(await noteAllowance(world, payment(20_000n), 40_000n)).toBe('nothing');
  });

  test('does not take the place of what the backend asked for, such as that everything is taken back', async () => {
    await openWith(2_000_000n);
    await local.approvePermit2(KEY.owner, 10_000n);
    await world.ask(0n);
    expect(await noteAllowance(world, payment(30_000n), 40_000n)).toBe('nothing');
    expect((await world.finish()).end).toMatchObject({ kind: 'approved', amount: 0n });
  });
});

describe('a request of the backend', () => {
  const asked = () => ({
    manager: { deployment: world.asking.deployment, resource: world.paying.manager.managerId },
    instrumentId: world.paying.instrument.instrumentId,
    network: null,
    amount: toMicroUsd(1n),
  });

  test('is refused where the deployment sends no approvals, and on a network that it does not pay on', async () => {
    const caller = signedCaller(world.paying.instrument.userId);
    const off = await requestAllowance({ ...world.asking, gasPerDay: null }, caller, asked());
    expect(off).toMatchObject({ ok: false, error: { reason: 'approvals_off' } });
    const elsewhere = await requestAllowance(world.asking, caller, { ...asked(), network: 'eip155:1' });
    expect(elsewhere).toMatchObject({ ok: false, error: { problems: [{ name: 'network' }] } });
  });

  test('finds no wallet of somebody else', async () => {
    const stranger = await requestAllowance(world.asking, signedCaller('somebody-else'), asked());
    expect(stranger).toMatchObject({ ok: false, error: { reason: 'not_found', resource: 'instrument' } });
    expect(await world.books.read(KEY)).toBeNull();
  });

  test('approves nothing where no session may need anything', async () => {
    await world.ask(1_000_000n);
    expect((await world.finish()).end).toMatchObject({ kind: 'not_needed' });
    expect(await world.approvals()).toEqual([]);
  });
});

describe('a run of the sender', () => {
  test('finds the wallets that are due, and looks again until the approval is on the chain', async () => {
    await openWith(2_000_000n);
    await world.ask(300_000n);
    const { clock, sending, signing, visits } = world;
    const waiting = {
      now: clock.now,
      sleep: async (ms: number) => {
        await signApproval(signing, KEY);
        await clock.sleep(ms);
      },
    };
    const failures: unknown[] = [];
    const deps = { ...sending, visits, clock: waiting, report: (failure: unknown) => void failures.push(failure) };
    const report = await sendApprovals(deps, addMs(clock.now(), 60_000));
    expect([report.open, report.failures, failures]).toEqual([0, 0, []]);
    expect(await world.approvals()).toEqual([300_000n]);
    expect(await sendApprovals(deps, addMs(clock.now(), 60_000))).toEqual({ visits: 0, failures: 0, open: 0 });
  });

  test('reports a chain that does not answer, and leaves the wallet to the next run', async () => {
    await openWith(2_000_000n);
    await world.ask(300_000n);
    const { chain, clock, sending, visits } = world;
    const silent = { ...chain, look: () => Promise.reject(new Error('asking failed')) };
    const failures: unknown[] = [];
    const report = await sendApprovals(
      {
        ...sending,
        chains: new Map([[KEY.network, silent]]),
        visits,
        report: ({ error }) => void failures.push(error),
      },
      addMs(clock.now(), 60_000),
    );
    expect(report).toEqual({ visits: 1, failures: 1, open: 0 });
    expect(failures).toHaveLength(1);
    expect(await visits.due(clock.now())).toEqual([KEY]);
  });

  test('asks a network that does not answer once in a run, and goes on with the others', async () => {
    await openWith(2_000_000n);
    await world.ask(300_000n);
    const { asked, chain, sending } = { asked: [] as string[], ...world };
    const other = { network: 'eip155:43113', owner: KEY.owner } as const;
    const books = { ...sending.books, read: async (key: AllowanceKey) => ({ ...(await world.read()), ...key }) };
    const silent = {
      ...chain,
      look: async (owner: string) => {
        asked.push(owner);
        throw new ChainUnavailable(other.network, 'timeout', []);
      },
    };
    const chains = new Map<AllowanceKey['network'], ApprovalChain>([
      [KEY.network, chain],
      [other.network, silent],
    ]);
    const visits = { due: async () => [other, { ...other, owner: '0x01' as const }, KEY] };
    const deps = { ...sending, books, chains, visits, report: () => undefined };
    const report = await sendApprovals(deps, addMs(world.clock.now(), 5_000));
    expect([asked.length, report.failures]).toEqual([1, 1]);
    expect((await world.read()).attempt).not.toBeNull();
  });

  test('ends in time while the signer is silent', async () => {
    await openWith(2_000_000n);
    await world.ask(300_000n);
    const { clock, sending, visits } = world;
    const end = addMs(clock.now(), 20_000);
    expect(await sendApprovals({ ...sending, visits, report: () => undefined }, end)).toMatchObject({ open: 1 });
    expect(clock.now()).toBeLessThan(end);
  });
});
