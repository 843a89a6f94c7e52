import type { Network } from '../../../../domain/assets.ts';

/** An entry of `accepts` that is readable and asks for the smallest possible amount: for probing a service. */
export function smallestEntry({ id, usdc }: Network, payTo: string) {
  return {
    scheme: 'exact',
    network: id,
    amount: '1',
    asset: usdc.address,
    payTo,
    maxTimeoutSeconds: 60,
    extra: { name: usdc.domainName, version: usdc.domainVersion },
  };
}
