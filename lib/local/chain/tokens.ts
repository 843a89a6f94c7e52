import { domainSeparator, type Address } from 'viem';
import { EURC } from '../../domain/tokens/eurc.ts';
import { LOCAL_CHAIN_ID } from './anvil.ts';
import { ensureFiatToken, type ChainClients } from './usdc.ts';

const NETWORK = `eip155:${LOCAL_CHAIN_ID}` as const;

/** A token of the local chain besides USDC. */
export interface LocalToken {
  readonly symbol: string;
  readonly address: Address;
  readonly decimals: number;
  /** Of its EIP-712 domain. */
  readonly name: string;
  readonly version: '2';
}

const { address, decimals, domainName } = EURC.get(NETWORK)!;

/** EURC where it is pinned, and a made-up token of 18 decimals, which a deployment has to name. Both run Circle's code. */
export const LOCAL_TOKENS = {
  EURC: { symbol: 'EURC', address, decimals, name: domainName!, version: '2' },
  ACME: {
    symbol: 'ACME',
    address: '0x52908400098527886E0F7030069857D2E4169EE7',
    decimals: 18,
    name: 'Acme Dollar',
    version: '2',
  },
} as const satisfies Readonly<Record<string, LocalToken>>;

export type LocalTokenSymbol = keyof typeof LOCAL_TOKENS;

/** @throws Error where other tokens are at their addresses */
export async function ensureTokens(clients: ChainClients): Promise<void> {
  for (const token of Object.values(LOCAL_TOKENS)) {
    const { name, version, address: verifyingContract } = token;
    const separator = domainSeparator({ domain: { name, version, chainId: LOCAL_CHAIN_ID, verifyingContract } });
    await ensureFiatToken(clients, { ...token, separator });
  }
}
