import { findNetwork } from '../assets.ts';
import type { MicroUsd } from '../money.ts';
import type { EpochMs } from '../time.ts';

/** What the service knows for certain: the signature covers it, or the call was authenticated with it. */
export interface VerifiedFacts {
  /** The address that is paid. */
  readonly payee: string;
  readonly amount: MicroUsd;
  /** The address of the token. */
  readonly asset: string;
  /** Its symbol, where it is not the USDC of the network: as the deployment names it, and never a seller. */
  readonly assetSymbol?: string | undefined;
  readonly network: string;
  readonly protocol: string;
  readonly scheme: string;
  readonly transferMethod: string;
  /** `null` where the signature names none: a seller's word does not count. */
  readonly facilitator: string | null;
  /** As x402 has it: `authorization`, `upfront` or `escrow`. */
  readonly paymentFlow: string;
  /** How long the authorization will be good for, from `time` on. */
  readonly validitySeconds: number;
  readonly sessionId: string;
  readonly instrumentId: string;
  /** Who called: a role's ARN, or the client of a token. */
  readonly principal: string;
  readonly managerId: string;
  /** Unique within its manager. */
  readonly userId: string;
  readonly time: EpochMs;
}

/** What the caller says. `null` or nothing in it: not stated, so that a rule that needs it refuses. */
export interface DeclaredFacts {
  readonly tool: string | null;
  /** Scheme, host and port, as `https://api.example.com`. */
  readonly origin: string | null;
  readonly url: string | null;
  readonly method: string | null;
  /** SHA-256 of the request's body; of nothing where there is none. */
  readonly bodyHash: string | null;
  readonly agentName: string | null;
  readonly intent: string | null;
}

/** What was kept of earlier payments. A member that is absent was not read, and a rule that needs it refuses. */
export interface RememberedFacts {
  /** Of the origin on the network; `null`: none yet, so that this payment pins its payee. */
  readonly pinnedPayee?: string | null | undefined;
  /** Of the origin and path; `null`: nothing was paid there yet. */
  readonly lastPrice?: MicroUsd | null | undefined;
  readonly breaker?: 'closed' | { readonly openUntil: EpochMs } | undefined;
}

/** All that a policy may judge a payment by. */
export interface PolicyFacts {
  readonly verified: VerifiedFacts;
  readonly declared: DeclaredFacts;
  readonly remembered: RememberedFacts;
}

export type FactName = keyof VerifiedFacts | keyof DeclaredFacts | keyof RememberedFacts | 'feed';

/** A declared fact that says something; `null` for one that does not. */
export function statedText(value: string | null): string | null {
  return value === '' ? null : value;
}

const EVM_ADDRESS = /^0x[0-9a-f]{40}$/i;

/** One spelling for an address: those of EVM chains in lower case; others, whose case matters, as they are. */
export function normalizeAddress(address: string): string {
  return EVM_ADDRESS.test(address) ? address.toLowerCase() : address;
}

/** One spelling for a network: its CAIP-2 id where Bursar knows it. */
export function normalizeNetwork(network: string): string {
  return findNetwork(network)?.id ?? network;
}

/** The symbol of a token that the deployment knows; `null` for another. A seller's name for it does not count. */
export function symbolOf({
  network,
  asset,
  assetSymbol,
}: Pick<VerifiedFacts, 'network' | 'asset' | 'assetSymbol'>): string | null {
  if (assetSymbol !== undefined) return assetSymbol;
  const known = findNetwork(network)?.usdc;
  return known !== undefined && normalizeAddress(known.address) === normalizeAddress(asset) ? known.symbol : null;
}
