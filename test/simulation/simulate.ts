import { createHash } from 'node:crypto';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import { newSession } from '../../lib/domain/payment/new-session.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { sweep } from '../../lib/service/sweeping/sweep.ts';
import { createDraw, type Draw } from '../../scripts/nemesis/plan.ts';
import { manager, START_MS, USER } from '../support/explorer/tenant.ts';
import { newBooks, type Books } from '../support/model-ledger.ts';
import { grantAll } from '../support/model-windows.ts';
import { indexOver, ledgerOver, readsOver } from '../support/model-ports.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtual-time.ts';
import { createHandlers, createLife, SignerFailed, type Handle, type Request } from './handlers.ts';
import { createNetwork, type Exchange, type Network } from './network.ts';
import { planSimulation, type PurchasePlan, type SimulationPlan } from './plan.ts';
import { createRules, type Rules } from './rules.ts';
import { createCounterRules } from './counter-rules.ts';
import { createFreezeRules } from './freeze-rules.ts';
import { deleteAt, moveGate, movePart } from './operators.ts';
import { chargesOf, firstWindow, PAYEES, planPolicies, sessionIdOf, type PolicyPlan } from './policy-plan.ts';
import { checkReturned, foldAll, reconcile } from './returning.ts';
import { chargingBy } from '../support/policies.ts';

/** What one seed came to. */
export interface Simulated {
  /** Equal exactly where the same happened in the same order at the same times. */
  readonly trace: string;
  /** As they were opened. */
  readonly sessions: readonly Session[];
  readonly exchanges: readonly Exchange[];
  readonly counts: Counts;
}

interface Counts {
  readonly payments: number;
  readonly signed: number;
  readonly requests: number;
  /** Denied by a limit of the policy. */
  readonly overLimit: number;
  /** Changes of windows, and those of them that took from other sessions. */
  readonly grants: number;
  readonly stealBacks: number;
  /** What came back of ceilings, in micro-dollars. */
  readonly givenBack: number;
  /** Calls that were refused for a freeze, and payments that were signed after a thaw. */
  readonly frozenOut: number;
  readonly signedAfterThaw: number;
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
  /** `null`: nobody has written a policy. */
  readonly policies: PolicyPlan | null;
  resting: boolean;
  frozenOut: number;
}

/**
 * Lets a seed's agents pay by the real code over the model of the books, while all that the seed has drawn goes wrong. Throws
 * at the first rule that is broken. Time is virtual, and nothing but the seed decides what happens.
 * @param of.policed whether there are policies, freezes of parts and ceilings as well: another course of the same plan
 */
export async function simulate(
  seed: number,
  { policed, onLine = () => {} }: { readonly policed: boolean; readonly onLine?: (line: string) => void },
): Promise<Simulated> {
  const draw = createDraw(seed);
  const plan = planSimulation(draw);
  const policies = policed ? planPolicies(seed, plan) : null;
  const time = createVirtualTime(START_MS);
  const { slow, stopped, delayed } = plan.rates;
  const rules = createRules({
    freezes: createFreezeRules({ isPrompt: slow + stopped + delayed === 0 }),
    counters: policed ? createCounterRules() : null,
  });
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
    books: booksOf(sessions, policies),
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
  const policiesOf =
    policies === null
      ? null
      : (name: string) =>
          chargingBy((facts) => {
            const charges = chargesOf(policies, facts);
            rules.counters?.judged(name, charges);
            return charges;
          });
  const handle = createHandlers({ time, draw, rates: plan.rates, inFlightMax: plan.inFlightMax, policiesOf });
  const world: World = { plan, draw, time, network, rules, handle, trace, policies, resting: false, frozenOut: 0 };
  await time.runUntil(Promise.race([play(world, sessions), failed.promise]));
  const { books } = network.holder;
  rules.ended(books, time.now());
  checkReturned(books);
  return {
    trace: hash.digest('hex'),
    sessions,
    exchanges: network.exchanges,
    counts: countsOf(world),
  };
}

/** The books when a simulation begins. */
function booksOf(sessions: readonly Session[], policies: PolicyPlan | null): Books {
  const books = newBooks(...sessions);
  const window = policies === null || policies.granted === null ? null : firstWindow(policies);
  return window === null ? books : grantAll(books, sessions[policies!.granted!]!, window);
}

function countsOf({ network: { holder, exchanges }, rules, frozenOut }: World): Counts {
  const payments = [...holder.books.payments.values()];
  const changes = exchanges.flatMap(({ call, answer }) =>
    call.method === 'change' && answer !== null && 'reply' in answer && answer.reply === 'changed'
      ? [call.args[1]]
      : [],
  );
  const back = [...holder.books.sessions.values()].reduce((sum, { returns }) => sum + (returns?.givenBack ?? 0n), 0n);
  return {
    payments: payments.length,
    signed: payments.filter(({ status }) => status === 'SIGNED').length,
    requests: exchanges.length,
    overLimit: payments.filter(({ denial }) => denial?.reason === 'policy_exceeded').length,
    grants: changes.length,
    stealBacks: changes.filter(({ takings }) => takings.length > 0).length,
    givenBack: Number(back),
    frozenOut,
    signedAfterThaw: rules.freezes.signedAfterThaw(),
  };
}

function sessionKey(index: number) {
  return { managerId: manager.managerId, sessionId: sessionIdOf(index) };
}

/** Agents, operators and the sweeper at once; then everything comes to rest. */
async function play(world: World, sessions: readonly Session[]): Promise<void> {
  const { plan, time, network, rules, policies } = world;
  const operating = { time, network, freezes: rules.freezes };
  const sweeping = runSweeper(world);
  const reconciling = (policies?.reconcilesEveryMs ?? []).map((everyMs, index) =>
    runReconciler(world, sessions, everyMs, `reconciler ${index}`),
  );
  await Promise.all([
    ...plan.purchases.map((purchase, index) => buy(world, purchase, index)),
    ...plan.sessions.map((session, index) => deleteAt(operating, index, session.deletedAtMs)),
    moveGate(operating, plan.gateMovesAtMs),
    ...(policies?.parts ?? []).map((part) => movePart(operating, part)),
  ]);
  network.heal();
  world.resting = true;
  await Promise.all([sweeping, ...reconciling]);
  await time.sleep(AT_REST_AFTER_MS);
  for (let run = 0; run < LAST_SWEEPS; run += 1) {
    await runSweep(world, `last sweep ${run}`, NOTHING_FAILS);
    await time.sleep(SWEEP_EVERY_MS);
  }
  if (policies === null) return;
  await reconcile(network.carryFor('last reconciler'), time, sessions);
  await foldAll(network.carryFor('audit'), time, network.holder.books);
}

async function buy(world: World, purchase: PurchasePlan, index: number): Promise<void> {
  const { draw, time, policies } = world;
  const { token, kind, amount, otherAmount, replayed } = purchase;
  const name = `p${index}`;
  const request: Request = {
    agentName: null,
    payTo: PAYEES[0],
    ceiling: false,
    ...policies?.purchases[index],
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
  const from = time.now();
  try {
    const result = await handle(name, request, (call) => {
      rules.sent(name, call, time.now());
      return carry(call);
    });
    trace(
      `${time.now()} ${name} ${result === 'died' ? 'dies' : result.ok ? 'is paid' : `is refused: ${result.error.reason}`}`,
    );
    if (result === 'died') return null;
    if (!result.ok && result.error.reason === 'frozen') world.frozenOut += 1;
    rules.answered(request.token, result, { from, to: time.now() });
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

async function runReconciler(world: World, sessions: readonly Session[], everyMs: number, name: string): Promise<void> {
  const { draw, time, network, plan } = world;
  for (let run = 0; !world.resting; run += 1) {
    await time.sleep(everyMs);
    const life = createLife(draw, time, plan.rates);
    await Promise.race([reconcile(life.mortal(network.carryFor(`${name}, ${run}`)), time, sessions), life.dead]);
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
