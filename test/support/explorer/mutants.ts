import { OF_APPROVALS } from './approval-mutants.ts';
import { OF_COUNTERS } from './counter-mutants.ts';
import { OF_DENIALS } from './denial-mutants.ts';
import { OF_TOP_UPS } from './top-up-mutants.ts';

/** A fault planted in a copy of the real code. The explorer must find it, or it would not find ours. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  /** Which of TWO_HANDLERS shows it. */
  readonly scenario: number;
  /** What the violated rule begins with. */
  readonly rule: string;
}

const DRIVE = 'lib/service/paying/drive-payment.ts';
const GATE = 'lib/domain/payment/gate.ts';
const RESERVATION = 'lib/service/paying/reservation.ts';
const RECOVERY = 'lib/service/sweeping/recovery.ts';
const MODEL = 'test/support/model-ledger.ts';

const VISIT = 'lib/service/sweeping/sweep-visit.ts';

/** Faults of what comes back of a ceiling. */
const OF_TRUE_UPS: readonly Mutant[] = [
  {
    name: 'a true-up that gives back twice, since the right to it stays',
    edits: [{ file: MODEL, find: '  left.delete(entry);\n', replace: '' }],
    scenario: 19,
    rule: 'the books of session',
  },
  {
    name: 'a true-up that gives the whole ceiling back, of which something was taken',
    edits: [
      {
        file: 'lib/domain/payment/true-up.ts',
        find: 'taken >= amount ? 0n : amount - taken',
        replace: 'taken >= amount ? 0n : amount',
      },
    ],
    scenario: 19,
    rule: 'I4',
  },
];

/** Faults that show where something is throttled, closed or frozen, or where the sweeper depends on its index. */
const OF_OPERATED: readonly Mutant[] = [
  {
    name: 'a throttled reserve that is taken for one that was made',
    edits: [
      {
        file: RESERVATION,
        find: "if (error instanceof NotNow) return { kind: 'throttled' };",
        replace:
          "if (error instanceof NotNow) return { kind: 'reserved', payment, gate, budget: { available: null, reserved: payment.amount, spent: payment.amount } };",
      },
    ],
    scenario: 7,
    rule: 'I4',
  },
  {
    name: 'a reservation that is kept when the signer throttles',
    edits: [
      {
        file: DRIVE,
        find: "await undoReservation(deps, payment, error instanceof ProviderRefused ? error.approval : undefined);\n    if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });",
        replace:
          "if (error instanceof NotNow) return refuse({ reason: 'busy', what: 'signer' });\n    await undoReservation(deps, payment);",
      },
    ],
    scenario: 7,
    rule: 'I8',
  },
  {
    name: 'a sweeper that leaves alone what is held on a deleted session',
    edits: [
      {
        file: VISIT,
        find: 'of session === null ? [] : openEntriesOf',
        replace: 'of session === null || session.deleted ? [] : openEntriesOf',
      },
    ],
    scenario: 8,
    rule: 'I8',
  },
  {
    name: 'a reserve that does not ask whether the session is deleted',
    edits: [{ file: MODEL, find: '    session.deleted ||\n', replace: '' }],
    scenario: 8,
    rule: 'closed',
  },
  {
    name: 'a reserve that does not ask whether the session has expired',
    edits: [{ file: MODEL, find: '    session.expiresAt <= request.now ||\n', replace: '' }],
    scenario: 9,
    rule: 'closed',
  },
  {
    name: 'a handler that does not look at the gate a second time',
    edits: [
      {
        file: DRIVE,
        find: 'const closed = await closeIfGateShut(deps, reserved, checked);',
        replace: 'const closed = null as Awaited<ReturnType<typeof closeIfGateShut>>;',
      },
    ],
    scenario: 10,
    rule: 'frozen',
  },
  {
    name: 'a second look at the gate that forgets whom and what is paid',
    edits: [
      {
        file: DRIVE,
        find: 'const facts = freezeFactsOf(payment, agentName);',
        replace: 'const { offer: _, ...facts } = freezeFactsOf(payment, agentName);',
      },
    ],
    scenario: 20,
    rule: 'frozen',
  },
  {
    name: 'a gate that knows of no freeze but that of the deployment',
    edits: [
      {
        file: GATE,
        find: 'const freeze = findFreeze(freezes, facts);',
        replace: 'const freeze = null as ReturnType<typeof findFreeze>;',
      },
    ],
    scenario: 21,
    rule: 'frozen',
  },
  {
    name: 'a gate that could not be read and is taken for open',
    edits: [
      {
        file: DRIVE,
        find: "if (gate.status === 'fulfilled' && refusal === null) return null;",
        replace: 'if (refusal === null) return null;',
      },
    ],
    scenario: 11,
    rule: 'frozen',
  },
  {
    name: 'a payment that was frozen out and keeps its reservation',
    edits: [
      {
        file: DRIVE,
        find: 'await undoReservation(deps, payment);\n  if (refusal !== null) return refuse(refusal);',
        replace: 'if (refusal !== null) return refuse(refusal);\n  await undoReservation(deps, payment);',
      },
    ],
    scenario: 11,
    rule: 'I8',
  },
  {
    name: 'a take-over that does not put the payment back on the index of visits',
    edits: [
      {
        file: MODEL,
        find: "return { books: withVisit(books, payment), reply: { kind: 'taken', payment }",
        replace: "return { books: withPayment(books, payment), reply: { kind: 'taken', payment }",
      },
    ],
    scenario: 2,
    rule: 'I8',
  },
  {
    name: 'a payment that is signed at a later attempt and gets no second visit',
    edits: [
      {
        file: VISIT,
        find: "const mayHaveGhost = payment.status !== 'SIGNED' || payment.attempt > 1;",
        replace: "const mayHaveGhost = payment.status !== 'SIGNED';",
      },
    ],
    scenario: 0,
    rule: 'I8',
  },
  {
    name: 'a sweeper that takes a payment in progress off its index',
    edits: [
      {
        file: VISIT,
        find: 'await deps.index.postponeVisit(payment.id, payment.attempt, payment.leaseUntil);',
        replace: 'await deps.index.dropVisit(payment.id, payment.attempt);',
      },
    ],
    scenario: 1,
    rule: 'I8',
  },
];

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a reserve that is sent again under the same attempt',
    edits: [
      {
        file: RESERVATION,
        find: 'const next = await abortOnFailure(deps, attempted, () => openNextAttempt(deps, attempted));',
        replace: "const next = { kind: 'taken' as string, payment: attempted };",
      },
    ],
    scenario: 0,
    rule: 'I',
  },
  {
    name: 'an error path that releases before it decides',
    edits: [
      {
        file: DRIVE,
        find: 'const decided = await abortQuietly(deps, payment, approval);\n  if (decided !== null) await closeOwnEntry(deps, payment, decided);',
        replace:
          "await closeOwnEntry(deps, payment, { ...payment, status: 'ABORTED' });\n  await abortQuietly(deps, payment);",
      },
    ],
    scenario: 0,
    rule: 'I',
  },
  {
    name: 'a sweeper that releases before it decides',
    edits: [
      { file: RECOVERY, find: "payment.status === 'PENDING' ? 'leave' : 'release'", replace: "'release'" },
      {
        file: 'lib/service/sweeping/sweep-visit.ts',
        find: "if (payment.status === 'PENDING') {",
        replace: "if (payment.status === ('NEVER' as string)) {",
      },
      {
        file: 'lib/service/sweeping/sweep-visit.ts',
        find: 'const payment = await abandonIfDead(deps, found, now);',
        replace: 'const payment = found;',
      },
    ],
    scenario: 1,
    rule: 'I',
  },
  {
    name: 'a failed condition that is taken for a denial',
    edits: [
      {
        file: RESERVATION,
        find: "if (session?.open.has(entry) === true) return { kind: 'reserved', payment, budget: session.budget, gate };",
        replace: "if (session?.open.has(entry) === true) return { kind: 'refused', session };",
      },
    ],
    scenario: 3,
    rule: 'a false denial',
  },
  {
    name: 'a proof that leaves before SIGNED is acknowledged',
    edits: [
      {
        file: DRIVE,
        find: 'return (await deps.ledger.decide(payment.id, payment.attempt, verdict)).payment;\n  }\n}',
        replace: 'return { ...payment, ...verdict, decidedAt: verdict.at } as Payment;\n  }\n}',
      },
    ],
    scenario: 0,
    rule: 'I',
  },
  {
    name: 'a handler that lost the decide and returns its own signature',
    edits: [
      {
        file: DRIVE,
        find: 'deps.claims?.note(decided),\n  ]);\n  return outcomeOf(decided);',
        replace: 'deps.claims?.note(decided),\n  ]);\n  return ok({ ...payment, signatures });',
      },
    ],
    scenario: 1,
    rule: 'I',
  },
  {
    name: 'a decide that is not fenced by the attempt',
    edits: [
      {
        file: MODEL,
        find: "if (stored.status === 'PENDING' && stored.attempt === attempt) {",
        replace: "if (stored.status === 'PENDING') {",
      },
    ],
    scenario: 1,
    rule: 'I',
  },
  {
    name: 'a take-over that does not look at the status',
    edits: [
      {
        file: MODEL,
        find: 'if (free && seen && stored.attempt === from.attempt) {',
        replace: 'if (stored.attempt === from.attempt) {',
      },
    ],
    scenario: 1,
    rule: 'I',
  },
  {
    name: 'a token that is free for other terms although its payment may still be signed',
    edits: [
      {
        file: 'lib/service/paying/other-terms.ts',
        find: 'const outcome = await deps.ledger.supersede(payment.id, payment.attempt, deps.clock.now());',
        replace: "const outcome = { payment: { ...payment, status: 'DENIED' as const } };",
      },
    ],
    scenario: 6,
    rule: 'I9',
  },
  {
    name: 'a payment that is closed whatever attempt it is at',
    edits: [
      {
        file: MODEL,
        find: "const free = stored.status === 'PENDING' || stored.status === 'ABORTED';\n  if (free && stored.attempt === attempt) {\n    const payment: Payment = { ...stored, status: 'DENIED'",
        replace: "if (stored.status !== 'DENIED') {\n    const payment: Payment = { ...stored, status: 'DENIED'",
      },
    ],
    scenario: 6,
    rule: 'I',
  },
  {
    name: 'a reservation key that all attempts share',
    edits: [
      {
        file: 'lib/domain/payment/payment.ts',
        find: 'return `${paymentId}#${attempt}`;',
        replace: 'return `${paymentId}#${Math.min(attempt, 1)}`;',
      },
    ],
    scenario: 0,
    rule: 'I',
  },
  {
    name: 'an entry that is released although its payment is signed',
    edits: [{ file: RECOVERY, find: "if (payment.status === 'SIGNED') return 'settle';", replace: '' }],
    scenario: 0,
    rule: 'I',
  },
  {
    name: 'an intent that does not elect one handler',
    edits: [
      {
        file: MODEL,
        find: 'const own = stored.owner === payment.owner && stored.attempt === payment.attempt && stored.status === payment.status;',
        replace: 'const own = true;',
      },
    ],
    scenario: 0,
    rule: 'I',
  },
  ...OF_OPERATED,
  ...OF_DENIALS,
  ...OF_COUNTERS,
  ...OF_TRUE_UPS,
  ...OF_TOP_UPS,
  ...OF_APPROVALS,
];
