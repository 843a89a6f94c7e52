import type { Mutant } from '../mutants.ts';

const STEPS = 'lib/domain/allowances/steps.ts';
const SENDING = 'lib/service/allowances/sending.ts';
const ENDS = 'lib/service/allowances/withdrawal-ends.ts';
const WITHDRAWING = 'lib/domain/allowances/withdrawal-steps.ts';
const SIGNING = 'lib/service/allowances/signing.ts';
const MODEL = 'test/support/explorer/approvals/chain-model.ts';

/** Faults of those who bring an approval to the chain. `scenario` is one of `APPROVALS`. */
export const APPROVAL_MUTANTS: readonly Mutant[] = [
  {
    name: 'an item that is written whatever version was read',
    edits: [
      {
        file: MODEL,
        find: "if (next.version !== state.item.version + 1) return { state, reply: 'overtaken' };",
        replace: '',
      },
    ],
    scenario: 0,
    rule: 'twice',
  },
  {
    name: 'a sender that looks for the newest copy alone',
    edits: [
      {
        file: SENDING,
        find: 'allowance.attempt.copies.flatMap(({ signed }) => signed?.hash ?? [])',
        replace: 'allowance.attempt.copies.slice(-1).flatMap(({ signed }) => signed?.hash ?? [])',
      },
    ],
    scenario: 1,
    rule: 'twice',
  },
  {
    name: 'a sender that looks for transactions before it reads the nonce',
    edits: [
      {
        file: MODEL,
        find: "      const nonce: number = await request({ kind: 'nonce' });\n      const mined = hashes.length === 0 ? null : await request({ kind: 'receipts', hashes });\n",
        replace:
          "      const mined = hashes.length === 0 ? null : await request({ kind: 'receipts', hashes });\n      const nonce: number = await request({ kind: 'nonce' });\n",
      },
    ],
    scenario: 0,
    rule: 'twice',
  },
  {
    name: 'a raised fee under another nonce',
    edits: [
      {
        file: STEPS,
        find: 'attempt: { ...attempt, copies: [...attempt.copies, copy], sentAt: null },',
        replace: 'attempt: { ...attempt, nonce: attempt.nonce + 1, copies: [...attempt.copies, copy], sentAt: null },',
      },
    ],
    scenario: 1,
    rule: 'twice',
  },
  {
    name: 'a sender that takes a nonce for lost before it is over',
    edits: [
      {
        file: STEPS,
        find: 'if (nonce <= attempt.nonce) return null;',
        replace: 'if (nonce < attempt.nonce) return null;',
      },
    ],
    scenario: 0,
    rule: '(twice|unfinished)',
  },
  {
    name: 'a sender that waits for ever for a nonce that another transaction took',
    edits: [{ file: STEPS, find: 'if (nonce <= attempt.nonce) return null;', replace: 'if (nonce >= 0) return null;' }],
    scenario: 2,
    rule: 'unfinished',
  },
  {
    name: 'a request that is begun anew although it is on the chain',
    edits: [
      {
        file: STEPS,
        find: 'attempt: null, end, hindrance: null, visitAt: nextVisit(allowance, now) });',
        replace:
          'attempt: null, end, want: want ?? { ...asked, least: null, most: amount + 1n }, hindrance: null, visitAt: now });',
      },
    ],
    scenario: 0,
    rule: '(twice|amount|unfinished)',
  },
  {
    name: 'a signer that signs again what is signed, and keeps that',
    edits: [
      {
        file: SIGNING,
        find: '  const copy = allowance === null ? null : unsignedCopy(allowance);\n',
        replace: '  const copy = allowance?.attempt?.copies.at(-1) ?? null;\n',
      },
      {
        file: STEPS,
        find: 'if (attempt === null || unsignedCopy(allowance) === null) return allowance;',
        replace: 'if (attempt === null) return allowance;',
      },
      {
        file: STEPS,
        find: '(copy.signed === null ? { ...copy, signed: bytes } : copy)',
        replace: '({ ...copy, signed: bytes })',
      },
    ],
    scenario: 0,
    rule: '(twice|unfinished)',
  },
  {
    name: 'a sender that gives the chain bytes that were not kept',
    edits: [
      {
        file: SENDING,
        find: 'await chain.broadcast(bytes.raw)',
        // A space behind the text of the transaction.
        replace: 'await chain.broadcast(`${bytes.raw}20`)',
      },
    ],
    scenario: 0,
    rule: '(unkept|unfinished)',
  },
  {
    name: 'a withdrawal that is begun anew before its nonce is final',
    edits: [{ file: ENDS, find: 'if (final.nonce <= attempt.nonce) {', replace: 'if (final.nonce < 0) {' }],
    scenario: 4,
    rule: 'twice',
  },
  {
    name: 'a withdrawal that is begun anew without another look for its copies',
    edits: [
      {
        file: ENDS,
        find: 'if (final.mined !== null) return settle(deps, allowance, attempt, final.mined);',
        replace: '',
      },
    ],
    scenario: 4,
    rule: 'twice',
  },
  {
    name: 'a withdrawal that is begun anew upon one look at what is final',
    edits: [{ file: ENDS, find: 'if (!isLost(attempt, clock.now())) {', replace: 'if (clock.now() < 0) {' }],
    scenario: 4,
    rule: 'twice',
  },
  {
    name: 'a withdrawal that is put away before it is told',
    edits: [
      {
        file: ENDS,
        find: '  await outcomes.write({ paymentId, ...told, transaction, succeeded, at: clock.now() });\n  await books.write(putAway(allowance, clock.now()));\n',
        replace:
          '  await books.write(putAway(allowance, clock.now()));\n  await outcomes.write({ paymentId, ...told, transaction, succeeded, at: clock.now() });\n',
      },
    ],
    scenario: 3,
    rule: 'told',
  },
  {
    name: 'a withdrawal that is given up although bytes of it are out',
    edits: [
      {
        file: WITHDRAWING,
        find: ' && (attempt === null || newestSigned(attempt) === null)',
        replace: ' && (attempt === null || newestSigned(attempt) !== undefined)',
      },
    ],
    scenario: 5,
    rule: '(told|twice)',
  },
];
