import { findNetwork, findNetworkByChain, KNOWN_CHAINS, type Network } from '../../domain/assets.ts';
import { SOLANA_NETWORKS } from '../../domain/tenants/solana.ts';
import { formatUsd, parseBaseUnits } from '../../domain/money.ts';
import { usdValueOf } from '../../domain/tokens/token.ts';
import { renderUnicodeCompact } from 'uqr';
import type { Options } from '../terminal/options.ts';
import type { CliContext } from './context.ts';
import { ownContext } from './ids.ts';
import { usageError } from '../terminal/outcome.ts';
import type { Target } from './target.ts';
import type { Terminal } from '../terminal/terminal.ts';

export const CHAIN_DEFAULT = 'BASE_SEPOLIA';

/** A wallet and the chain that it is used on. */
export interface Wallet {
  readonly paymentConnectorId: string;
  readonly paymentInstrumentId: string;
  readonly chain: string;
}

/**
 * The chain of the option, else the context's, else the test network: real money is never the default. By any of its names:
 * `BASE`, `base` or `eip155:8453`.
 */
export function chainOf(options: Options, context: CliContext | null): Network & { readonly chain: string } {
  const name = options.text('chain') ?? context?.chain ?? CHAIN_DEFAULT;
  const network = findNetworkByChain(name.toUpperCase()) ?? findNetwork(name.toLowerCase());
  if (network === undefined || network.chain === null) {
    throw usageError(`--chain must be one of ${KNOWN_CHAINS.join(', ')}. Received: ${name}`);
  }
  return { ...network, chain: network.chain };
}

/** The network that a wallet is funded on: one of Solana by AgentCore's name of it or its CAIP-2 id, or else that of `chainOf`. */
export function fundedNetworkOf(
  options: Options,
  context: CliContext | null,
): Pick<Network, 'testnet'> & { readonly id: string } {
  const name = options.text('chain');
  const solana = SOLANA_NETWORKS.find(({ id, chain }) => id === name || chain === name?.toUpperCase());
  return solana ?? chainOf(options, context);
}

/** The wallet of the options, else the one that `init` made. Throws `CliError` where there is none. */
export function requireWallet(target: Target, options: Options): Wallet {
  return { ...requireWalletNames(target, options), chain: chainOf(options, ownContext(target)).chain };
}

/** Of a wallet on whatever chain. */
export function requireWalletNames(target: Target, options: Options): Omit<Wallet, 'chain'> {
  const context = ownContext(target);
  const paymentInstrumentId = options.text('instrument') ?? context?.paymentInstrumentId ?? null;
  const paymentConnectorId = options.text('connector') ?? context?.paymentConnectorId ?? null;
  if (paymentInstrumentId === null || paymentConnectorId === null) {
    throw usageError(
      `no wallet is known for user ${target.userId}`,
      'run `bursar init` first, or name one with --instrument and --connector',
    );
  }
  return { paymentConnectorId, paymentInstrumentId };
}

/** A balance in dollars; the token is worth one. Throws where the deployment answers what is no amount. */
export function usdOfBalance({ amount, decimals }: { readonly amount: string; readonly decimals: number }): string {
  const units = parseBaseUnits(amount);
  if (!units.ok) throw new Error(`the balance is not an amount: expected ${units.error.expected}`);
  return formatUsd(usdValueOf(units.value, { decimals }));
}

/** @see https://eips.ethereum.org/EIPS/eip-681 */
export function formatAddressUri(address: string, { chainId }: Pick<Network, 'chainId'>): string {
  return `ethereum:${address}@${chainId}`;
}

/** A code to scan. With colours it is dark on light whatever the terminal's colours are. */
export function formatQrCode(terminal: Pick<Terminal, 'color'>, text: string): string {
  const code = renderUnicodeCompact(text, { border: 2 });
  if (!terminal.color) return code;
  return code
    .split('\n')
    .map((line) => `\u{1B}[97;40m${line}\u{1B}[0m`)
    .join('\n');
}
