import type { Hex } from '../payment/shapes.ts';

/** Reads the tokens and the coin of a chain. Throws `ChainUnavailable` where no endpoint says it. */
export interface ChainReader {
  balanceOf(token: Hex, owner: Hex): Promise<bigint>;
  /** The coin of the chain that an account holds, and the most that a transfer of it may cost, in wei. */
  readCoin(owner: Hex): Promise<{ readonly balance: bigint; readonly fee: bigint }>;
  /** How much of a token its owner lets a contract take. */
  allowanceOf(token: Hex, owner: Hex, spender: Hex): Promise<bigint>;
  /** Whether a transfer of the owner with this nonce has come to the chain, or was cancelled there. */
  isAuthorizationUsed(token: Hex, owner: Hex, nonce: Hex): Promise<boolean>;
}

/** How a token's owner stands with Permit2. */
export interface PermitStanding {
  /** How much of the token Permit2 may take. */
  readonly allowance: bigint;
  /** That a permit of the token itself has to have. */
  readonly nonce: bigint;
  /** How many of the permits that were asked for nobody has used. */
  readonly open: number;
}

/** Reads what a permit of a token is made from. Throws `ChainUnavailable` where no endpoint says it. */
export interface PermitReader {
  /** @param permits nonces of permits that the owner gave through Permit2 */
  readStanding(token: Hex, owner: Hex, permits: readonly Hex[]): Promise<PermitStanding>;
}

/**
 * What was wrong with an endpoint: no answer in time, none at all, a status that is no success, too many requests, an answer that is
 * too long, one that is none, one of another chain, or an error of JSON-RPC.
 */
export type ChainTrouble =
  | 'timeout'
  | 'unreachable'
  | 'http_status'
  | 'rate_limited'
  | 'oversized'
  | 'garbage'
  | 'wrong_chain'
  | 'rpc_error';

/** Thrown where no endpoint of a network answered. Names endpoints by their places alone: their URLs often have keys in them. */
export class ChainUnavailable extends Error {
  override readonly name = 'ChainUnavailable';
  /** Of the endpoint that was asked last. */
  readonly code: ChainTrouble;

  constructor(networkId: string, code: ChainTrouble, troubles: readonly string[]) {
    super(`asking ${networkId} failed: ${troubles.join(', ')}`);
    this.code = code;
  }
}
