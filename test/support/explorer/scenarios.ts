import type { Charge, WindowCharge } from '../../../lib/domain/payment/charge.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import type { FaultBudget } from './explore.ts';
import type { People } from './people.ts';
import { SESSION, START_MS } from './tenant.ts';

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
  readonly sessionId: string;
  /** Whether its offer is a ceiling, of which a facilitator takes `TAKEN`. */
  readonly ceiling: boolean;
  /** What it is counted for, whenever it is asked. */
  readonly charges: readonly Charge[];
  /** What the seller leaves for settling. */
  readonly timeoutSeconds: number;
}

export interface Scenario {
  readonly name: string;
  readonly limit: bigint;
  readonly handlers: readonly HandlerPlan[];
  /** Whether a sweeper visits the first payment at any time, and whether its requests fail as well. */
  readonly sweeper: 'none' | 'steady' | 'failing';
  /** What an operator does at any time, if there is one. */
  readonly operator:
    | 'freezes'
    | 'freezes the payee'
    | 'freezes the user'
    | 'deletes the session'
    | 'lets the session expire'
    | null;
  /** What another payment holds on the session from the beginning, at work until it gives up, which it does at any time. */
  readonly held?: bigint;
  readonly faults: FaultBudget;
  /** How many look at what came of ceilings, each once and at any time. */
  readonly reconcilers?: number;
  /** How often a backend repeats one top-up of the first session, all at any time, and by how much. */
  readonly toppedUp?: { readonly times: number; readonly amount: bigint };
  /** A window of which the first session has everything free when the scenario begins. */
  readonly granted?: WindowCharge;
  /** Who are asked at the wallet's provider before it signs. */
  readonly people?: People;
}

const some: FaultBudget = { unknowns: 2, ghosts: 1, throttles: 0, signerFailures: 1, signerThrottles: 0 };
const few: FaultBudget = { unknowns: 1, ghosts: 1, throttles: 0, signerFailures: 0, signerThrottles: 0 };
const handler = (name: string, token: string, rest: Partial<HandlerPlan> = {}): HandlerPlan => ({
  name,
  token: token.repeat(33),
  amount: '2',
  warm: false,
  late: false,
  withdraws: false,
  sessionId: SESSION,
  ceiling: false,
  charges: [],
  timeoutSeconds: 60,
  ...rest,
});

/** A purchase whose seller asks another price the second time: under one token at most one of the two is ever signed. */
const OTHER_TERMS: readonly Scenario[] = [
  {
    name: 'a purchase and its repetition at another price, both within their leases',
    limit: 8n,
    handlers: [handler('A', 't'), handler('B', 't', { amount: '3' })],
    sweeper: 'none',
    operator: null,
    faults: few,
  },
  {
    name: 'a purchase and its repetition at another price past the lease, and the sweeper',
    limit: 8n,
    handlers: [handler('A', 't'), handler('B', 't', { amount: '3', late: true })],
    sweeper: 'steady',
    operator: null,
    faults: few,
  },
];

const throttled: FaultBudget = { ...few, unknowns: 0, ghosts: 0, throttles: 1, signerThrottles: 1 };

/** Every order of two handlers, and every place to die; what gets no answer here is left to other scenarios and to the long run. */
const none: FaultBudget = { ...few, unknowns: 0, ghosts: 0 };

const FROZEN: Scenario = {
  name: 'a payment and its repetition past the lease, and an operator who freezes at any time',
  limit: 4n,
  handlers: [handler('A', 't'), handler('B', 't', { late: true })],
  sweeper: 'none',
  operator: 'freezes',
  faults: { ...few, ghosts: 0 },
};

/** Requests that are refused for now, and what operators do while others pay. */
const OPERATED: readonly Scenario[] = [
  {
    name: 'duplicates while the books and the signer throttle',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'none',
    operator: null,
    faults: throttled,
  },
  {
    name: 'two payments on a session that is deleted at any time',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 'u')],
    sweeper: 'none',
    operator: 'deletes the session',
    faults: { ...few, ghosts: 0 },
  },
  {
    name: 'a session that expires at any time',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'none',
    operator: 'lets the session expire',
    faults: few,
  },
  { ...FROZEN, faults: none },
  {
    name: 'a payment that writes its intent while it reads, a withdrawal, and an operator who freezes at any time',
    limit: 2n,
    handlers: [handler('A', 't', { withdraws: true }), handler('B', 'u', { warm: true })],
    sweeper: 'none',
    operator: 'freezes',
    faults: { ...few, ghosts: 0 },
  },
];

/** Money that comes back while somebody finds too little of it. */
const DENIED: readonly Scenario[] = [
  {
    name: 'a payment that finds too little and its repetition within its lease, while another gives its money back',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 't')],
    sweeper: 'none',
    operator: null,
    held: 2n,
    faults: few,
  },
  {
    name: 'the same past the lease of the other, which is dead by then, with intents that go out beside the reads',
    limit: 3n,
    handlers: [handler('A', 't', { warm: true }), handler('B', 't', { warm: true, late: true })],
    sweeper: 'none',
    operator: null,
    held: 2n,
    faults: few,
  },
];

const OTHER_SESSION = 'payment-session-000000000000002';
const window = (max: bigint, closesAfterMs = 3_600_000): WindowCharge => ({
  kind: 'window',
  key: 'userDay0',
  opensAt: toEpochMs(START_MS),
  closesAt: addMs(toEpochMs(START_MS), closesAfterMs),
  quantity: 2n,
  max,
});
const cap: Charge = { kind: 'session', key: 'payeeCap', quantity: 2n, max: 3n };
/** Closes after the early handlers have begun, and before the late ones and the sweeper. */
const closing = window(8n, 30_000);

/** What a policy counts, within a session and over two. */
const COUNTED: readonly Scenario[] = [
  {
    name: 'two sessions that share a window in which one payment fits',
    limit: 4n,
    handlers: [
      handler('A', 't', { charges: [window(3n)] }),
      handler('B', 'u', { charges: [window(3n)], sessionId: OTHER_SESSION }),
    ],
    sweeper: 'none',
    operator: null,
    faults: none,
  },
  {
    name: 'a session that takes from another what that one is about to spend',
    limit: 4n,
    handlers: [
      handler('A', 't', { charges: [window(3n)] }),
      handler('B', 'u', { charges: [window(3n)], sessionId: OTHER_SESSION }),
    ],
    sweeper: 'none',
    operator: null,
    faults: none,
    granted: window(3n),
  },
  {
    name: 'two payments under a cap that fits one, of which the signer may fail one',
    limit: 8n,
    handlers: [handler('A', 't', { charges: [cap] }), handler('B', 'u', { charges: [cap], late: true })],
    sweeper: 'none',
    operator: null,
    faults: { ...none, unknowns: 1, signerFailures: 1 },
  },
  {
    name: 'a window that closes while a payment holds some of it, and the sweeper',
    limit: 4n,
    handlers: [handler('A', 't', { charges: [closing, cap] }), handler('B', 't', { late: true })],
    sweeper: 'steady',
    operator: null,
    faults: none,
    granted: closing,
  },
  {
    name: 'a session that needs what another has, where both payments fit',
    limit: 4n,
    handlers: [
      handler('A', 't', { charges: [window(4n)] }),
      handler('B', 'u', { charges: [window(4n)], sessionId: OTHER_SESSION }),
    ],
    sweeper: 'none',
    operator: null,
    faults: { ...none, unknowns: 1 },
    granted: window(4n),
  },
];

/** What a facilitator takes of every ceiling, in the token's smallest unit. */
export const TAKEN = 1n;

/** What comes back of a ceiling: to whoever looks, at any time, and once. */
const TRUED_UP: readonly Scenario[] = [
  {
    name: 'a ceiling and its repetition past the lease, whose settles come late, while two look at what was taken',
    limit: 4n,
    handlers: [handler('A', 't', { ceiling: true }), handler('B', 't', { ceiling: true, late: true })],
    sweeper: 'none',
    operator: null,
    reconcilers: 2,
    faults: few,
  },
];

/** A freeze of a part, which falls between the two looks at the gate. */
const PARTLY_FROZEN: readonly Scenario[] = [
  {
    name: 'a payment and its repetition past the lease, and an operator who freezes their payee at any time',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'none',
    operator: 'freezes the payee',
    faults: none,
  },
  {
    name: 'a payment that writes its intent while it reads, a withdrawal, and an operator who freezes their user at any time',
    limit: 2n,
    handlers: [handler('A', 't', { withdraws: true }), handler('B', 'u', { warm: true })],
    sweeper: 'none',
    operator: 'freezes the user',
    faults: { ...few, ghosts: 0 },
  },
];

/** A limit that is raised while others spend, or close the session. */
const TOPPED_UP: readonly Scenario[] = [
  {
    name: 'two payments of which one fits, until a top-up at any time lets the other in',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 'u', { late: true })],
    sweeper: 'none',
    operator: null,
    toppedUp: { times: 1, amount: 1n },
    faults: { ...few, ghosts: 0 },
  },
  {
    name: 'a payment, a top-up and its repetition, and an operator who deletes the session at any time',
    limit: 1n,
    handlers: [handler('A', 't')],
    sweeper: 'none',
    operator: 'deletes the session',
    toppedUp: { times: 2, amount: 1n },
    faults: few,
  },
];

const asking: FaultBudget = { ...few, ghosts: 0, signerFailures: 1 };
const patient = { timeoutSeconds: 300 };

/** A wallet for which people sign as well. */
const APPROVED: readonly Scenario[] = [
  {
    name: 'a payment that people are to approve, and its repetitions while its terms stand',
    limit: 4n,
    handlers: [handler('A', 't', patient), handler('B', 't', { ...patient, late: true })],
    sweeper: 'none',
    operator: null,
    people: 'in time',
    faults: asking,
  },
  {
    name: 'a payment that people are to approve, and its repetition when its terms are over, of which people may approve either',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'none',
    operator: null,
    people: 'too late',
    faults: asking,
  },
];

/** Two handlers at a time: duplicates of one payment, and two payments of which one fits. */
export const TWO_HANDLERS: readonly Scenario[] = [
  {
    name: 'duplicates of one payment, both within their leases',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't')],
    sweeper: 'none',
    operator: null,
    faults: some,
  },
  {
    name: 'a duplicate that finds the first handler past its lease, and the sweeper',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'steady',
    operator: null,
    faults: { ...few, ghosts: 0 },
  },
  {
    name: 'a duplicate that writes its intent while it reads',
    limit: 4n,
    handlers: [handler('A', 't', { warm: true }), handler('B', 't', { warm: true, late: true })],
    sweeper: 'none',
    operator: null,
    faults: few,
  },
  {
    name: 'two payments of which one fits, and the sweeper',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 'u', { late: true })],
    sweeper: 'failing',
    operator: null,
    faults: few,
  },
  {
    name: 'a withdrawal and its repetition past the lease, and the sweeper',
    limit: 2n,
    handlers: [handler('A', 't', { withdraws: true }), handler('B', 't', { withdraws: true, late: true })],
    sweeper: 'steady',
    operator: null,
    faults: few,
  },
  ...OTHER_TERMS,
  ...OPERATED,
  ...DENIED,
  ...COUNTED,
  ...TRUED_UP,
  ...PARTLY_FROZEN,
  ...TOPPED_UP,
  ...APPROVED,
];

/** For the long run: three handlers, and two with more that fails. */
export const THREE_HANDLERS: readonly Scenario[] = [
  { ...FROZEN, name: `${FROZEN.name}, where one request gets no answer` },
  {
    name: 'a duplicate that finds the first handler past its lease, the sweeper, and requests that come late',
    limit: 4n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true })],
    sweeper: 'failing',
    operator: null,
    faults: few,
  },
  {
    name: 'two duplicates and another payment, of which one fits',
    limit: 3n,
    handlers: [handler('A', 't'), handler('B', 't', { late: true }), handler('C', 'u', { late: true })],
    sweeper: 'none',
    operator: null,
    faults: few,
  },
];
