import { recoverTypedDataAddress } from 'viem';

type Hex = `0x${string}`;

/** The payload of an `exact` proof on an EVM chain, as a seller gets it. */
export interface Eip3009Proof {
  readonly signature: Hex;
  readonly authorization: Readonly<
    Record<'from' | 'to' | 'nonce', Hex> & Record<'value' | 'validAfter' | 'validBefore', string>
  >;
}

/** What the token's own domain says of itself. */
export interface TokenDomain {
  readonly chainId: number;
  readonly usdc: { readonly address: Hex; readonly domainName: string; readonly domainVersion: string };
}

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

/**
 * Who signed a proof, found with viem and not with the service's own code.
 *
 * @returns the address with its checksum; of a proof that was tampered with, somebody else's
 * @see https://eips.ethereum.org/EIPS/eip-3009
 */
export function recoverProofSigner({ signature, authorization }: Eip3009Proof, token: TokenDomain): Promise<Hex> {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const { address: verifyingContract, domainName: name, domainVersion: version } = token.usdc;
  return recoverTypedDataAddress({
    domain: { name, version, chainId: token.chainId, verifyingContract },
    types: TYPES,
    primaryType: 'TransferWithAuthorization',
    message: {
      from,
      to,
      value: BigInt(value),
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
      nonce,
    },
    signature,
  });
}
