import { BaseError, TransactionReceiptNotFoundError, createClient, erc20Abi, http } from 'viem';
import {
  estimateFeesPerGas,
  estimateGas,
  getBalance,
  getTransactionCount,
  getTransactionReceipt,
  readContract,
  sendRawTransaction,
} from 'viem/actions';
import type { NetworkId } from '../../domain/assets.ts';
import { APPROVAL_GAS_MAX, CHAIN_RPC_TIMEOUT_MS } from '../../domain/limits.ts';
import type { ApprovalChain } from '../../domain/ports/allowances.ts';
import { PERMIT2 } from './addresses.ts';
import { approvalCall } from './approval.ts';

/** A quarter more than the estimate: the state of a token may have changed until the transaction is in a block. */
const GAS_MARGIN = { by: 5n, of: 4n } as const;

/** @param url of an endpoint whose answers decide whether an approval is sent again, and never what is signed */
export function createApprovalChain(networkId: NetworkId, url: string): ApprovalChain {
  const client = createClient({ transport: http(url, { timeout: CHAIN_RPC_TIMEOUT_MS, retryCount: 1 }) });
  const named = async <T>(reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      throw toChainError(networkId, error);
    }
  };
  const receiptOf = async (hash: `0x${string}`) => {
    try {
      return await getTransactionReceipt(client, { hash });
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    }
  };
  return {
    look: (owner, hashes) =>
      named(
        (async () => {
          const nonce = await getTransactionCount(client, { address: owner, blockTag: 'latest' });
          const [pendingNonce, ...receipts] = await Promise.all([
            getTransactionCount(client, { address: owner, blockTag: 'pending' }),
            ...hashes.map(receiptOf),
          ]);
          const receipt = receipts.find((each) => each !== null) ?? null;
          const mined =
            receipt === null ? null : { hash: receipt.transactionHash, succeeded: receipt.status === 'success' };
          return { nonce, pendingNonce, mined };
        })(),
      ),
    readFacts: (owner, token) =>
      named(
        (async () => {
          const [allowance, balance, gas, fees] = await Promise.all([
            readContract(client, { address: token, abi: erc20Abi, functionName: 'allowance', args: [owner, PERMIT2] }),
            getBalance(client, { address: owner }),
            // Of an amount that is not zero: to change a zero takes the most.
            estimateGas(client, { account: owner, to: token, data: approvalCall(1n) }),
            estimateFeesPerGas(client, { type: 'eip1559', chain: null }),
          ]);
          const wide = (gas * GAS_MARGIN.by) / GAS_MARGIN.of;
          return {
            allowance,
            balance,
            gasLimit: wide > APPROVAL_GAS_MAX ? APPROVAL_GAS_MAX : wide,
            maxFeePerGas: fees.maxFeePerGas,
            maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
          };
        })(),
      ),
    broadcast: async (raw) => {
      await named(sendRawTransaction(client, { serializedTransaction: raw }));
    },
  };
}

/** Without `cause`: the library's messages quote the endpoint's URL, and that often holds the key to it. */
function toChainError(networkId: string, error: unknown): Error {
  const what = error instanceof BaseError ? error.shortMessage : 'no usable answer';
  return new Error(`asking ${networkId} failed: ${what}`);
}
