import { createHash } from 'node:crypto';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { newSession, type Session } from '../../lib/domain/payment/session.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { sweep } from '../../lib/service/sweeping/sweep.ts';
import { createDraw, type Draw } from '../../scripts/nemesis/plan.ts';
import { manager, START_MS, USER } from '../support/explorer/tenant.ts';
import { newBooks } from '../support/model-ledger.ts';
import { indexOver, ledgerOver, readsOver } from '../support/model-ports.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtual-time.ts';
import { createHandlers, createLife, SignerFailed, type Handle, type Request } from './handlers.ts';
import { createNetwork, type Exchange, type Network } from './network.ts';
import { planSimulation, type PurchasePlan, type SimulationPlan } from './plan.ts';
import { createRules, type Rules } from './rules.ts';

/** What one seed came to. */
export interface Simulated {
  /** Equal exactly where the same happened in the same order at the same times. */
  readonly trace: string;
  /** As they were opened. */
  readonly sessions: readonly Session[];
  readonly exchanges: readonly Exchange[];
  readonly counts: { readonly payments: number; readonly signed: number; readonly requests: number };
}

const SWEEP_EVERY_MS = 60_000;
const SWEEP_TIMEOUT_MS = 120_000;
/** As long as a delayed request may take, and every lease. */
const AT_REST_AFTER_MS = 80_000;
const LAST_SWEEPS = 4;
const RETRY_WAIT_MAX_MS = 8_000;
const OTHER_TERMS_WAIT_MAX_MS = 30_000;

const NOTHING_FAILS = { crashed: 0, stopped: 0 };

/** Everything that a simulation's actors share. */
interface World {
  readonly plan: SimulationPlan;
  readonly draw: Draw;
  readonly time: VirtualTime;
  readonly network: Network;
  readonly rules: Rules;
  readonly handle: Handle;
  readonly trace: (line: string) => void;
  resting: boolean;
}

/**
 * Lets a seed's agents pay by the real code over the model of the books, while all that the seed has drawn goes wrong. Throws
 * at the first rule that is broken. Time is virtual, and nothing but the seed decides what happens.
 */
export async function simulate(seed: number, onLine: (line: string) => void = () => {}): Promise<Simulated> {
  const draw = createDraw(seed);
  const plan = planSimulation(draw);
  const time = createVirtualTime(START_MS);
  const rules = createRules();
  const hash = createHash('sha256');
  const trace = (line: string): void => {
    onLine(line);
    hash.update(`${line}\n`);
  };
  const now = toEpochMs(START_MS);
  const sessions = plan.sessions.map(({ limit, expiryMs }, index) => ({
    ...newSession({ ...sessionKey(index), userId: USER, limit: toMicroUsd(limit), expiryMinutes: 60, createdAt: now }),
    expiresAt: addMs(now, expiryMs),
  }));
  const failed = Promise.withResolvers<never>();
  const network = createNetwork({
    books: newBooks(...sessions),
    rates: plan.rates,
    draw,
    clock: time,
    trace,
    applied: (...applied) => {
      try {
        rules.applied(...applied);
      } catch (error) {
        failed.reject(error);
      }
    },
  });
  const handle = createHandlers({ time, draw, rates: plan.rates, inFlightMax: plan.inFlightMax });
  const world: World = { plan, draw, time, network, rules, handle, trace, resting: false };
  await time.runUntil(Promise.race([play(world), failed.promise]));
  const { books } = network.holder;
  rules.ended(books);
  const signed = [...books.payments.values()].filter(({ status }) => status === 'SIGNED').length;
  return {
    trace: hash.digest('hex'),
    sessions,
    exchanges: network.exchanges,
    counts: { payments: books.payments.size, signed, requests: network.exchanges.length },
  };
}

function sessionKey(index: number) {
  return { managerId: manager.managerId, sessionId: `payment-session-${`${index}`.padStart(15, '0')}` };
}

/** Agents, operators and the sweeper at once; then everything comes to rest. */
async function play(world: World): Promise<void> {
  const { plan, time, network } = world;
  const sweeping = runSweeper(world);
  await Promise.all([
    ...plan.purchases.map((purchase, index) => buy(world, purchase, `p${index}`)),
    ...plan.sessions.map((session, index) => deleteAt(world, index, session.deletedAtMs)),
    moveGate(world),
  ]);
  network.heal();
  world.resting = true;
  await sweeping;
  await time.sleep(AT_REST_AFTER_MS);
  for (let run = 0; run < LAST_SWEEPS; run += 1) {
    await runSweep(world, `last sweep ${run}`, NOTHING_FAILS);
    await time.sleep(SWEEP_EVERY_MS);
  }
}

async function buy(world: World, purchase: PurchasePlan, name: string): Promise<void> {
  const { draw, time } = world;
  const { token, kind, amount, otherAmount, replayed } = purchase;
  const request: Request = {
    kind,
    token,
    amount,
    sessionId: sessionKey(purchase.session).sessionId,
    replayOnly: false,
  };
  await time.sleep(purchase.atMs);
  const asking = [askUntilDecided(world, request, `${name}a`, purchase.asksMax)];
  if (purchase.twice) asking.push(askUntilDecided(world, request, `${name}b`, purchase.asksMax));
  if (otherAmount !== null) {
    const waitMs = Math.floor(draw() * OTHER_TERMS_WAIT_MAX_MS);
    const other = { ...request, amount: otherAmount };
    asking.push(time.sleep(waitMs).then(() => askUntilDecided(world, other, `${name}c`, purchase.asksMax)));
  }
  await Promise.all(asking);
  if (replayed) await askUntilDecided(world, { ...request, replayOnly: true }, `${name}r`, 2);
}

/** Asks with one token until there is an outcome or the agent gives up. Only refusals that pass are worth another try. */
async function askUntilDecided(world: World, request: Request, name: string, asksMax: number): Promise<void> {
  const { draw, time } = world;
  for (let ask = 0; ask < asksMax; ask += 1) {
    const result = await askOnce(world, request, `${name}${ask}`);
    if (result !== null && (result.ok || result.error.reason !== 'busy')) return;
    await time.sleep(Math.floor(draw() * RETRY_WAIT_MAX_MS));
  }
}

/** @returns `null` where nobody can say what became of it */
async function askOnce(world: World, request: Request, name: string): Promise<Result<Payment, Refusal> | null> {
  const { network, rules, handle, time, trace } = world;
  const carry = network.carryFor(name);
  try {
    const result = await handle(name, request, (call) => {
      rules.sent(call, time.now());
      return carry(call);
    });
    trace(
      `${time.now()} ${name} ${result === 'died' ? 'dies' : result.ok ? 'is paid' : `is refused: ${result.error.reason}`}`,
    );
    if (result === 'died') return null;
    rules.answered(request.token, result);
    return result;
  } catch (error) {
    if (!(error instanceof OutcomeUnknown || error instanceof NotNow || error instanceof SignerFailed)) throw error;
    trace(`${time.now()} ${name} fails: ${error.message}`);
    return null;
  }
}

async function runSweeper(world: World): Promise<void> {
  for (let run = 0; !world.resting; run += 1) {
    await runSweep(world, `sweep ${run}`, world.plan.rates);
    await world.time.sleep(SWEEP_EVERY_MS);
  }
}

async function runSweep({ draw, time, network }: World, name: string, rates: typeof NOTHING_FAILS): Promise<void> {
  const life = createLife(draw, time, rates);
  const carry = life.mortal(network.carryFor(name));
  const ledger = ledgerOver(carry);
  const deps = { ledger, reads: readsOver(ledger), index: indexOver(carry), clock: time, report: () => undefined };
  const deadline = addMs(time.now(), SWEEP_TIMEOUT_MS);
  await Promise.race([sweep(deps, { deadline, meanwhile: async () => undefined }), life.dead]);
}

async function deleteAt({ time, network }: World, index: number, atMs: number | null): Promise<void> {
  if (atMs === null) return;
  await time.sleep(atMs);
  await untilDone(() =>
    network.carryFor('operator')({ method: 'deleteSession', args: [sessionKey(index), time.now()] }),
  );
}

/** Freezes and thaws, alternately. */
async function moveGate({ plan, time, network, rules }: World): Promise<void> {
  const carry = network.carryFor('operator');
  let passed = 0;
  let since = time.now();
  for (const [move, atMs] of plan.gateMovesAtMs.entries()) {
    await time.sleep(atMs - passed);
    passed = atMs;
    if (move % 2 === 0) {
      const at = time.now();
      since = at;
      await untilDone(() => carry({ method: 'freeze', args: [at] }));
      rules.frozen(time.now());
    } else {
      const closedBy = since;
      rules.frozen(null);
      await untilDone(() => carry({ method: 'thaw', args: [closedBy] }));
    }
    passed = Math.max(passed, time.now() - START_MS);
  }
}

/** Repeats what may be repeated until it is acknowledged. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof OutcomeUnknown || error instanceof NotNow)) throw error;
    }
  }
}
