import { describePeer } from '../describe-peer.ts';

describePeer('exact by EIP-3009', [
  { seller: 'weather', price: 10_000n, spentUsd: '0.01' },
  { seller: 'weather-v1', price: 10_000n, spentUsd: '0.01' },
  // At the rates of the local stack, each payment rounded up to the micro-dollar.
  { seller: 'forecast-eurc', price: 30_000n, spentUsd: '0.0351', token: 'EURC' },
  { seller: 'forecast-acme', price: 12_345_678_901_234_567n, spentUsd: '0.012346', token: 'ACME' },
]);
