import { COIN_TRANSFER_GAS_MAX, LEDGER_AMOUNT_MAX } from '../../domain/limits.ts';
import type { TransferForm, TransferInputs } from '../../domain/ports/allowances.ts';
import { isAddress } from './address.ts';
import { checkFees, signedTransaction, transactionMessage, type FeeTransaction } from './fee-transaction.ts';
import { pinnedNetwork } from './tokens.ts';

/**
 * The transaction that brings an amount of a chain's own coin to an address: no call and no contract's creation. Throws where an
 * input is out of its bounds. Bugs, never input.
 */
function transferTransaction({ network, to, amount, ...fees }: TransferInputs): FeeTransaction {
  if (!isAddress(to)) throw new RangeError('a transfer to no address');
  if (amount <= 0n || amount > LEDGER_AMOUNT_MAX)
    throw new RangeError(`a transfer of ${amount}: no such amount is signed`);
  checkFees(fees, COIN_TRANSFER_GAS_MAX);
  return { ...fees, chainId: pinnedNetwork(network).chainId, to, value: amount, data: '0x' };
}

export const TRANSFERS: TransferForm = {
  message: (inputs) => transactionMessage(transferTransaction(inputs)),
  signed: (inputs, signature) => signedTransaction(transferTransaction(inputs), signature),
};
