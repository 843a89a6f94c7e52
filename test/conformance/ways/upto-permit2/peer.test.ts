import { describePeer } from '../describe-peer.ts';

// What was signed counts until the chain is asked: `test/scenarios/true-up.test.ts` has the budget end at what was settled.
describePeer('upto by Permit2', [
  { seller: 'forecast-upto', price: 50_000n, settled: 12_000n, spentUsd: '0.05', approves: true },
]);
