import type { PaymentId } from '../../../lib/domain/ids.ts';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Hex, Payment } from '../../../lib/domain/payment.ts';
import { signedCaller } from '../../../lib/domain/principal.ts';
import type { PaymentInstrument, PaymentManager } from '../../../lib/domain/resources.ts';
import type { Session } from '../../../lib/domain/session.ts';
import { addMs, toEpochMs, type Clock } from '../../../lib/domain/time.ts';
import { createFactsCache } from '../../../lib/service/facts.ts';
import { processPayment, type ProcessPaymentRequest } from '../../../lib/service/process-payment.ts';
import { visitPayment } from '../../../lib/service/sweep.ts';
import { createModelLedger, type Books } from '../model-ledger.ts';
import { explore, type Exploration, type FaultBudget } from './explore.ts';
import { createProgram, type ProcessBody, type ProcessWorld } from './process.ts';

const START_MS = 1_760_000_000_000;
/** Later than every lease: what runs on this clock sees all earlier work as abandoned, at once. */
const LATE_MS = START_MS + 60_000;
const INVOCATION_MS = 15_000;

const network = NETWORKS.find(({ id }) => id === 'eip155:84532')!;
const manager: PaymentManager = {
  managerId: 'explorer-0000000001',
  name: 'explorer',
  description: null,
  authorizer: { type: 'AWS_IAM' },
  roleArn: 'arn:aws:iam::000000000000:role/x',
  tags: null,
  workloadName: 'explorer-0000000001',
  status: 'READY',
  createdAt: toEpochMs(START_MS),
  updatedAt: toEpochMs(START_MS),
  revision: 1,
};
const USER = 'user';
const SESSION = 'payment-session-000000000000001';
const INSTRUMENT = 'payment-instrument-000000000000001';
const ADDRESS: Hex = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';

const instrument: PaymentInstrument = {
  managerId: manager.managerId,
  connectorId: 'seed-0000000001',
  instrumentId: INSTRUMENT,
  userId: USER,
  network: 'ETHEREUM',
  linkedAccounts: [],
  status: 'ACTIVE',
  wallet: { address: ADDRESS, key: { type: 'SeedVault', secretArn: 'arn', secretVersionId: 'v', index: 0 } },
  createdAt: toEpochMs(START_MS),
  updatedAt: toEpochMs(START_MS),
};

function sessionWith(limit: bigint): Session {
  return {
    managerId: manager.managerId,
    sessionId: SESSION,
    userId: USER,
    deleted: false,
    createdAt: toEpochMs(START_MS),
    updatedAt: toEpochMs(START_MS),
    expiryMinutes: 60,
    expiresAt: toEpochMs(START_MS + 3_600_000),
    limit: toMicroUsd(limit),
    budget: { available: toMicroUsd(limit), reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
    inFlight: 0,
    open: new Map(),
  };
}

/** One handler of a scenario. */
export interface HandlerPlan {
  readonly name: string;
  readonly token: string;
  readonly amount: string;
  /** Whether the process already knows session and instrument, so that it writes the intent while it reads. */
  readonly warm: boolean;
  /** Whether its clock is past every lease of the others. */
  readonly late: boolean;
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
    deadline: addMs(toEpochMs(startMs), INVOCATION_MS),
  };
  return (world) => {
    const facts = createFactsCache();
    if (plan.warm) {
      const { address, key } = instrument.wallet!;
      const { authorizer } = manager;
      facts.set(
        { ...request, userId: USER },
        { sessionExpiresAt: sessionWith(0n).expiresAt, address, key, authorizer },
      );
    }
    return processPayment(depsOf(world, facts, plan.name, seen), request);
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

/** Runs the real sweeper over books whose handlers are gone, until it has nothing more to do. */
async function recover(books: Books): Promise<Books> {
  const holder = { books };
  const ledger = createModelLedger(holder);
  const clock: Clock = { now: () => toEpochMs(LATE_MS + 600_000), sleep: async () => undefined };
  const index = {
    duePayments: async () => [],
    hasVisits: async () => false,
    dropVisit: async () => undefined,
    postponeVisit: async () => undefined,
  };
  for (const id of books.payments.keys()) await visitPayment({ ledger, clock, index, report: () => undefined }, id);
  return holder.books;
}

/** The id that a token's payment will have: what the first intent of a dry run writes. */
async function paymentIdOf(plan: HandlerPlan): Promise<PaymentId> {
  const seen = new Set<PaymentId>();
  const holder = { books: { session: sessionWith(10n ** 9n), payments: new Map() } as Books };
  const clock: Clock = { now: () => toEpochMs(START_MS), sleep: async () => undefined };
  const signer = { type: 'SeedVault', sign: async (): Promise<Hex> => '0x' } as const;
  await handlerBody(plan, START_MS, seen)({ ledger: createModelLedger(holder), signer, clock });
  return [...seen][0]!;
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
    const index = {
      duePayments: async () => [],
      hasVisits: async () => false,
      dropVisit: async () => undefined,
      postponeVisit: async () => undefined,
    };
    const body: ProcessBody = ({ ledger, clock }) =>
      visitPayment({ ledger, clock, index, report: () => undefined }, id);
    programs.push({ name: 'sweeper', program: await createProgram(body, { startMs: LATE_MS, ids }) });
  }
  return explore({
    books: { session: sessionWith(scenario.limit), payments: new Map() },
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
  ...rest,
});

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
