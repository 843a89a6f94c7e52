import type { ApprovalScenario } from './explore.ts';

/** Later than an approval may stay out of a block before its fee is raised. */
const STUCK_MS = 100_000;

/** So long that nobody comes after its time. */
const LONG_MS = 100_000_000;

/** One request for an approval or a withdrawal of the coin, and whatever may happen to those who bring it to the chain. */
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
  {
    name: 'a withdrawal, a sender and two signers that die at any request, whose answers may be lost',
    senders: [{ looks: 3, afterMs: 0 }],
    signers: 2,
    unknowns: 1,
    ghosts: 1,
    foreign: 0,
    withdrawalMs: LONG_MS,
  },
  {
    name: 'a withdrawal, two senders of which the second raises the fee, a foreign transaction, and nodes that lag',
    senders: [
      { looks: 2, afterMs: 0 },
      { looks: 2, afterMs: STUCK_MS },
    ],
    signers: 1,
    unknowns: 0,
    ghosts: 0,
    foreign: 1,
    withdrawalMs: LONG_MS,
    lags: 4,
    finalLags: 2,
  },
  {
    name: 'a withdrawal whose time is over for the second sender, and two signers whose clocks are behind',
    senders: [
      { looks: 2, afterMs: 0 },
      { looks: 2, afterMs: STUCK_MS },
    ],
    signers: 2,
    unknowns: 0,
    ghosts: 0,
    foreign: 0,
    withdrawalMs: STUCK_MS - 1_000,
  },
];
