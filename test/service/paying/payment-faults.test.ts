import { signersOf } from '../../support/wallet-lists.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assertSessionBalances, type Session } from '../../../lib/domain/payment/session.ts';
import { processPayment, type ProcessPaymentDeps } from '../../../lib/service/paying/process-payment.ts';
import { askUntilSigned, dyingProcess, FAULTS, outcomeOf, spoilCalls, sweepTwice } from '../../support/faults.ts';
import { startStoreHop, type StoreHop } from '../../support/store-hop.ts';
import { withDatabase } from '../../support/database.ts';
import { createPayingWorld, createTestClock, paid, type PayingWorld, type TestClock } from '../../support/paying.ts';

const database = withDatabase();
let hop: StoreHop;
let world: PayingWorld;
let clock: TestClock;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
});
afterAll(() => hop.close());
beforeEach(() => {
  clock = createTestClock();
  hop.setFaults(null);
});

async function expectBooks(session: Session, spent: bigint): Promise<void> {
  const books = await world.ledger.readSession(session);
  assertSessionBalances(books!);
  expect(books?.budget).toEqual({ available: 10_000_000n - spent, reserved: 0n, spent });
  expect(books?.open.size).toBe(0);
}

const pay = (request: Parameters<typeof processPayment>[1]) =>
  askUntilSigned(clock, (deadline) => processPayment(world.deps, { ...request, deadline }));
const sweeps = () => sweepTwice(clock, world.sweepDeps);

describe.each([
  // Four reads and the look-up of the token, intent, reserve with another look at the gate, decide, settle.
  { reads: 'apart', calls: 10 },
  { reads: 'joint', calls: 6 },
] as const)('a store call that fails, its reads $reads,', ({ reads, calls }) => {
  beforeEach(async () => {
    world = await createPayingWorld(database, { clock, endpoint: hop.endpoint, reads });
  });

  test(`is one of the ${calls} that a first payment makes`, async () => {
    const session = await world.open();
    hop.forget();
    paid(await processPayment(world.deps, world.request(session)));
    expect(hop.calls).toHaveLength(calls);
  });

  for (const fault of FAULTS) {
    for (let position = 0; position < calls; position += 1) {
      test(`(${fault} at call ${position + 1}, once) costs nobody money`, async () => {
        const session = await world.open();
        spoilCalls(hop, fault, position, 'one');
        const payment = await pay(world.request(session));
        hop.setFaults(null);
        await sweeps();
        await expectBooks(session, payment.amount);
      });

      test(`(${fault} from call ${position + 1} to the end) leaves nothing held and nothing uncounted`, async () => {
        const session = await world.open();
        const request = world.request(session);
        spoilCalls(hop, fault, position, 'rest');
        const lost = await outcomeOf(processPayment(world.deps, request));
        hop.setFaults(null);
        await sweeps();
        const payment = await pay(request);
        if (lost !== null && lost.ok) expect(payment).toEqual(lost.value);
        await sweeps();
        await expectBooks(session, payment.amount);
      });
    }
  }
});

describe('a process that dies', () => {
  beforeEach(async () => {
    world = await createPayingWorld(database, { clock, endpoint: hop.endpoint });
  });

  /** Of ledger and signer. */
  function dying(at: number, when: 'before' | 'after'): { deps: ProcessPaymentDeps; dead: Promise<void> } {
    const { port, dead } = dyingProcess(at, when);
    const signer = port(world.deps.signers.SeedVault);
    return {
      deps: { ...world.deps, ledger: port(world.deps.ledger), signers: signersOf(signer) },
      dead,
    };
  }

  // Token, gate and session reads, intent, reserve, gate, sign, decide, settle.
  const EFFECTS = 9;

  for (const when of ['before', 'after'] as const) {
    for (let at = 1; at <= EFFECTS; at += 1) {
      test(`${when} its effect ${at} leaves books that the sweeper makes whole, and a token that pays once`, async () => {
        const session = await world.open();
        const request = world.request(session);
        const { deps, dead } = dying(at, when);
        void processPayment(deps, request);
        await dead;
        await sweeps();
        const books = await world.ledger.readSession(session);
        assertSessionBalances(books!);
        expect(books?.open.size).toBe(0);
        const payment = await pay(request);
        await sweeps();
        await expectBooks(session, payment.amount);
      });
    }
  }

  test('has what it held taken back by the retry that takes its payment over, before any sweep', async () => {
    const session = await world.open();
    const request = world.request(session);
    const { deps, dead } = dying(7, 'before');
    void processPayment(deps, request);
    await dead;
    expect((await world.ledger.readSession(session))?.open.size).toBe(1);
    clock.advance(20_000);
    const payment = await pay(request);
    expect(payment.attempt).toBe(2);
    await expectBooks(session, payment.amount);
  });
});
