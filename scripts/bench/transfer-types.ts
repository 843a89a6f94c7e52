import type { Network } from '../../lib/domain/assets.ts';

/** What EIP-3009 signs, in viem's words. */
export const TRANSFER_TYPES = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const;

export function domainOf({ chainId, usdc }: Network) {
  return { name: usdc.domainName, version: usdc.domainVersion, chainId, verifyingContract: usdc.address };
}
