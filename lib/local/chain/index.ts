import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  erc20Abi,
  http,
  parseEventLogs,
  type Address,
  type Chain,
  type Hex,
} from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { baseSepolia } from 'viem/chains';
import { findNetwork } from '../../domain/assets.ts';
import { LOCAL_CHAIN_ID, startAnvil } from './anvil.ts';
import { ensureUsdc, mintUsdc } from './usdc.ts';

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
  /** An account that pays for gas: known to everybody, worthless anywhere else. */
  devAccount(index: number): HDAccount;
  /** @param amount base units */
  mint(to: Address, amount: bigint): Promise<void>;
  balanceOf(owner: Address): Promise<bigint>;
  blockNumber(): Promise<bigint>;
  /** The USDC transfers of a transaction; empty where the chain does not know it or it failed. */
  transfersOf(transaction: Hex): Promise<readonly Transfer[]>;
  close(): Promise<void>;
}

// Anvil's published accounts.
const DEV_MNEMONIC = 'test test test test test test test test test test test junk';

/** Starts a local twin of Base Sepolia with Circle's USDC at its canonical address. Knows nothing of the books. */
export async function startChain(options: {
  readonly dataDir: string | null;
  readonly port?: number;
}): Promise<LocalChain> {
  const anvil = await startAnvil(options);
  const chain: Chain = { ...baseSepolia, rpcUrls: { default: { http: [anvil.rpcUrl] } } };
  const usdc = findNetwork(`eip155:${LOCAL_CHAIN_ID}`)!.usdc.address;
  const transport = http(anvil.rpcUrl);
  const reader = createPublicClient({ chain, transport, pollingInterval: 20 });
  const devAccount = (index: number) => mnemonicToAccount(DEV_MNEMONIC, { addressIndex: index });
  const clients = {
    reader: createPublicClient({ transport, pollingInterval: 20 }),
    test: createTestClient({ mode: 'anvil', transport }),
    owner: createWalletClient({ account: devAccount(0), chain, transport }),
  };
  await ensureUsdc(clients, usdc);
  return {
    rpcUrl: anvil.rpcUrl,
    chainId: LOCAL_CHAIN_ID,
    chain,
    usdc,
    devAccount,
    mint: (to, amount) => mintUsdc(clients, usdc, to, amount),
    balanceOf: (owner) =>
      reader.readContract({ address: usdc, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    blockNumber: () => reader.getBlockNumber({ cacheTime: 0 }),
    transfersOf: async (hash) => {
      const receipt = await reader.getTransactionReceipt({ hash }).catch(() => null);
      if (receipt === null || receipt.status !== 'success') return [];
      return parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: receipt.logs })
        .filter(({ address }) => address.toLowerCase() === usdc.toLowerCase())
        .map(({ args }) => ({ from: args.from, to: args.to, amount: args.value }));
    },
    close: anvil.close,
  };
}
