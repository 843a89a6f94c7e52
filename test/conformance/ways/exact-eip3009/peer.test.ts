import { describePeer } from '../describe-peer.ts';

describePeer('exact by EIP-3009', [
  { seller: 'weather', price: 10_000n, spentUsd: '0.01' },
  { seller: 'weather-v1', price: 10_000n, spentUsd: '0.01' },
]);
