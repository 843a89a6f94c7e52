import type { Mutant } from './mutants.ts';

const DENIAL = 'lib/service/paying/denial.ts';
const PROCESS = 'lib/service/paying/process-payment.ts';
const ATTEMPTS = 'lib/service/paying/judged-attempts.ts';
const MODEL = 'test/support/model-ledger.ts';

/** Faults of the short way to a denial. */
export const OF_DENIALS: readonly Mutant[] = [
  {
    name: 'a session that is taken for short of money while the dead hold some of it',
    edits: [
      {
        file: DENIAL,
        find: 'if (mayGiveRoom) return null;',
        replace: 'if (session.inFlight >= inFlightMax) return null;',
      },
    ],
    scenario: 3,
    rule: 'a false denial',
  },
  {
    name: 'the same where the intent is written already',
    edits: [
      {
        file: DENIAL,
        find: 'if (mayGiveRoom) return null;',
        replace: 'if (session.inFlight >= inFlightMax) return null;',
      },
    ],
    scenario: 13,
    rule: 'a false denial',
  },
  {
    name: 'a denial that is written over what is signed already',
    edits: [
      {
        file: MODEL,
        find: 'if (stored === undefined) {\n    const put',
        replace:
          "if (stored === undefined || (payment.status === 'DENIED' && stored.status === 'SIGNED')) {\n    const put",
      },
    ],
    scenario: 12,
    rule: 'I8',
  },
  {
    name: 'a denial that is answered although the token has a payment already',
    edits: [
      {
        file: PROCESS,
        find: 'return ok({ payment: created ? first : intent.payment, created, admission, checked, policies });',
        replace:
          "const denies = first.status === 'DENIED';\n  return ok({ payment: created || denies ? first : intent.payment, created: created || denies, admission, checked, policies });",
      },
    ],
    scenario: 12,
    rule: 'I10',
  },
  {
    name: 'a denial that is answered and not recorded, before there is an intent',
    edits: [
      {
        file: PROCESS,
        find: 'const intent = await deps.ledger.putIntent(first);',
        replace:
          "const intent = first.status === 'DENIED' ? { kind: 'created' as const } : await deps.ledger.putIntent(first);",
      },
    ],
    scenario: 12,
    rule: 'I10',
  },
  {
    name: 'a denial that is answered and not recorded, over an intent',
    edits: [
      {
        file: ATTEMPTS,
        find: ': denyPayment(deps, payment, denial);',
        replace: ': (await abortQuietly(deps, payment), refuse(denial));',
      },
    ],
    scenario: 13,
    rule: 'I10',
  },
];
