import type { ApprovalScenario } from './explore.ts';

/** Later than an approval may stay out of a block before its fee is raised. */
const STUCK_MS = 100_000;

/** One request for an approval, and whatever may happen to those who bring it to the chain. */
export const APPROVALS: readonly ApprovalScenario[] = [
  {
    name: 'a sender and two signers that die at any request, whose answers may be lost',
    senders: [{ looks: 3, afterMs: 0 }],
    signers: 2,
    unknowns: 1,
    ghosts: 1,
    foreign: 0,
  },
  {
    name: 'two senders of which the second raises the fee, and two signers',
    senders: [
      { looks: 2, afterMs: 0 },
      { looks: 2, afterMs: STUCK_MS },
    ],
    signers: 2,
    unknowns: 0,
    ghosts: 0,
    foreign: 0,
  },
  {
    name: 'two senders, a signer, and a transaction of the wallet that is not ours',
    senders: [
      { looks: 2, afterMs: 0 },
      { looks: 2, afterMs: STUCK_MS },
    ],
    signers: 1,
    unknowns: 0,
    ghosts: 0,
    foreign: 1,
  },
];
