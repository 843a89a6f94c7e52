import { encodeFunctionData, erc20Abi } from 'viem';
import { APPROVAL_AMOUNT_MAX, APPROVAL_GAS_MAX } from '../../domain/limits.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { ApprovalForm, ApprovalInputs } from '../../domain/ports/allowances.ts';
import { PERMIT2 } from './addresses.ts';
import { checkFees, signedTransaction, transactionMessage, type FeeTransaction } from './fee-transaction.ts';
import { pinnedNetwork, tokenOf } from './tokens.ts';

/** The call by which an owner lets Permit2 take so much of a token, which replaces what it let it take before. */
export function approvalCall(amount: bigint): Hex {
  return encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [PERMIT2, amount] });
}

/**
 * The transaction that lets Permit2, and nobody else, take so much of a pinned token. Throws where an input is out of its bounds: an
 * approval without limit, another token, more gas than an approval takes. Bugs, never input.
 */
export function approvalTransaction({ network, token, amount, ...fees }: ApprovalInputs): FeeTransaction {
  const asset = tokenOf({ network, asset: token });
  if (amount < 0n || amount > APPROVAL_AMOUNT_MAX)
    throw new RangeError(`an approval of ${amount}: no such amount is signed`);
  checkFees(fees, APPROVAL_GAS_MAX);
  return { ...fees, chainId: pinnedNetwork(network).chainId, to: asset.address, value: 0n, data: approvalCall(amount) };
}

export const APPROVALS: ApprovalForm = {
  message: (inputs) => transactionMessage(approvalTransaction(inputs)),
  signed: (inputs, signature) => signedTransaction(approvalTransaction(inputs), signature),
};
