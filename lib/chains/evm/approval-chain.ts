import { BaseError, TransactionReceiptNotFoundError, erc20Abi, type Client } from 'viem';
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
import { APPROVAL_GAS_MAX } from '../../domain/limits.ts';
import type { ApprovalChain } from '../../domain/ports/allowances.ts';
import { PERMIT2 } from './addresses.ts';
import type { EndpointsDeps } from '../rpc/endpoints.ts';
import { approvalCall } from './approval.ts';
import { createEvmEndpoints } from './endpoints.ts';
import { toViemClient } from './viem-client.ts';

/** A quarter more than the estimate: the state of a token may have changed until the transaction is in a block. */
const GAS_MARGIN = { by: 5n, of: 4n } as const;

/** @param urls of endpoints whose answers decide whether an approval is sent again, and never what is signed */
export function createApprovalChain(networkId: NetworkId, urls: readonly string[], deps: EndpointsDeps): ApprovalChain {
  const endpoints = createEvmEndpoints(networkId, urls, deps);
  const using = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await endpoints.use((ask) => work(toViemClient(ask)));
    } catch (error) {
      throw error instanceof BaseError ? toChainError(networkId, error) : error;
    }
  };
  return {
    look: (owner, hashes) =>
      using(async (client) => {
        const nonce = await getTransactionCount(client, { address: owner, blockTag: 'latest' });
        const [pendingNonce, ...receipts] = await Promise.all([
          getTransactionCount(client, { address: owner, blockTag: 'pending' }),
          ...hashes.map((hash) => receiptOf(client, hash)),
        ]);
        const receipt = receipts.find((each) => each !== null) ?? null;
        const mined =
          receipt === null ? null : { hash: receipt.transactionHash, succeeded: receipt.status === 'success' };
        return { nonce, pendingNonce, mined };
      }),
    readFacts: (owner, token) =>
      using(async (client) => {
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
      }),
    broadcast: async (raw) => {
      await using((client) => sendRawTransaction(client, { serializedTransaction: raw }));
    },
  };
}

async function receiptOf(client: Client, hash: `0x${string}`) {
  try {
    return await getTransactionReceipt(client, { hash });
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  }
}

/** Without `cause`: the library's messages quote what the endpoint says, who is a stranger. */
function toChainError(networkId: string, error: BaseError): Error {
  return new Error(`asking ${networkId} failed: ${error.shortMessage}`);
}
