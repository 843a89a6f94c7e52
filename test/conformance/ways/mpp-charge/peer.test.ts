import { describePeer } from '../describe-peer.ts';

describePeer('charge by evm', [{ seller: 'forecast-mpp', price: 20_000n, spentUsd: '0.02' }]);
