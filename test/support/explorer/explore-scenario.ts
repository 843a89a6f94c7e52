import { signersOf } from '../wallet-lists.ts';
import { createHash } from 'node:crypto';
import { formatWithdrawalSessionId } from '../../../lib/domain/drawn-ids.ts';
import { formatManagerArn, parseManagerArn, type PaymentId } from '../../../lib/domain/ids.ts';
import { toBaseUnits, toMicroUsd } from '../../../lib/domain/money.ts';
import { toEntryKey, type Hex, type Payment } from '../../../lib/domain/payment/payment.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import { addMs, toEpochMs, type Clock } from '../../../lib/domain/time.ts';
// Before it is asked for: the explorer does not wait for a file that is read.
import '../../../lib/service/paying/resume-payment.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import type { DueVisit } from '../../../lib/domain/ports/books.ts';
import { LEASE_MARGIN_MS } from '../../../lib/domain/limits.ts';
import { sweepShard } from '../../../lib/ledger/dynamodb/books/keys.ts';
import { foldGrants } from '../../../lib/service/sweeping/grant-fold.ts';
import { trueUpSession } from '../../../lib/service/sweeping/true-up.ts';
import { emptyTally } from '../../../lib/service/sweeping/sweep-report.ts';
import { visitPage } from '../../../lib/service/sweeping/sweep-visit.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { topUpSession } from '../../../lib/service/tenants/top-ups.ts';
import { OPEN_GATE, applyCall, newBooks, type Books, type BooksCall } from '../model-ledger.ts';
import {
  carryTo,
  createModelLedger,
  indexOver,
  ledgerOver,
  readsOver,
  topUpsOver,
  trueUpsOver,
  windowsOver,
} from '../model-ports.ts';
import { allDueVisits } from '../model-index.ts';
import { grantAll } from '../model-windows.ts';
import { makePayment } from '../payments.ts';
import { explore, type Exploration } from './explore.ts';
import { TAKEN, type HandlerPlan, type Scenario } from './scenarios.ts';
import { createProgram, type ProcessBody, type ProcessWorld } from './process.ts';
import { INSTRUMENT, instrument, manager, network, SESSION, sessionWith, START_MS, USER } from './tenant.ts';
import { chargingBy } from '../policies.ts';
import { noPurchases } from '../purchases.ts';
import { USDC_ALONE } from '../tokens.ts';

/** Later than every lease: what runs on this clock sees all earlier work as abandoned, at once. */
const LATE_MS = START_MS + 60_000;
const INVOCATION_MS = 15_000;
const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

function handlerBody(plan: HandlerPlan, startMs: number, seen: Set<PaymentId>): ProcessBody {
  if (plan.withdraws) return withdrawalBody(plan, startMs, seen);
  const request: ProcessPaymentRequest = {
    managerId: manager.managerId,
    principal: signedCaller(USER),
    agentName: null,
    resource: null,
    sessionId: plan.sessionId,
    instrumentId: INSTRUMENT,
    paymentType: 'CRYPTO_X402',
    paymentInput: {
      cryptoX402: {
        version: '2',
        payload: {
          scheme: plan.ceiling ? 'upto' : 'exact',
          network: network.id,
          amount: plan.amount,
          asset: network.usdc.address,
          payTo: PAYEE,
          maxTimeoutSeconds: plan.timeoutSeconds,
          extra: {
            name: network.usdc.domainName,
            version: network.usdc.domainVersion,
            ...(plan.ceiling ? { facilitatorAddress: FACILITATOR } : {}),
          },
        },
      },
    },
    clientToken: plan.token,
    replayOnly: false,
    deadline: addMs(toEpochMs(startMs), INVOCATION_MS),
  };
  return (world) => {
    const payers = createPayerCache();
    if (plan.warm) {
      const { address, key } = instrument.wallet!;
      const { authorizer } = manager;
      payers.set(
        { ...request, userId: USER },
        { sessionExpiresAt: sessionWith(0n).expiresAt, address, key, authorizer, deploymentId: OPEN_GATE.deploymentId },
      );
    }
    return processPayment(
      { ...depsOf(world, payers, plan.name, seen), policies: chargingBy(() => plan.charges) },
      request,
    );
  };
}

/** A withdrawal whose session is there: writing it is idempotent, and comes before all else. */
function withdrawalBody(plan: HandlerPlan, startMs: number, seen: Set<PaymentId>): ProcessBody {
  const destination = PAYEE;
  const { managerId, userId, instrumentId } = instrument;
  const amount = toMicroUsd(BigInt(plan.amount));
  const deadline = addMs(toEpochMs(startMs), INVOCATION_MS);
  const request = {
    managerId,
    userId,
    instrumentId,
    agentName: null,
    resource: null,
    network: null,
    amount,
    destination,
    deadline,
  } as const;
  const openSession = async ({ sessionId }: Session, requestHash: string) => ({
    session: sessionWith(amount, sessionId),
    requestHash,
  });
  return (world) => {
    const deps = depsOf(world, createPayerCache(), plan.name, seen);
    const own = { ...deps, sessions: { openSession }, coins: null, destinations: new Set([destination]) };
    return withdraw(own, { ...request, clientToken: plan.token });
  };
}

function depsOf(world: ProcessWorld, payers: ReturnType<typeof createPayerCache>, name: string, seen: Set<PaymentId>) {
  return {
    ledger: {
      ...world.ledger,
      putIntent: (payment: Payment) => {
        seen.add(payment.id);
        return world.ledger.putIntent(payment);
      },
    },
    windows: world.windows,
    registry: { readManager: async () => manager, readInstrument: async () => instrument },
    signers: signersOf(world.signer),
    payers,
    clock: world.clock,
    // Every process draws its own bytes, so that two handlers never agree by accident.
    random: { bytes: (length: number) => new Uint8Array(length).fill(name.charCodeAt(0)), fraction: () => 0.99 },
    allowedNetworks: new Set<string>([network.id]),
    tokens: USDC_ALONE,
    facilitators: new Set<string>([FACILITATOR]),
    validityCapSeconds: 300,
    repetitions: null,
    purchases: noPurchases,
    inFlightMax: 64,
    report: () => undefined,
  };
}

/** The real sweeper's visit to payments, which it may have found on its index before they were finished. */
async function visit(
  { ledger, index, clock }: Pick<ProcessWorld, 'ledger' | 'index' | 'clock'>,
  due: readonly DueVisit[],
): Promise<void> {
  const deps = { ledger, reads: readsOver(ledger), clock, index, report: () => undefined };
  await visitPage(deps, due, emptyTally(), addMs(clock.now(), INVOCATION_MS));
}

/** When the sweeper runs over books whose handlers are gone. Its index must lead it to all that is to be done. */
const RUNS_AT_MS = [
  // The leases of the early handlers have ended.
  LATE_MS,
  // Those of the late ones have, and the second visits to the early ones are due.
  LATE_MS + 20_000,
  // All second visits are due.
  LATE_MS + 200_000,
];

/**
 * Runs the real sweeper, as its index leads it, over books whose handlers are gone. A request that was delayed arrives after
 * the run that finds its handler's lease ended; later than the next run nothing can arrive.
 */
async function recover(books: Books, ghosts: readonly BooksCall[]): Promise<Books> {
  const holder = { books };
  const carry = carryTo(holder);
  for (const [run, atMs] of RUNS_AT_MS.entries()) {
    const now = toEpochMs(atMs);
    const due = allDueVisits(holder.books, now);
    if (due.length > 0) {
      const clock: Clock = { now: () => now, sleep: async () => undefined };
      await visit({ ledger: ledgerOver(carry), index: indexOver(carry), clock }, due);
    }
    for (const ghost of ghosts) {
      if (arrivesAfterRun(ghost) === run) holder.books = applyCall(holder.books, ghost).books;
    }
  }
  await foldAll(holder);
  return holder.books;
}

/** What the audit of every session does with what it has of windows that are open still. */
async function foldAll(holder: { books: Books }): Promise<void> {
  const carry = carryTo(holder);
  const now = toEpochMs(RUNS_AT_MS.at(-1)!);
  const clock: Clock = { now: () => now, sleep: async () => undefined };
  for (const session of holder.books.sessions.values()) {
    if (session.open.size === 0)
      await foldGrants({ ledger: ledgerOver(carry), windows: windowsOver(carry), clock }, session);
  }
}

/** Requests that begin something name the lease of their handler; the others may be of any handler. */
function arrivesAfterRun(ghost: BooksCall): number {
  const [first] = ghost.args as readonly [unknown];
  const leaseUntil = (first as { readonly leaseUntil?: number } | null)?.leaseUntil ?? LATE_MS + 20_000;
  return leaseUntil <= LATE_MS ? 0 : 1;
}

/** A payment that is at work when a scenario begins. */
function otherPayment({ limit, held }: Scenario): Payment | null {
  if (held === undefined) return null;
  const lease = { leaseUntil: addMs(toEpochMs(START_MS), INVOCATION_MS + LEASE_MARGIN_MS) };
  const id = '00000000-0000-8000-8000-000000000001' as PaymentId;
  return makePayment(sessionWith(limit), { id, amount: toMicroUsd(held), ...lease });
}

const reservationOf = (payment: Payment) =>
  ({ session: payment, entry: toEntryKey(payment.id, payment.attempt), amount: payment.amount }) as const;

/** Gives up, as a handler does whose signer has failed. */
function givingUp(payment: Payment): ProcessBody {
  return async ({ ledger, clock }) => {
    await ledger.decide(payment.id, payment.attempt, { status: 'ABORTED', at: clock.now() });
    await ledger.release({ ...reservationOf(payment), now: clock.now() });
  };
}

/** Looks at the session once, and gives back what the chain says was not taken. */
const reconcile: ProcessBody = async ({ ledger, trueUps, clock }) => {
  const session = await ledger.readSession(sessionWith(0n));
  if (session === null) return;
  const trace = async () => ({ kind: 'used', amount: toBaseUnits(TAKEN), transaction: '0x' }) as const;
  await trueUpSession({ ledger, trueUps, trace, clock }, session);
};

const DEPLOYMENT = { partition: 'aws', region: 'us-east-1', account: '000000000000' } as const;

/** Raises the limit of the first session, as the repetition of one and the same call. */
function toppingUp(amount: bigint, name: string): ProcessBody {
  const arn = parseManagerArn(formatManagerArn(DEPLOYMENT, manager.managerId));
  const input = { manager: arn, sessionId: SESSION, amount: toMicroUsd(amount), clientToken: 'm', caller: 'backend' };
  return async (world) => {
    const { registry, random, clock } = depsOf(world, createPayerCache(), name, new Set());
    const { ledger, topUps } = world;
    const own = { sessions: ledger, gate: { find: ledger.readGate }, topUps };
    const deployment = { deployment: DEPLOYMENT, maxSessionLimit: null };
    // Its answer is no payment, which what a process returns is taken for.
    await topUpSession({ ...own, ...deployment, registry, random, clock }, signedCaller(USER), input);
  };
}

/** The books when a scenario begins. */
function booksOf(sessions: readonly Session[], other: Payment | null): Books {
  const books = newBooks(...sessions);
  if (other === null) return books;
  const now = toEpochMs(START_MS);
  const { leaseUntil } = other;
  const reserve = { ...reservationOf(other), leaseUntil, floor: null, now, inFlightMax: 64 };
  const calls: readonly BooksCall[] = [
    { method: 'putIntent', args: [other] },
    { method: 'reserve', args: [reserve] },
  ];
  return calls.reduce((before, call) => applyCall(before, call).books, books);
}

/** The id that a token's payment will have: what the first intent of a dry run writes. */
async function paymentIdOf(plan: HandlerPlan): Promise<PaymentId> {
  const seen = new Set<PaymentId>();
  const holder = { books: newBooks(sessionWith(10n ** 9n, plan.sessionId)) };
  const clock: Clock = { now: () => toEpochMs(START_MS), sleep: async () => undefined };
  const signer = { type: 'SeedVault', sign: async (): Promise<Hex> => '0x' } as const;
  const carry = carryTo(holder);
  const world = {
    ledger: createModelLedger(holder),
    index: indexOver(carry),
    windows: windowsOver(carry),
    trueUps: trueUpsOver(carry),
    topUps: topUpsOver(carry),
    request: carry,
    signer,
    clock,
  };
  await handlerBody(plan, START_MS, seen)(world);
  return [...seen][0]!;
}

const PAYEE = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';

/** The sessions that are there when a scenario begins; withdrawals have one each. */
function sessionsOf({ limit, handlers }: Scenario): readonly Session[] {
  const ofToken = ({ token, amount }: HandlerPlan): Session => {
    const scope = JSON.stringify(['CreateWithdrawal', manager.managerId, USER, token]);
    return sessionWith(BigInt(amount), formatWithdrawalSessionId(createHash('sha256').update(scope).digest()));
  };
  const tokens = new Map(handlers.filter(({ withdraws }) => withdraws).map((plan) => [plan.token, plan]));
  const withdrawals = [...tokens.values()].map(ofToken);
  const paying = new Set(handlers.filter(({ withdraws }) => !withdraws).map(({ sessionId }) => sessionId));
  return [...[...paying].map((sessionId) => sessionWith(limit, sessionId)), ...withdrawals];
}

/** Explores every interleaving of a scenario's real code within its fault budget. */
export async function exploreScenario(
  scenario: Scenario,
  options: { readonly statesMax: number; readonly onProgress?: (states: number) => void },
): Promise<Exploration> {
  let lastId = 0;
  const ids = () => (lastId += 1);
  const gate = scenario.operator?.startsWith('freezes') === true ? 'moves' : 'stays open';
  const programs = [];
  for (const plan of scenario.handlers) {
    const startMs = plan.late ? LATE_MS : START_MS;
    const body = handlerBody(plan, startMs, new Set());
    const program = await createProgram(body, { startMs, ids, gate });
    const { name, charges } = plan;
    programs.push({ name, program, isSteady: false, paymentId: await paymentIdOf(plan), charges });
  }
  const other = otherPayment(scenario);
  if (other !== null) {
    const program = await createProgram(givingUp(other), { startMs: START_MS, ids, gate });
    programs.push({ name: 'other', program, isSteady: true });
  }
  for (let at = 0; at < (scenario.reconcilers ?? 0); at += 1) {
    const program = await createProgram(reconcile, { startMs: LATE_MS, ids, gate });
    programs.push({ name: `reconciler ${at}`, program, isSteady: false });
  }
  const { toppedUp = { times: 0, amount: 0n } } = scenario;
  for (let at = 0; at < toppedUp.times; at += 1) {
    const name = `${at} backend`;
    const program = await createProgram(toppingUp(toppedUp.amount, name), { startMs: START_MS, ids, gate });
    programs.push({ name, program, isSteady: toppedUp.times === 1 });
  }
  if (scenario.sweeper !== 'none') {
    const id = await paymentIdOf(scenario.handlers[0]!);
    const due = { id, shard: sweepShard(id), dueAt: addMs(toEpochMs(START_MS), INVOCATION_MS + LEASE_MARGIN_MS) };
    const body: ProcessBody = (world) => visit(world, [due]);
    const program = await createProgram(body, { startMs: LATE_MS, ids, gate });
    programs.push({ name: 'sweeper', program, isSteady: scenario.sweeper === 'steady' });
  }
  const sessions = sessionsOf(scenario);
  const begun = booksOf(sessions, other);
  const books = scenario.granted === undefined ? begun : grantAll(begun, sessions[0]!, scenario.granted);
  if (scenario.operator !== null) {
    const call = operatorCall(scenario.operator, sessions[0]!);
    const body: ProcessBody = ({ request }) => request(call);
    const program = await createProgram(body, { startMs: START_MS, ids, gate });
    // What people do is done once and answered: only how it falls among the requests of handlers matters.
    programs.push({ name: 'operator', program, isSteady: true });
  }
  const { faults, people } = scenario;
  return explore({ books, programs, faults, people, recover, ...options });
}

function operatorCall(does: NonNullable<Scenario['operator']>, session: Session): BooksCall {
  const now = toEpochMs(START_MS);
  switch (does) {
    case 'freezes':
      return { method: 'freeze', args: [now] };
    case 'freezes the payee':
      return { method: 'freezePart', args: [`payee#${session.managerId}#${PAYEE}`, now] };
    case 'freezes the user':
      return { method: 'freezePart', args: [`user#${session.managerId}#${USER}`, now] };
    case 'deletes the session':
      return { method: 'deleteSession', args: [session, now] };
    case 'lets the session expire':
      return { method: 'expireSession', args: [session, now] };
  }
}
