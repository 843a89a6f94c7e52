import { findNetwork } from '../assets.ts';

/** The address of a wallet of Solana: 32 bytes in base58. */
export type SolanaAddress = string & { readonly solanaAddress: true };

/** A network of Solana, on which wallets are funded and nothing is paid. */
export interface SolanaNetwork {
  /** CAIP-2. */
  readonly id: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' | 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1';
  /** The name that x402 version 1 uses. */
  readonly x402Name: string;
  /** AgentCore's. */
  readonly chain: string;
  readonly testnet: boolean;
  readonly usdc: { readonly symbol: string };
}

/** @see https://namespaces.chainagnostic.org/solana/caip2 */
export const SOLANA_NETWORKS: readonly SolanaNetwork[] = [
  {
    id: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    x402Name: 'solana',
    chain: 'SOLANA',
    testnet: false,
    usdc: { symbol: 'USDC' },
  },
  {
    id: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    x402Name: 'solana-devnet',
    chain: 'SOLANA_DEVNET',
    testnet: true,
    usdc: { symbol: 'USDC' },
  },
];

/** Those on which a deployment has wallets funded: the main one where it pays on a main network, the other where on a test network. */
export function solanaNetworksBeside(allowed: ReadonlySet<string>): readonly SolanaNetwork[] {
  const kinds = new Set([...allowed].map((id) => findNetwork(id)?.testnet));
  return SOLANA_NETWORKS.filter(({ testnet }) => kinds.has(testnet));
}
