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
import type { ApprovalSight } from '../../domain/allowances/sight.ts';
import type { NetworkId } from '../../domain/assets.ts';
import { APPROVAL_GAS_MAX, COIN_TRANSFER_GAS_MAX } from '../../domain/limits.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { ApprovalChain } from '../../domain/ports/allowances.ts';
import { PERMIT2 } from './addresses.ts';
import type { Ask } from '../rpc/call.ts';
import type { EndpointsDeps } from '../rpc/endpoints.ts';
import { approvalCall } from './approval.ts';
import { readDataFee } from './data-fee.ts';
import { createEvmEndpoints } from './endpoints.ts';
import { toViemClient } from './viem-client.ts';

/** A quarter more than the estimate: the state of a token, or of a payee, may have changed until the transaction is in a block. */
const GAS_MARGIN = { by: 5n, of: 4n } as const;

/** With less gas than the estimate a transaction fails for certain, and costs what it used. */
function widened(gas: bigint, max: bigint): bigint {
  if (gas > max) throw new Error(`it would take ${gas} gas, and no such transaction takes more than ${max}`);
  const wide = (gas * GAS_MARGIN.by) / GAS_MARGIN.of;
  return wide > max ? max : wide;
}

/** @param urls of endpoints whose answers decide whether a transaction is sent again, and never what is signed */
export function createApprovalChain(networkId: NetworkId, urls: readonly string[], deps: EndpointsDeps): ApprovalChain {
  const endpoints = createEvmEndpoints(networkId, urls, deps);
  const using = async <T>(work: (client: Client, ask: Ask) => Promise<T>): Promise<T> => {
    try {
      return await endpoints.use((ask) => work(toViemClient(ask), ask));
    } catch (error) {
      throw error instanceof BaseError ? toChainError(networkId, error) : error;
    }
  };
  return {
    look: (owner, hashes) => using((client) => lookAt(client, 'latest', owner, hashes)),
    readFacts: (owner, token) =>
      using(async (client) => {
        const [allowance, balance, gas, fees] = await Promise.all([
          readContract(client, { address: token, abi: erc20Abi, functionName: 'allowance', args: [owner, PERMIT2] }),
          getBalance(client, { address: owner }),
          // Of an amount that is not zero: to change a zero takes the most.
          estimateGas(client, { account: owner, to: token, data: approvalCall(1n) }),
          estimateFeesPerGas(client, { type: 'eip1559', chain: null }),
        ]);
        return {
          allowance,
          balance,
          gasLimit: widened(gas, APPROVAL_GAS_MAX),
          maxFeePerGas: fees.maxFeePerGas,
          maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
        };
      }),
    readTransferFacts: (owner, { to, amount }) =>
      using(async (client, ask) => {
        const [balance, fees, dataFee] = await Promise.all([
          getBalance(client, { address: owner }),
          estimateFeesPerGas(client, { type: 'eip1559', chain: null }),
          readDataFee(ask, networkId),
        ]);
        // Nodes estimate nothing that the wallet could not pay, and a wallet that lacks the amount is no failure.
        const value = amount < balance ? amount : 0n;
        const gas = await estimateGas(client, { account: owner, to, value });
        return {
          balance,
          dataFee,
          gasLimit: widened(gas, COIN_TRANSFER_GAS_MAX),
          maxFeePerGas: fees.maxFeePerGas,
          maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
        };
      }),
    lookAtFinal: (owner, hashes) => using((client) => lookAt(client, 'finalized', owner, hashes)),
    broadcast: async (raw) => {
      await using((client) => sendRawTransaction(client, { serializedTransaction: raw }));
    },
  };
}

/** The nonce first, and all by one endpoint, though its nodes may be many. */
async function lookAt(
  client: Client,
  blockTag: 'latest' | 'finalized',
  owner: Hex,
  hashes: readonly Hex[],
): Promise<ApprovalSight> {
  const nonce = await getTransactionCount(client, { address: owner, blockTag });
  const [pendingNonce, ...receipts] = await Promise.all([
    getTransactionCount(client, { address: owner, blockTag: 'pending' }),
    ...hashes.map((hash) => receiptOf(client, hash)),
  ]);
  const receipt = receipts.find((each) => each !== null) ?? null;
  const mined = receipt === null ? null : { hash: receipt.transactionHash, succeeded: receipt.status === 'success' };
  return { nonce, pendingNonce, mined };
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
