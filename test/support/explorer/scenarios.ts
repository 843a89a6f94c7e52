import { createHash } from 'node:crypto';
import { formatWithdrawalSessionId, type PaymentId } from '../../../lib/domain/ids.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Hex, Payment } from '../../../lib/domain/payment/payment.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import type { Session, SessionKey } from '../../../lib/domain/payment/session.ts';
import { addMs, toEpochMs, type Clock } from '../../../lib/domain/time.ts';
import { createFactsCache } from '../../../lib/service/paying/payer-facts.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/paying/process-payment.ts';
import type { Ledger } from '../../../lib/domain/ports/books.ts';
import { emptyTally } from '../../../lib/service/sweeping/sweep-report.ts';
import { visitPage } from '../../../lib/service/sweeping/sweep-visit.ts';
import { withdraw } from '../../../lib/service/paying/withdrawals.ts';
import { OPEN_GATE, createModelLedger, type Books } from '../model-ledger.ts';
import { explore, type Exploration, type FaultBudget } from './explore.ts';
import { createProgram, type ProcessBody, type ProcessWorld } from './process.ts';
import { INSTRUMENT, instrument, manager, network, SESSION, sessionWith, START_MS, USER } from './tenant.ts';

/** Later than every lease: what runs on this clock sees all earlier work as abandoned, at once. */
const LATE_MS = START_MS + 60_000;
const INVOCATION_MS = 15_000;

/** One handler of a scenario. */
export interface HandlerPlan {
  readonly name: string;
  readonly token: string;
  readonly amount: string;
  /** Whether the process already knows session and instrument, so that it writes the intent while it reads. */
  readonly warm: boolean;
  /** Whether its clock is past every lease of the others. */
  readonly late: boolean;
  /** Whether it withdraws its amount, rather than paying it. */
  readonly withdraws: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly limit: bigint;
  readonly handlers: readonly HandlerPlan[];
  /** Whether a sweeper visits the first payment at any time. */
  readonly sweeper: boolean;
  readonly faults: FaultBudget;
}

function handlerBody(plan: HandlerPlan, startMs: number, seen: Set<PaymentId>): ProcessBody {
  if (plan.withdraws) return withdrawalBody(plan, startMs, seen);
  const request: ProcessPaymentRequest = {
    managerId: manager.managerId,
    principal: signedCaller(USER),
    agentName: null,
    sessionId: SESSION,
    instrumentId: INSTRUMENT,
    paymentType: 'CRYPTO_X402',
    paymentInput: {
      cryptoX402: {
        version: '2',
        payload: {
          scheme: 'exact',
          network: network.id,
          amount: plan.amount,
          asset: network.usdc.address,
          payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
          maxTimeoutSeconds: 60,
          extra: { name: network.usdc.domainName, version: network.usdc.domainVersion },
        },
      },
    },
    clientToken: plan.token,
    replayOnly: false,
    deadline: addMs(toEpochMs(startMs), INVOCATION_MS),
  };
  return (world) => {
    const facts = createFactsCache();
    if (plan.warm) {
      const { address, key } = instrument.wallet!;
      const { authorizer } = manager;
      facts.set(
        { ...request, userId: USER },
        { sessionExpiresAt: sessionWith(0n).expiresAt, address, key, authorizer, deploymentId: OPEN_GATE.deploymentId },
      );
    }
    return processPayment(depsOf(world, facts, plan.name, seen), request);
  };
}

/** A withdrawal whose session is there: writing it is idempotent, and comes before all else. */
function withdrawalBody(plan: HandlerPlan, startMs: number, seen: Set<PaymentId>): ProcessBody {
  const destination = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
  const { managerId, userId, instrumentId } = instrument;
  const amount = toMicroUsd(BigInt(plan.amount));
  const deadline = addMs(toEpochMs(startMs), INVOCATION_MS);
  const request = {
    managerId,
    userId,
    instrumentId,
    agentName: null,
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
    const deps = depsOf(world, createFactsCache(), plan.name, seen);
    const own = { ...deps, sessions: { openSession }, destinations: new Set([destination]) };
    return withdraw(own, { ...request, clientToken: plan.token });
  };
}

function depsOf(world: ProcessWorld, facts: ReturnType<typeof createFactsCache>, name: string, seen: Set<PaymentId>) {
  return {
    ledger: {
      ...world.ledger,
      putIntent: (payment: Payment) => {
        seen.add(payment.id);
        return world.ledger.putIntent(payment);
      },
    },
    registry: { readManager: async () => manager, readInstrument: async () => instrument },
    signers: { SeedVault: world.signer, AwsKms: world.signer },
    facts,
    clock: world.clock,
    // Every process draws its own bytes, so that two handlers never agree by accident.
    random: { bytes: (length: number) => new Uint8Array(length).fill(name.charCodeAt(0)), fraction: () => 0.99 },
    allowedNetworks: new Set<string>([network.id]),
    validityCapSeconds: 300,
    repetitions: null,
    inFlightMax: 64,
    report: () => undefined,
  };
}

/** The real sweeper's visit to one payment. What fails it is what fails the process. */
async function visit(ledger: Ledger, clock: Clock, id: PaymentId): Promise<void> {
  const reads = {
    readPayments: (ids: readonly PaymentId[]) => Promise.allSettled(ids.map((each) => ledger.readPayment(each))),
    readSessions: (keys: readonly SessionKey[]) => Promise.allSettled(keys.map((each) => ledger.readSession(each))),
  };
  const index = {
    dueVisits: async () => [],
    hasVisits: async () => false,
    dropVisit: async () => undefined,
    postponeVisit: async () => undefined,
    putOff: async () => null,
  };
  const report = ({ error }: { readonly error: unknown }) => {
    throw error;
  };
  const due = { id, shard: 0, dueAt: clock.now() };
  await visitPage({ ledger, reads, clock, index, report }, [due], emptyTally(), addMs(clock.now(), INVOCATION_MS));
}

/** Runs the real sweeper over books whose handlers are gone, until it has nothing more to do. */
async function recover(books: Books): Promise<Books> {
  const holder = { books };
  const ledger = createModelLedger(holder);
  const clock: Clock = { now: () => toEpochMs(LATE_MS + 600_000), sleep: async () => undefined };
  for (const id of books.payments.keys()) await visit(ledger, clock, id);
  return holder.books;
}

/** The id that a token's payment will have: what the first intent of a dry run writes. */
async function paymentIdOf(plan: HandlerPlan): Promise<PaymentId> {
  const seen = new Set<PaymentId>();
  const holder = { books: { gate: OPEN_GATE, session: sessionWith(10n ** 9n), payments: new Map() } as Books };
  const clock: Clock = { now: () => toEpochMs(START_MS), sleep: async () => undefined };
  const signer = { type: 'SeedVault', sign: async (): Promise<Hex> => '0x' } as const;
  await handlerBody(plan, START_MS, seen)({ ledger: createModelLedger(holder), signer, clock });
  return [...seen][0]!;
}

/** The session that is there when a scenario begins. */
function sessionOf({ limit, handlers: [first] }: Scenario): Session {
  if (first?.withdraws !== true) return sessionWith(limit);
  const scope = JSON.stringify(['CreateWithdrawal', manager.managerId, USER, first.token]);
  return sessionWith(limit, formatWithdrawalSessionId(createHash('sha256').update(scope).digest()));
}

/** Explores every interleaving of a scenario's real code within its fault budget. */
export async function exploreScenario(
  scenario: Scenario,
  options: { readonly statesMax: number; readonly onProgress?: (states: number) => void },
): Promise<Exploration> {
  let lastId = 0;
  const ids = () => (lastId += 1);
  const programs = [];
  for (const plan of scenario.handlers) {
    const startMs = plan.late ? LATE_MS : START_MS;
    const body = handlerBody(plan, startMs, new Set());
    programs.push({ name: plan.name, program: await createProgram(body, { startMs, ids }) });
  }
  if (scenario.sweeper) {
    const id = await paymentIdOf(scenario.handlers[0]!);
    const body: ProcessBody = ({ ledger, clock }) => visit(ledger, clock, id);
    programs.push({ name: 'sweeper', program: await createProgram(body, { startMs: LATE_MS, ids }) });
  }
  return explore({
    books: { gate: OPEN_GATE, session: sessionOf(scenario), payments: new Map() },
    programs,
    faults: scenario.faults,
    recover,
    ...options,
  });
}

const some: FaultBudget = { crashes: 1, unknowns: 2, ghosts: 1, signerFailures: 1 };
const few: FaultBudget = { crashes: 1, unknowns: 1, ghosts: 1, signerFailures: 0 };
const handler = (name: string, token: string, rest: Partial<HandlerPlan> = {}): HandlerPlan => ({
  name,
  token: token.repeat(33),
  amount: '2',
  warm: false,
  late: false,
  withdraws: false,
  ...rest,
});

/** A purchase whose seller asks another price the second time: under one token at most one of the two is ever signed. */
const OTHER_TERMS: readonly Scenario[] = [
  {
    name: 'a purchase and its repetition at another price, both within their leases',
    limit: 8n,
    handlers: [handler('A', 't'), handler('B', 't', { amount: '3' })],
    sweeper: false,
    faults: few,
  },
  {
    name: 'a purchase and its repetition at another price past the lease, and the sweeper',
    limit: 8n,
    handlers: [handler('A', 't'), handler('B', 't', { amount: '3', late: true })],
    sweeper: true,
    faults: few,
  },
];

/** Two handlers at a time: duplicates of one payment, and two payments of which one fits. */
export const TWO_HANDLERS: readonly Scenario[] = [
  {
    name: 'duplicates of one payment, both within their leases',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't')],
    sweeper: false,
    faults: some,
  },
  {
    name: 'a duplicate that finds the first handler past its lease, and the sweeper',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: true,
    faults: few,
  },
  {
    name: 'a duplicate that writes its intent while it reads',
    limit: 4n,
    handlers: [handler('A', 't', { warm: true }), handler('B', 't', { warm: true, late: true })],
    sweeper: false,
    faults: few,
  },
  {
    name: 'two payments of which one fits, and the sweeper',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 'u', { late: true })],
    sweeper: true,
    faults: few,
  },
  {
    name: 'a withdrawal and its repetition past the lease, and the sweeper',
    limit: 2n,
    handlers: [handler('A', 't', { withdraws: true }), handler('B', 't', { withdraws: true, late: true })],
    sweeper: true,
    faults: few,
  },
  ...OTHER_TERMS,
];

/** Three handlers: two duplicates and another payment. For the long run. */
export const THREE_HANDLERS: readonly Scenario[] = [
  {
    name: 'two duplicates and another payment, of which one fits',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true }), handler('C', 'u', { late: true })],
    sweeper: false,
    faults: few,
  },
];
