import type { Hex } from 'viem';
import { BASE_SEPOLIA } from '../../../support/payments.ts';
import { nest, type Ask, type HostileChallenge, type Members, type Way } from '../way.ts';
import { askWith, documentOf, ENTRY, hostileX402, inHeader } from '../x402-challenges.ts';

const TYPES = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const;

const { amount, ...others } = ENTRY;

/** The same in version 1, whose terms stand in the body. */
function inVersion1(changes: Members = {}): Ask {
  const entry = nest({ ...others, network: 'base-sepolia', maxAmountRequired: amount, ...changes });
  const body = JSON.stringify({ x402Version: 1, error: 'X-PAYMENT header is required', accepts: [entry] });
  return { headers: { 'content-type': 'application/json' }, body };
}

const OWN: readonly HostileChallenge[] = [
  { what: 'version 1', ask: inVersion1(), code: null },
  { what: 'version 1 with an amount of version 2', ask: inVersion1({ amount: '10000' }), code: null },
  {
    what: 'version 1 with another amount of version 2',
    ask: inVersion1({ amount: '900000' }),
    code: 'ambiguous_amount',
  },
  { what: 'version 1 without an amount', ask: inVersion1({ maxAmountRequired: undefined }), code: 'amount_missing' },
  {
    what: 'version 1 of another host',
    ask: inVersion1({ resource: 'https://other.example/' }),
    code: 'foreign_resource',
  },
  {
    what: 'version 1 by Permit2',
    ask: inVersion1({ 'extra.assetTransferMethod': 'permit2' }),
    code: 'unsupported_transfer_method',
  },
  { what: 'version 1 up to a ceiling', ask: inVersion1({ scheme: 'upto' }), code: 'unsupported_scheme' },
  { what: 'version 1 in a header', ask: inHeader({ ...documentOf([nest(ENTRY)]), x402Version: 1 }), code: null },
  { what: 'its method by name', ask: askWith(ENTRY, { 'extra.assetTransferMethod': 'EIP-3009' }), code: null },
];

export const way: Way = {
  members: ENTRY,
  paths: { amount: 'amount', payTo: 'payTo' },
  ask: (changes) => askWith(ENTRY, changes),
  typedData: (asked, { from, nonce, validAfter, validBefore }) => ({
    domain: {
      name: BASE_SEPOLIA.usdc.domainName,
      version: BASE_SEPOLIA.usdc.domainVersion,
      chainId: BASE_SEPOLIA.chainId,
      verifyingContract: BASE_SEPOLIA.usdc.address,
    },
    types: TYPES,
    primaryType: 'TransferWithAuthorization',
    message: { from, to: asked.payTo, value: BigInt(asked.amount), validAfter, validBefore, nonce },
  }),
  readProof: (headers) => {
    const header = headers.get('payment-signature') ?? headers.get('x-payment') ?? '';
    const { payload } = JSON.parse(Buffer.from(header, 'base64').toString()) as {
      payload: { signature: Hex; authorization: Record<'from' | 'nonce' | 'validAfter' | 'validBefore', string> };
    };
    const { from, nonce, validAfter, validBefore } = payload.authorization;
    return {
      signature: payload.signature,
      from: from as Hex,
      nonce: nonce as Hex,
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
    };
  },
  hostile: [...hostileX402(ENTRY), ...OWN],
};
