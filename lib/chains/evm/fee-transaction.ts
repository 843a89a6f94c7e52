import { hexToBytes } from '@noble/hashes/utils.js';
import { keccak256, parseSignature, serializeTransaction } from 'viem';
import type { Hex } from '../../domain/payment/shapes.ts';

/** A transaction by EIP-1559, whole but for its signature. Amounts are in wei, of gas in units. */
export interface FeeTransaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Hex;
  readonly value: bigint;
  readonly data: Hex;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What a transaction may cost, and where in its wallet's order it stands. */
export type TransactionFees = Pick<FeeTransaction, 'nonce' | 'gasLimit' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>;

/** Throws where they are none, or ask for more gas than such a transaction takes: bugs, never input. */
export function checkFees(
  { nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas }: TransactionFees,
  gasMax: bigint,
): void {
  if (gasLimit <= 0n || gasLimit > gasMax) throw new RangeError(`a transaction with ${gasLimit} gas`);
  if (maxPriorityFeePerGas > maxFeePerGas) throw new RangeError('a tip above the whole fee');
  if (!Number.isSafeInteger(nonce) || nonce < 0) throw new RangeError(`no nonce: ${nonce}`);
}

/** A transaction to sign. */
export interface TransactionMessage {
  readonly form: 'eip1559';
  /** The 32 bytes that a key signs. */
  readonly digest: Uint8Array;
  readonly transaction: FeeTransaction;
}

/** A signed transaction as nodes take it, and the name that its chain gives it. Whoever has it can send it. */
export interface SignedTransaction {
  readonly raw: Hex;
  readonly hash: Hex;
}

function toSerializable({ gasLimit, ...transaction }: FeeTransaction) {
  return { type: 'eip1559', gas: gasLimit, ...transaction } as const;
}

/** @see https://eips.ethereum.org/EIPS/eip-1559 */
export function transactionMessage(transaction: FeeTransaction): TransactionMessage {
  const digest = hexToBytes(keccak256(serializeTransaction(toSerializable(transaction))).slice(2));
  return { form: 'eip1559', digest, transaction };
}

/** @param signature 65 bytes r, s, v, over the digest of the transaction's message */
export function signedTransaction(transaction: FeeTransaction, signature: Hex): SignedTransaction {
  const { r, s, yParity } = parseSignature(signature);
  const raw = serializeTransaction(toSerializable(transaction), { r, s, yParity });
  return { raw, hash: keccak256(raw) };
}
