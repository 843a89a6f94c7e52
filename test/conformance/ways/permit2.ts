import type { Hex, TypedDataDefinition } from 'viem';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import type { Asked, BuyerTerms, ReadProof } from './way.ts';

/** As Permit2 is published; its domain has no version. */
const DOMAIN = {
  name: 'Permit2',
  chainId: BASE_SEPOLIA.chainId,
  verifyingContract: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
} as const;

/** A permit that a spender may use, and what it may do with it. */
export function permitTypedData(
  spender: Hex,
  { amount, payTo, facilitator }: Asked,
  { nonce, validAfter, validBefore }: BuyerTerms,
): TypedDataDefinition {
  const named = facilitator === undefined ? [] : [{ name: 'facilitator', type: 'address' }];
  return {
    domain: DOMAIN,
    types: {
      PermitWitnessTransferFrom: [
        { name: 'permitted', type: 'TokenPermissions' },
        { name: 'spender', type: 'address' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
        { name: 'witness', type: 'Witness' },
      ],
      TokenPermissions: [
        { name: 'token', type: 'address' },
        { name: 'amount', type: 'uint256' },
      ],
      Witness: [{ name: 'to', type: 'address' }, ...named, { name: 'validAfter', type: 'uint256' }],
    },
    primaryType: 'PermitWitnessTransferFrom',
    message: {
      permitted: { token: BASE_SEPOLIA.usdc.address, amount: BigInt(amount) },
      spender,
      nonce: BigInt(nonce),
      deadline: validBefore,
      witness: { to: payTo, ...(facilitator === undefined ? {} : { facilitator }), validAfter },
    },
  };
}

export function readPermit(headers: Headers): ReadProof {
  const { payload } = JSON.parse(Buffer.from(headers.get('payment-signature') ?? '', 'base64').toString()) as {
    payload: {
      signature: Hex;
      permit2Authorization: { from: Hex; nonce: string; deadline: string; witness: { validAfter: string } };
    };
  };
  const { from, nonce, deadline, witness } = payload.permit2Authorization;
  return {
    signature: payload.signature,
    from,
    nonce: `0x${BigInt(nonce).toString(16).padStart(64, '0')}`,
    validAfter: BigInt(witness.validAfter),
    validBefore: BigInt(deadline),
  };
}
