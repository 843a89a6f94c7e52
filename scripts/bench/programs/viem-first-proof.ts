import { privateKeyToAccount } from 'viem/accounts';
import { PRIVATE_KEY, REQUIREMENT, NONCE } from './first-proof.ts';
import { reportToParent } from './report.ts';

const account = privateKeyToAccount(PRIVATE_KEY);
const authorization = {
  from: account.address,
  to: REQUIREMENT.payTo,
  value: BigInt(REQUIREMENT.amount),
  validAfter: 1n,
  validBefore: 1_760_000_060n,
  nonce: NONCE,
} as const;
const signature = await account.signTypedData({
  domain: {
    name: REQUIREMENT.extra.name,
    version: REQUIREMENT.extra.version,
    chainId: 8453,
    verifyingContract: REQUIREMENT.asset,
  },
  types: {
    TransferWithAuthorization: [
      { name: 'from', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validBefore', type: 'uint256' },
      { name: 'nonce', type: 'bytes32' },
    ],
  },
  primaryType: 'TransferWithAuthorization',
  message: authorization,
});
const payload = { signature, authorization };
const text = JSON.stringify(payload, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
if (btoa(text).length === 0) throw new Error('no proof');
reportToParent({ doneMs: performance.now() });
