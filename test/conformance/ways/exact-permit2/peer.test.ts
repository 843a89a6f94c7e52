import { describePeer } from '../describe-peer.ts';

describePeer('exact by Permit2', [{ seller: 'forecast-permit2', price: 30_000n, spentUsd: '0.03', approves: true }]);
