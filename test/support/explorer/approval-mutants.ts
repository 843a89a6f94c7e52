import type { Mutant } from './mutants.ts';

const NEXT_TERMS = 'lib/service/paying/next-terms.ts';

/** Faults of what waits for people. */
export const OF_APPROVALS: readonly Mutant[] = [
  {
    name: 'a take-over that does not look whether people were asked since',
    edits: [
      {
        file: 'test/support/model-ledger.ts',
        find: 'if (free && seen && stored.attempt',
        replace: 'if (free && stored.attempt',
      },
    ],
    scenario: 24,
    rule: 'asked',
  },
  {
    name: 'a payment whose terms are frozen anew although people approved them',
    edits: [
      {
        file: NEXT_TERMS,
        find: "if (isGood && state.status === 'given') {",
        replace: "if (isGood && state.status === ('never' as string)) {",
      },
    ],
    scenario: 24,
    rule: 'asked',
  },
  {
    name: 'a no of somebody who is asked again at once',
    edits: [
      {
        file: NEXT_TERMS,
        find: "if (state.status === 'rejected') return answered(await deny(deps, draft, payment, session, 'approval_rejected'));",
        replace: '',
      },
    ],
    scenario: 24,
    rule: 'asked',
  },
  {
    name: 'a payment that forgets whom it asked',
    edits: [
      {
        file: 'lib/service/paying/abort.ts',
        find: 'at: deps.clock.now(), approval } as const',
        replace: 'at: deps.clock.now(), approval: approval?.slice(0, 1) } as const',
      },
      {
        file: NEXT_TERMS,
        find: "reference === null || signer.readApproval === undefined) return { status: 'given' };",
        replace: "reference === null || signer.readApproval === undefined) return { status: 'over' };",
      },
    ],
    scenario: 24,
    rule: 'asked',
  },
  {
    name: 'money that is held while people decide',
    edits: [
      {
        file: 'lib/service/paying/drive-payment.ts',
        find: '  } catch (error) {\n    await undoReservation(',
        replace:
          "  } catch (error) {\n    if (error instanceof ProviderRefused && error.approval !== undefined) return refuse({ reason: 'busy', what: 'signer' });\n    await undoReservation(",
      },
    ],
    scenario: 25,
    rule: 'I8',
  },
  {
    name: 'a no of somebody that is answered and not recorded',
    edits: [
      {
        file: NEXT_TERMS,
        find: ': denyPayment(deps, outcome.payment, { reason });',
        replace: ': refuse({ reason });',
      },
    ],
    scenario: 25,
    rule: 'I10',
  },
];
