import { randomBytes } from 'node:crypto';
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  erc20Abi,
  getAddress,
  http,
  parseEther,
  parseEventLogs,
  TransactionReceiptNotFoundError,
  type Address,
  type Chain,
  type HDAccount,
  type Hex,
  type PublicClient,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { findNetwork } from '../../domain/assets.ts';
import { CHAIN_RPC_VARIABLE, LOCAL_CHAIN_ID, startAnvil, type AnvilOptions, type AnvilProcess } from './anvil.ts';
import { approvePermit2, ensurePermit2 } from './permit2.ts';
import { createSerialQueue } from './serial-queue.ts';
import { ensureTokens } from './tokens.ts';
import { ensureUsdc, mintToken } from './usdc.ts';

/** A transfer of USDC that the chain recorded. */
export interface Transfer {
  readonly from: Address;
  readonly to: Address;
  /** Base units. */
  readonly amount: bigint;
}

export interface LocalChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly chain: Chain;
  readonly usdc: Address;
  /**
   * The hash of block 1: tells this chain from one that was started afresh under the same books. Block 0 does not: every
   * anvil begins with one of its own, saves it beside those that it loaded, and finds any of them when it is asked.
   */
  readonly firstBlock: Hex;
  /** An account for local use only: its key is known to everybody. Accounts 0 to 9 have gas from the start. */
  devAccount(index: number): HDAccount;
  /** @param amount base units @param token @default - USDC */
  mint(to: Address, amount: bigint, token?: Address): Promise<Hex>;
  /** Lets Permit2 take an amount of USDC from an account, in its name: a later approval replaces it. @param amount base units */
  approvePermit2(owner: Address, amount: bigint): Promise<void>;
  /** Gives an account what it needs to send transactions. Payers of x402 need none. */
  fundGas(account: Address): Promise<void>;
  /** Puts as many blocks upon what happened so far as it takes for the chain to call it final. */
  finalize(): Promise<void>;
  /** @param token @default - USDC */
  balanceOf(owner: Address, token?: Address): Promise<bigint>;
  blockNumber(): Promise<bigint>;
  /** The USDC transfers of a transaction; empty where the chain does not know it or it failed. */
  transfersOf(transaction: Hex): Promise<readonly Transfer[]>;
  /** Ends the chain and keeps its state. Does nothing to a node that was not started here. */
  close(): Promise<void>;
  /** Ends the chain the way a power cut does, for crash tests. */
  kill(): Promise<void>;
}

// Anvil's published accounts: for local use only.
const DEV_MNEMONIC = 'test test test test test test test test test test test junk';
const GAS_FUNDS = parseEther('10000');
/** Anvil calls a block final that has so many upon it. */
const FINAL_BLOCKS = 2;
const POLL_MS = 20;
const ADDRESS_BYTES = 20;

/**
 * Starts a local twin of Base Sepolia with Circle's USDC and EURC and Uniswap's Permit2 at their canonical addresses, and a token of 18 decimals. Knows nothing of the books: the code that keeps both
 * compares `firstBlock` and `blockNumber` with what it remembers.
 *
 * @throws Error where no chain can be started, or the node that `EVM_RPC_URL` names is no anvil with chain id 84532
 */
export async function startChain(options: AnvilOptions): Promise<LocalChain> {
  const anvil = await startAnvil(options);
  try {
    return await openChain(anvil);
  } catch (error) {
    await anvil.close();
    throw error;
  }
}

async function openChain({ rpcUrl, close, kill }: AnvilProcess): Promise<LocalChain> {
  const chain = defineChain({
    id: LOCAL_CHAIN_ID,
    name: 'Local twin of Base Sepolia',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
    testnet: true,
  });
  const transport = http(rpcUrl);
  const reader = createPublicClient({ transport, pollingInterval: POLL_MS });
  await checkNode(reader, rpcUrl);
  const clients = {
    reader,
    test: createTestClient({ mode: 'anvil', transport }),
    owner: createWalletClient({ account: devAccount(0), chain, transport }),
  };
  const fundGas = (address: Address) => clients.test.setBalance({ address, value: GAS_FUNDS });
  await fundGas(clients.owner.account.address);
  const usdc = findNetwork(`eip155:${LOCAL_CHAIN_ID}`)!.usdc.address;
  // Two chains that start within a second would otherwise have the same blocks, and pass for one.
  await clients.test.setCoinbase({ address: getAddress(`0x${randomBytes(ADDRESS_BYTES).toString('hex')}`) });
  await ensureUsdc(clients, usdc);
  await ensurePermit2(clients);
  await ensureTokens(clients);
  const inTurn = createSerialQueue();
  return {
    rpcUrl,
    chainId: LOCAL_CHAIN_ID,
    chain,
    usdc,
    // There is one: USDC was placed in it, if not before.
    firstBlock: (await reader.getBlock({ blockNumber: 1n })).hash,
    devAccount,
    mint: (to, amount, token = usdc) => inTurn(() => mintToken(clients, token, to, amount)),
    approvePermit2: (owner, amount) => inTurn(() => approvePermit2(clients, usdc, owner, amount)),
    fundGas,
    finalize: () => clients.test.mine({ blocks: FINAL_BLOCKS }),
    balanceOf: (owner, token = usdc) =>
      reader.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    blockNumber: () => reader.getBlockNumber({ cacheTime: 0 }),
    transfersOf: (transaction) => readTransfers(reader, usdc, transaction),
    close,
    kill,
  };
}

function devAccount(index: number): HDAccount {
  return mnemonicToAccount(DEV_MNEMONIC, { addressIndex: index });
}

/** A node that somebody else started may be anything. */
async function checkNode(reader: PublicClient, rpcUrl: string): Promise<void> {
  const chainId = await reader.getChainId();
  const software = await reader.request({ method: 'web3_clientVersion' });
  if (chainId === LOCAL_CHAIN_ID && software.startsWith('anvil/')) return;
  throw new Error(
    `${CHAIN_RPC_VARIABLE} must name an anvil with chain id ${LOCAL_CHAIN_ID}. At ${rpcUrl} is ${software} with chain id ${chainId}`,
  );
}

async function readTransfers(reader: PublicClient, usdc: Address, hash: Hex): Promise<readonly Transfer[]> {
  const receipt = await reader.getTransactionReceipt({ hash }).catch((error: unknown) => {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  });
  if (receipt === null || receipt.status !== 'success') return [];
  return parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: receipt.logs })
    .filter(({ address }) => address.toLowerCase() === usdc.toLowerCase())
    .map(({ args }) => ({ from: args.from, to: args.to, amount: args.value }));
}
