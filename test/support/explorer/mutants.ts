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
const RESERVATION = 'lib/service/paying/reservation.ts';
const RECOVERY = 'lib/service/sweeping/recovery.ts';
const MODEL = 'test/support/model-ledger.ts';

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
        find: 'const decided = await abortQuietly(deps, payment);\n  if (decided !== null) await closeOwnEntry(deps, payment, decided);',
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
        find: 'closeOwnEntry(deps, payment, decided));\n  return outcomeOf(decided);',
        replace: 'closeOwnEntry(deps, payment, decided));\n  return ok({ ...payment, signatures });',
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
        find: "const free = stored.status === 'PENDING' || stored.status === 'ABORTED';\n  if (free && stored.attempt === from.attempt) {",
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
        find: "const own = stored.owner === payment.owner && stored.attempt === payment.attempt && stored.status === 'PENDING';",
        replace: 'const own = true;',
      },
    ],
    scenario: 0,
    rule: 'I',
  },
];
